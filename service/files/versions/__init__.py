"""The versions of a file: shown, made current again, deleted, and kept to a number."""
