"""Owns the access log: who did what to which thing, from where, and how it ended. Append-only, one partition a month.

What changes something is written in the transaction that changes it; what only looks is gathered and written by the second.
"""
