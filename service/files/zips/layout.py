"""Where each byte of a ZIP is, before any is read (APPNOTE 6.3.10, ZIP64 where sizes or offsets need it). Pure.

Entries are stored, not deflated: media does not get smaller, and only so the length is known. The CRC of an entry comes behind its
bytes (general purpose bit 3), so that an entry can be sent before its CRC is known.
"""

import hashlib
import struct
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from uuid import UUID

from service.core.names import numbered

_MAX32 = 0xFFFFFFFF
_MAX16 = 0xFFFF
_FLAGS = 1 << 3 | 1 << 11
_VERSION, _VERSION64 = 20, 45
_UNIX = 3 << 8
_FILE_MODE, _FOLDER_MODE = 0o100644 << 16, 0o040755 << 16 | 0x10
_FIRST_YEAR, _LAST_YEAR = 1980, 2107


@dataclass(frozen=True, slots=True)
class Member:
    """A file or, with a name that ends in a slash, a folder. `version_id`, `bucket` and `key` are those of its bytes."""

    name: str
    size: int
    changed_at: datetime
    version_id: UUID | None = None
    bucket: str = ""
    key: str = ""
    crc32: int | None = None

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/")

    @property
    def is_large(self) -> bool:
        return self.size >= _MAX32


def unique(members: Sequence[Member]) -> list[Member]:
    """No two of a name, and no file called like a folder: what comes later gets a number."""
    taken: set[str] = set()
    made = []
    for member in sorted(members, key=lambda one: (not one.is_folder, one.name)):
        above, slash, leaf = member.name.rpartition("/") if not member.is_folder else ("", "", member.name)
        name, number = member.name, 0
        while name.rstrip("/") in taken:
            number += 1
            name = f"{above}{slash}{numbered(leaf, number)}"
        taken.add(name.rstrip("/"))
        made.append(member if name == member.name else Member(name, *(getattr(member, part) for part in Member.__slots__[1:])))
    return sorted(made, key=lambda one: one.name)


def _dos_time(moment: datetime) -> tuple[int, int]:
    at = moment.astimezone(UTC)
    year = min(max(at.year, _FIRST_YEAR), _LAST_YEAR)
    return at.hour << 11 | at.minute << 5 | at.second // 2, (year - _FIRST_YEAR) << 9 | at.month << 5 | at.day


def _times(member: Member) -> bytes:
    """Extended timestamp (Info-ZIP 0x5455): seconds since 1970, UTC."""
    return struct.pack("<HHBI", 0x5455, 5, 1, int(member.changed_at.timestamp()) & _MAX32)


def local_header(member: Member) -> bytes:
    name = member.name.encode()
    extra = _times(member)
    if member.is_large:
        extra = struct.pack("<HHQQ", 1, 16, member.size, member.size) + extra
    size = _MAX32 if member.is_large else member.size
    flags = 1 << 11 if member.is_folder else _FLAGS
    version = _VERSION64 if member.is_large else _VERSION
    return (
        struct.pack("<4s5H3I2H", b"PK\3\4", version, flags, 0, *_dos_time(member.changed_at), 0, size, size, len(name), len(extra))
        + name
        + extra
    )


def descriptor(member: Member, crc32: int) -> bytes:
    """Behind the bytes of a file; folders have none."""
    return struct.pack("<4sIQQ" if member.is_large else "<4sIII", b"PK\7\x08", crc32, member.size, member.size)


def _descriptor_size(member: Member) -> int:
    return 0 if member.is_folder else 24 if member.is_large else 16


def _central_header(member: Member, offset: int, crc32: int) -> bytes:
    name = member.name.encode()
    far = [member.size, member.size] if member.is_large else []
    if offset >= _MAX32:
        far.append(offset)
    extra = (struct.pack(f"<HH{len(far)}Q", 1, 8 * len(far), *far) if far else b"") + _times(member)
    size = _MAX32 if member.is_large else member.size
    version = _VERSION64 if far else _VERSION
    flags = 1 << 11 if member.is_folder else _FLAGS
    mode = _FOLDER_MODE if member.is_folder else _FILE_MODE
    head = struct.pack(
        "<4s6H3I5H2I",
        b"PK\1\2",
        _UNIX | version,
        version,
        flags,
        0,
        *_dos_time(member.changed_at),
        crc32,
        size,
        size,
        len(name),
        len(extra),
        0,
        0,
        0,
        mode,
        min(offset, _MAX32),
    )
    return head + name + extra


class Layout:
    """The offsets of all members and the length of the whole."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = members
        self.offsets: list[int] = []
        position = 0
        for member in members:
            self.offsets.append(position)
            position += len(local_header(member)) + member.size + _descriptor_size(member)
        self.directory_at = position
        self.size = position + sum(len(_central_header(member, offset, 0)) for member, offset in zip(members, self.offsets, strict=True))
        self.size += len(self._end(self.size - position))

    @cached_property
    def etag(self) -> str:
        """Changes with anything that the bytes depend on."""
        digest = hashlib.sha256()
        for member in self.members:
            digest.update(f"{member.name}\0{member.version_id}\0{member.size}\0{member.changed_at.isoformat()}\n".encode())
        return digest.hexdigest()[:40]

    def at(self, position: int) -> int:
        """Index of the member that byte `position` belongs to."""
        return max(0, bisect_right(self.offsets, position) - 1)

    def directory(self, crcs: Mapping[int, int]) -> bytes:
        """Central directory and what ends the file, with the CRC of each member by its index."""
        headers = b"".join(
            _central_header(member, offset, crcs.get(index, 0))
            for index, (member, offset) in enumerate(zip(self.members, self.offsets, strict=True))
        )
        return headers + self._end(len(headers))

    def _end(self, size: int) -> bytes:
        count, at = len(self.members), self.directory_at
        end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, min(count, _MAX16), min(count, _MAX16), min(size, _MAX32), min(at, _MAX32), 0)
        if count < _MAX16 and size < _MAX32 and at < _MAX32:
            return end
        far = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, _UNIX | _VERSION64, _VERSION64, 0, 0, count, count, size, at)
        return far + struct.pack("<4sIQI", b"PK\6\7", 0, at + size, 1) + end
