"""Reads what `workers/tools/archives/index` writes: sorted rows in packed blocks. Pure but for the reader it is given."""

import zlib
from bisect import bisect_right
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

FOLDER, FILE = 0, 1
MAX_BLOCK_BYTES = 16 << 20

Key = tuple[str, int, str]
ReadSpan = Callable[[int, int], Awaitable[bytes]]


class Row(msgspec.Struct, array_like=True, frozen=True):
    """One entry. Of a folder `size` is that of all files below and `packed` their number; bytes, seconds since 1970."""

    folder: str
    kind: int
    name: str
    size: int
    packed: int
    modified: int
    method: int
    is_encrypted: bool
    offset: int
    crc: int | None

    @property
    def key(self) -> Key:
        return (self.folder, self.kind, self.name)

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name


class Block(msgspec.Struct, array_like=True, frozen=True):
    """Where a block lies, and the key of its first row."""

    folder: str
    kind: int
    name: str
    offset: int
    length: int


class Facts(msgspec.Struct, frozen=True):
    """Of a whole archive; `left_out` counts entries that are never shown, by reason."""

    format: str
    files: int
    folders: int
    size_bytes: int
    encrypted: int
    left_out: dict[str, int]
    blocks: list[Block]


@dataclass(frozen=True, slots=True)
class Index:
    facts: Facts
    read: ReadSpan

    async def page(self, folder: str, after: Key | None, limit: int) -> list[Row]:
        """What is directly in a folder, folders first, by name; at most `limit`, those behind `after`."""
        begin: Key = after or (folder, FOLDER, "")
        found: list[Row] = []
        for number in range(self._block_of(begin), len(self.facts.blocks)):
            for row in await self._rows(self.facts.blocks[number]):
                if row.folder > folder or len(found) == limit:
                    return found
                if row.folder == folder and (row.key > begin if after else row.key >= begin):
                    found.append(row)
        return found

    async def one(self, path: str) -> Row | None:
        folder, _, name = path.rpartition("/")
        key: Key = (folder, FILE, name)
        if not self.facts.blocks:
            return None
        rows = await self._rows(self.facts.blocks[self._block_of(key)])
        return next((row for row in rows if row.key == key), None)

    def _block_of(self, key: Key) -> int:
        """The last block that begins at or before a key."""
        return max(0, bisect_right(self.facts.blocks, key, key=lambda block: (block.folder, block.kind, block.name)) - 1)

    async def _rows(self, block: Block) -> list[Row]:
        packed = await self.read(block.offset, block.offset + block.length)
        return msgspec.json.decode(zlib.decompressobj().decompress(packed, MAX_BLOCK_BYTES), type=list[Row])
