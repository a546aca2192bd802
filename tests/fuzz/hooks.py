"""Schemathesis' hooks: a cursor is opaque, and no schema can say which strings are ours; pages are followed by tests of their own."""

import schemathesis


@schemathesis.hook
def map_query(_context, query):
    if query:
        query.pop("cursor", None)
    return query
