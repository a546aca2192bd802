"""Schemathesis' hooks: a cursor is opaque, and no schema can say which strings are ours; pages are followed by tests of their own."""

import schemathesis


@schemathesis.hook
def before_call(_context, case, _kwargs):
    if case.query:
        case.query.pop("cursor", None)
