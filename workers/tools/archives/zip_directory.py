"""The central directory of a ZIP (APPNOTE 6.3.10), read by ourselves: with limits before anything is read, and by a few large reads.

`zipfile` is not asked: it reads a directory of any size into memory and, before Python 3.13, lets entries overlap.
"""

import calendar
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import IO

from workers.tools.archives.entries import Entry, Refused

MAX_DIRECTORY_BYTES = 64 << 20
_END, _END64, _LOCATOR64, _HEADER = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02"
_END_SIZE, _HEADER_SIZE, _LOCAL_SIZE, _LOCATOR_SIZE = 22, 46, 30, 20
_MAX_COMMENT = 0xFFFF
_MAX32 = 0xFFFFFFFF
_ENCRYPTED, _UTF8 = 1, 1 << 11
_AES = 99
_UNIX = 3
# Without versions, disks and internal attributes.
_HEADER_FIELDS = struct.Struct("<4sxBxxHHHHLLLHHHxxxxLL")

# Name, whether it is UTF-8, size, packed size, time, method, whether it is encrypted, offset, CRC, mode.
_Record = tuple[bytes, bool, int, int, int, int, bool, int, int, int]


class Damaged(Refused):
    """Not a ZIP, or one that was cut or broken."""

    def __init__(self) -> None:
        super().__init__("This ZIP has no readable directory: it is damaged, or its end is missing.")


def read_zip(file: IO[bytes], size: int, _password: str = "") -> Iterator[Entry]:
    """Every entry, in the order of the directory. Raises Refused."""
    start, length, count, shift = _locate(file, size)
    if length > MAX_DIRECTORY_BYTES:
        message = f"The directory of this ZIP takes more than {MAX_DIRECTORY_BYTES >> 20} MiB, more than we read."
        raise Refused(message)
    file.seek(start)
    directory = file.read(length)
    if len(directory) != length:
        raise Damaged
    raw = list(_records(directory, count))
    _check_overlap([(offset + shift, packed) for _, _, _, packed, _, _, _, offset, _, _ in raw], start)
    legacy = _legacy_encoding([name for name, is_utf8, *_ in raw if not is_utf8])
    for name, is_utf8, size_bytes, packed, modified, method, is_encrypted, offset, crc, mode in raw:
        path = name.decode("utf-8" if is_utf8 else legacy, "replace")
        # Old Windows programs write their own separator.
        if "\\" in path and "/" not in path:
            path = path.replace("\\", "/")
        yield Entry(path, path.endswith("/"), size_bytes, packed, modified, method, is_encrypted, offset + shift, crc, mode)


def _locate(file: IO[bytes], size: int) -> tuple[int, int, int, int]:
    """Start, length and number of entries of the directory, and how far everything is shifted by what lies in front of the ZIP."""
    span = min(size, _END_SIZE + _MAX_COMMENT + _LOCATOR_SIZE)
    file.seek(size - span)
    tail = file.read(span)
    at = tail.rfind(_END)
    while at >= 0:
        if at + _END_SIZE <= len(tail) and at + _END_SIZE + struct.unpack_from("<H", tail, at + 20)[0] == len(tail):
            break
        at = tail.rfind(_END, 0, at)
    if at < 0:
        raise Damaged
    count, length, offset = struct.unpack_from("<HLL", tail, at + 10)
    end = size - span + at
    # Where there is a ZIP64 record it lies between the directory and its end, needed or not.
    if (found := _locate64(file, tail, at)) is not None:
        end, count, length, offset = found
    start = end - length
    if start < 0 or offset > start:
        raise Damaged
    return start, length, count, start - offset


def _locate64(file: IO[bytes], tail: bytes, at: int) -> tuple[int, int, int, int] | None:
    if at < _LOCATOR_SIZE or tail[at - _LOCATOR_SIZE : at - _LOCATOR_SIZE + 4] != _LOCATOR64:
        return None
    (where,) = struct.unpack_from("<Q", tail, at - _LOCATOR_SIZE + 8)
    file.seek(where)
    record = file.read(56)
    if len(record) < 56 or record[:4] != _END64:  # noqa: PLR2004  §4.3.14
        raise Damaged
    count, length, offset = struct.unpack_from("<QQQ", record, 32)
    return where, count, length, offset


def _records(directory: bytes, count: int) -> Iterator[_Record]:
    at = 0
    for _ in range(count):
        if at + _HEADER_SIZE > len(directory):
            raise Damaged
        signature, system, flags, method, time, date, crc, packed, size, named, extended, commented, mode, offset = (
            _HEADER_FIELDS.unpack_from(directory, at)
        )
        if signature != _HEADER:
            raise Damaged
        at += _HEADER_SIZE
        name, is_utf8, modified = directory[at : at + named], bool(flags & _UTF8), _moment(time, date)
        if extended:
            extra = _extras(directory[at + named : at + named + extended], name, [size, packed, offset])
            size, packed, offset = extra.sizes
            modified = modified if extra.modified is None else extra.modified
            name, is_utf8 = (name, is_utf8) if extra.name is None else (extra.name, True)
        at += named + extended + commented
        is_encrypted = bool(flags & _ENCRYPTED) or method == _AES
        # Of very many, so a plain tuple: a class of its own takes several times as long to make.
        yield name, is_utf8, size, packed, modified, method, is_encrypted, offset, crc, mode >> 16 if system == _UNIX else 0


@dataclass(slots=True)
class _Extra:
    """What extra fields say: `sizes` are size, packed size and offset."""

    sizes: list[int]
    modified: int | None = None
    name: bytes | None = None


def _extras(fields: bytes, name: bytes, sizes: list[int]) -> _Extra:
    """ZIP64 sizes (0x0001), time (0x5455), a name in UTF-8 (0x7075)."""
    at, found = 0, _Extra(sizes)
    while at + 4 <= len(fields):
        kind, length = struct.unpack_from("<HH", fields, at)
        body = fields[at + 4 : at + 4 + length]
        at += 4 + length
        if kind == 0x0001:
            values = iter(struct.unpack_from(f"<{len(body) // 8}Q", body))
            found.sizes = [next(values, value) if value == _MAX32 else value for value in found.sizes]
        elif kind == 0x5455 and len(body) >= 5 and body[0] & 1:  # noqa: PLR2004  Info-ZIP
            found.modified = max(0, struct.unpack_from("<l", body, 1)[0])
        elif kind == 0x7075 and len(body) > 5 and struct.unpack_from("<L", body, 1)[0] == zlib.crc32(name):  # noqa: PLR2004  §4.6.9
            found.name = body[5:]
    return found


@lru_cache(1_024)
def _moment(time: int, date: int) -> int:
    """A DOS time as if it were UTC: it has no zone."""
    day = (1980 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, time & 31)
    return calendar.timegm((*day[:5], day[5] * 2, 0, 0, 0)) if 1 <= day[1] <= 12 and day[2] else 0  # noqa: PLR2004  months


def _check_overlap(spans: list[tuple[int, int]], end: int) -> None:
    """Entries that share bytes are how a small ZIP says it is a large one."""
    reached = 0
    for offset, packed in sorted(spans):
        if offset < reached:
            message = "Entries of this ZIP lie over each other, as in a bomb. It is not opened."
            raise Refused(message)
        reached = offset + _LOCAL_SIZE + packed
    if reached > end:
        raise Damaged


def _legacy_encoding(names: list[bytes]) -> str:
    """One encoding for all names that don't say theirs: UTF-8 where it fits, a guess, or what the standard says (code page 437)."""
    odd = b"\n".join(name for name in names if not name.isascii())[:65_536]
    if not odd:
        return "cp437"
    try:
        odd.decode()
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(
            odd, cp_isolation=["cp437", "cp850", "cp866", "cp1251", "cp1252", "shift_jis", "gb18030", "euc_kr", "big5"]
        ).best()
        return best.encoding if best is not None else "cp437"
    return "utf-8"
