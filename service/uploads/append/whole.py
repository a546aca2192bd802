"""An upload that went to the store as one object."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WholeObject:
    """Its key, what the store and we computed of it (`sha256` in hex), and its first bytes."""

    key: str
    etag: str
    sha256: str
    head: bytes
