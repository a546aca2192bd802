"""Comparing what is written of versions with what lies in the store."""
