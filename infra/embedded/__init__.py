"""The embedded stack: Postgres, Valkey, an S3 store and Stowage's own processes from PyPI wheels, under one supervisor."""
