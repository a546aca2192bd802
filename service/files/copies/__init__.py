"""Copies of files and folders, made at the store by a job."""
