"""The bytes of one member of a ZIP or TAR, as they come from the store; counted and checked while they are unpacked."""

import asyncio
import bz2
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from service.media.archives.errors import ArchiveUnreadable, MemberBroken
from service.media.archives.index import Row
from service.storage.port import Reader

STORED, DEFLATED, BZIP2 = 0, 8, 12
_LOCAL = b"PK\x03\x04"
_LOCAL_SIZE = 30
_STEP = 1 << 20


class _Unpacker(Protocol):
    """As `bz2.BZ2Decompressor`: gives at most `max_length` bytes at once."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Inflate:
    """zlib in the shape of the other decompressors of the standard library."""

    def __init__(self) -> None:
        self._raw = zlib.decompressobj(-15)

    @property
    def eof(self) -> bool:
        return self._raw.eof

    @property
    def needs_input(self) -> bool:
        return not self._raw.unconsumed_tail

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._raw.decompress(self._raw.unconsumed_tail + data, max_length)


_UNPACKERS: dict[int, Callable[[], _Unpacker]] = {DEFLATED: _Inflate, BZIP2: bz2.BZ2Decompressor}


@dataclass(frozen=True, slots=True)
class Member:
    """A member whose bytes begin at `start` of an object: the archive's, or its own."""

    row: Row
    start: int
    bucket: str
    key: str

    @property
    def is_stored(self) -> bool:
        return self.row.method == STORED


def can_be_streamed(form: str, row: Row) -> bool:
    """Whether a member's bytes can be read where they are, as far as the index tells."""
    return not row.is_encrypted and row.offset >= 0 and (row.method == STORED or (form == "zip" and row.method in _UNPACKERS))


async def locate(reader: Reader, bucket: str, key: str, form: str, row: Row) -> Member:
    """Where the bytes of a member are that can be streamed. Raises ArchiveUnreadable, StoreDown."""
    if form != "zip":
        return Member(row, row.offset, bucket, key)
    head = b"".join([chunk async for chunk in reader.read(bucket, key, row.offset, row.offset + _LOCAL_SIZE)])
    if len(head) != _LOCAL_SIZE or head[:4] != _LOCAL:
        raise ArchiveUnreadable
    name_length, extra_length = struct.unpack_from("<HH", head, 26)
    return Member(row, row.offset + _LOCAL_SIZE + name_length + extra_length, bucket, key)


async def read_member(reader: Reader, member: Member, start: int, end: int) -> AsyncIterator[bytes]:
    """The bytes of a member; `start` and `end` of one that is stored as it is. Ends with an error, so that the connection breaks,
    where they are not what the directory of the archive says.
    """
    row, bucket, key = member.row, member.bucket, member.key
    if not row.size:
        return
    if member.is_stored:
        async for chunk in reader.read(bucket, key, member.start + start, member.start + end):
            yield chunk
        return
    # The last piece is held back until all of them are known to be right: an answer that is wrong is never whole.
    held, left, crc = b"", row.size, 0
    async for plain in _unpack(_UNPACKERS[row.method](), reader.read(bucket, key, member.start, member.start + row.packed), row.size):
        left -= len(plain)
        crc = zlib.crc32(plain, crc)
        if held:
            yield held
        held = plain
    if left or (row.crc is not None and crc != row.crc):
        raise MemberBroken(internal="other bytes than the directory says")
    if held:
        yield held


async def _unpack(unpacker: _Unpacker, packed: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    """In pieces of at most _STEP, so that a bomb costs its reader no memory. Raises MemberBroken beyond `most` bytes."""
    async for chunk in _and_end(packed):
        data = chunk
        while not unpacker.eof:
            try:
                plain = await asyncio.to_thread(unpacker.decompress, data, min(_STEP, most + 1))
            except (zlib.error, OSError, EOFError) as error:
                raise MemberBroken(internal=str(error)) from error
            data = b""
            most -= len(plain)
            if most < 0:
                raise MemberBroken(internal="more than the directory says")
            if plain:
                yield plain
            elif unpacker.needs_input:
                break


async def _and_end(packed: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What is left in an unpacker comes when it is asked once more without input."""
    async for chunk in packed:
        yield chunk
    yield b""
