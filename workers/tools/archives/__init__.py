"""What lies in an archive, without unpacking it: readers of directories, what is refused of them, and the index they become."""
