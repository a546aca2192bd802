"""Buckets, identities and policies of a store. Idempotent; works with what a store has and does without the rest."""
