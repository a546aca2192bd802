"""Files as text, a page of bytes at a time: what a file of any size says without downloading it."""
