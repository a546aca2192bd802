"""Object storage: a small port with capabilities, and S3 behind it.

Keys are random and never overwritten; names, types and metadata live in Postgres only.
"""
