"""What readers of one source ask for again and again, mostly its container's index, is kept in memory. One per worker process.

Every reader of a film begins with its index: of a long film that is many megabytes, for each chunk anew.
"""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing

Read = Callable[[int, int], AsyncGenerator[bytes]]
BLOCK = 64 << 10
LIMIT_BYTES = 64 << 20
MAX_SOURCES = 16
# Blocks of one source whose first reading is remembered: 8 GB, wherever they lie.
MAX_SEEN = 128 << 10


class BlockCache:
    """Keeps a block from its second reading on. When full, sources that were not read for longest make room; blocks of the one being read
    do not: what all readers need they need first.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._sources: OrderedDict[Hashable, Blocks] = OrderedDict()

    def of(self, key: Hashable) -> "Blocks":
        """What is kept of a source, which is now the last one read."""
        blocks = self._sources.setdefault(key, Blocks(self))
        self._sources.move_to_end(key)
        while len(self._sources) > MAX_SOURCES:
            self._sources.popitem(last=False)
        return blocks

    def make_room(self, size: int, asking: "Blocks") -> bool:
        """Whether so many more bytes of `asking` may be kept."""
        if not any(blocks is asking for blocks in self._sources.values()):
            return False
        while self.bytes_kept() + size > self._limit:
            key, oldest = next(iter(self._sources.items()))
            if oldest is asking:
                return False
            del self._sources[key]
        return True

    def bytes_kept(self) -> int:
        """Bytes of all sources."""
        return sum(blocks.bytes_kept for blocks in self._sources.values())


class Blocks:
    """The kept blocks of one source, by number."""

    def __init__(self, cache: BlockCache) -> None:
        self._cache = cache
        self._kept: dict[int, bytes] = {}
        self._seen: set[int] = set()
        self.bytes_kept = 0

    async def read(self, upstream: Read, start: int, end: int) -> AsyncGenerator[tuple[bytes, int]]:
        """Bytes from `start` up to `end` in pieces, each with how many bytes `upstream` gave for it. Raises what `upstream` raises."""
        position = start
        while position < end:
            number, offset = divmod(position, BLOCK)
            block = self._kept.get(number)
            if block is not None:
                piece = block[offset : offset + end - position]
                yield piece, 0
                position += len(piece)
                continue
            # A block that will be kept is read from its beginning.
            begin = number * BLOCK if number in self._seen else position
            skipped = position - begin
            async with aclosing(self._fetched(upstream, begin, self._gap_end(number, end))) as pieces:
                async for piece in pieces:
                    wanted = piece[skipped:]
                    skipped = max(0, skipped - len(piece))
                    yield wanted, len(piece)
                    position += len(wanted)

    def _gap_end(self, number: int, end: int) -> int:
        """Where the next kept block begins."""
        later = (kept for kept in self._kept if kept > number)
        return min(end, min(later, default=end) * BLOCK)

    async def _fetched(self, upstream: Read, start: int, end: int) -> AsyncGenerator[bytes]:
        position, held = start, bytearray()
        async with aclosing(upstream(start, end)) as pieces:
            async for piece in pieces:
                yield piece
                rest = memoryview(piece)
                while rest:
                    number, offset = divmod(position, BLOCK)
                    part = rest[: BLOCK - offset]
                    rest = rest[len(part) :]
                    position += len(part)
                    if number in self._seen and len(held) == offset:
                        held += part
                    if offset + len(part) == BLOCK:
                        self._keep(number, held)
                        held = bytearray()

    def _keep(self, number: int, block: bytearray) -> None:
        """A whole block is kept if it was seen before, else remembered as seen."""
        if len(block) == BLOCK and number not in self._kept and self._cache.make_room(BLOCK, self):
            self._kept[number] = bytes(block)
            self.bytes_kept += BLOCK
        if len(self._seen) < MAX_SEEN:
            self._seen.add(number)
