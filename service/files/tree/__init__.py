"""Folders and files as a tree: rename, move, copy, tag and throw away, one or many; what folders hold in all."""
