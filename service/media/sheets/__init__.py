"""Workbooks as tables: their sheets read once, when somebody looks, and shown some rows at a time."""
