"""Concatenation: partial uploads and the final one that joins them."""
