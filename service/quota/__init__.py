"""Owns `quota_slots`: bytes reserved at create, used at finish, released on abort and purge.

Each operation is one conditional statement for both owners, user before project, and belongs at the end of its transaction.
"""
