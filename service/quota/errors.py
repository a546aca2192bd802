"""Refusals of the quota."""

from service.core.errors import Kind, StowageError


class QuotaExceeded(StowageError):
    """`details` say whose quota it is and how many bytes are left."""

    code = "quota.exceeded"
    kind = Kind.TOO_LARGE
    public = "There is not enough space left."
