"""Errors of the domain: a stable code, a kind, a text for people and a text for the log. No HTTP here.

StowageError
├── every slice's own errors (`<slice>/errors.py`)
├── Missing: unknown, or not to be known of
├── Invalid: the request makes no sense
└── Unavailable: a dependency is down; try again
"""

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    """What sort of refusal this is; `core.http.problems` gives each its status."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    GONE = "gone"
    PRECONDITION = "precondition"
    TOO_LARGE = "too_large"
    MEDIA_TYPE = "media_type"
    LOCKED = "locked"
    THROTTLED = "throttled"
    STORE_FULL = "store_full"
    UNAVAILABLE = "unavailable"
    RANGE = "range"
    CHECKSUM = "checksum"


class StowageError(Exception):
    """Base of all: subclasses set `code`, `kind` and `public`; `internal` goes to the log only."""

    code = "internal"
    kind = Kind.UNAVAILABLE
    public = "Something went wrong on our side."

    def __init__(
        self, public: str | None = None, *, internal: str = "", retry_after: int | None = None, details: Mapping[str, object] | None = None
    ) -> None:
        self.public = public or type(self).public
        self.internal = internal
        self.retry_after = retry_after
        self.details = dict(details or {})
        super().__init__(internal or self.public)


class Missing(StowageError):
    code = "missing"
    kind = Kind.MISSING
    public = "There is nothing here, or you may not see it."


class Forbidden(StowageError):
    code = "forbidden"
    kind = Kind.FORBIDDEN
    public = "You may not do this."


class Invalid(StowageError):
    code = "invalid"
    kind = Kind.INVALID
    public = "The request makes no sense."


class Unavailable(StowageError):
    code = "unavailable"
    kind = Kind.UNAVAILABLE
    public = "Stowage can't reach something it needs. Try again in a moment."

    def __init__(self, public: str | None = None, *, internal: str = "", retry_after: int | None = 5) -> None:
        super().__init__(public, internal=internal, retry_after=retry_after)


class Throttled(StowageError):
    code = "throttled"
    kind = Kind.THROTTLED
    public = "Too many attempts. Wait a moment."
