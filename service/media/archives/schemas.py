"""Wire types of the inside of archives."""

from datetime import datetime

import msgspec


class ArchiveEntry(msgspec.Struct):
    """`path` from the archive's root. Of a folder `size_bytes` and `files` are those of everything below.

    `can_be_read` tells whether a member can be taken out by itself.
    """

    path: str
    name: str
    kind: str
    size_bytes: int
    files: int | None
    modified_at: datetime | None
    is_encrypted: bool
    can_be_read: bool


class ArchivePage(msgspec.Struct):
    """A folder of an archive, and what the whole is: `left_out` counts entries that are never shown, by reason."""

    format: str
    files: int
    folders: int
    size_bytes: int
    encrypted: int
    left_out: dict[str, int]
    items: list[ArchiveEntry]
    next_cursor: str | None


class MemberLink(msgspec.Struct):
    url: str
