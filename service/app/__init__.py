"""The ASGI root: what runs, in one readable list."""
