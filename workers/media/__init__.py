"""Actors of the media jobs: plain async functions, one a file, testable without a broker."""
