"""The bytes of a ZIP from anywhere to anywhere, read from the store as they are sent."""

import asyncio
import zlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from service.files.zips.layout import Layout, Member, descriptor, local_header
from service.storage.port import Reader

# Small members are fetched ahead, so that thousands of them don't wait for each other.
AHEAD = 8
SMALL = 1 << 20

Learned = Callable[[UUID, int], Awaitable[None]]


@dataclass(slots=True)
class ZipStream:
    """One answer. `crcs` are those known, by version; `learned` is told of each that had to be computed."""

    layout: Layout
    store: Reader
    crcs: dict[UUID, int]
    learned: Learned
    _ahead: deque[tuple[int, asyncio.Task[bytes]]] = field(default_factory=deque)

    async def read(self, start: int, end: int) -> AsyncIterator[bytes]:
        """Bytes start..end-1. Raises ObjectMissing, StoreDown, also in the middle."""
        try:
            if start < self.layout.directory_at:
                for index in range(self.layout.at(start), len(self.layout.members)):
                    offset = self.layout.offsets[index]
                    if offset >= end:
                        return
                    async for piece in self._member(index, start - offset, end - offset):
                        yield piece
            if end > self.layout.directory_at:
                directory = self.layout.directory(await self._all_crcs())
                yield directory[max(0, start - self.layout.directory_at) : end - self.layout.directory_at]
        finally:
            for _, task in self._ahead:
                task.cancel()

    async def _member(self, index: int, start: int, end: int) -> AsyncIterator[bytes]:
        """What lies between start and end, counted from the member's own beginning."""
        member = self.layout.members[index]
        header = local_header(member)
        if start < len(header):
            yield header[max(0, start) : end]
        begin, finish = max(0, start - len(header)), min(member.size, end - len(header))
        computed = 0
        if finish > begin:
            async for piece in self._bytes(index, begin, finish):
                computed = zlib.crc32(piece, computed)
                yield piece
        if member.version_id is not None and begin == 0 and finish == member.size:
            await self._learn(member.version_id, computed)
        behind = len(header) + member.size
        if not member.is_folder and end > behind:
            yield descriptor(member, await self._crc(member))[max(0, start - behind) : end - behind]

    async def _bytes(self, index: int, start: int, end: int) -> AsyncIterator[bytes]:
        member = self.layout.members[index]
        while self._ahead and self._ahead[0][0] < index:
            self._ahead.popleft()[1].cancel()
        if start == 0 and end == member.size <= SMALL:
            self._look_ahead(index)
            _, task = self._ahead.popleft()
            yield await task
            return
        async for piece in self.store.read(member.bucket, member.key, start, end):
            yield piece

    def _look_ahead(self, index: int) -> None:
        begun = self._ahead[-1][0] + 1 if self._ahead else index
        for following in range(begun, min(index + AHEAD, len(self.layout.members))):
            member = self.layout.members[following]
            if member.size > SMALL:
                # What is beyond has to wait until this one is sent, or it would lie in memory for long.
                break
            self._ahead.append((following, asyncio.create_task(self._whole(member))))

    async def _whole(self, member: Member) -> bytes:
        if member.size == 0:
            return b""
        return b"".join([piece async for piece in self.store.read(member.bucket, member.key, 0, member.size)])

    async def _learn(self, version_id: UUID, crc32: int) -> None:
        if version_id not in self.crcs:
            self.crcs[version_id] = crc32
            await self.learned(version_id, crc32)

    async def _crc(self, member: Member) -> int:
        """Of a file whose bytes were not all sent by this answer: known from elsewhere, or read once more."""
        if member.version_id is None or member.size == 0:
            return 0
        if member.version_id not in self.crcs:
            computed = 0
            async for piece in self.store.read(member.bucket, member.key, 0, member.size):
                computed = zlib.crc32(piece, computed)
            await self._learn(member.version_id, computed)
        return self.crcs[member.version_id]

    async def _all_crcs(self) -> dict[int, int]:
        return {index: await self._crc(member) for index, member in enumerate(self.layout.members)}
