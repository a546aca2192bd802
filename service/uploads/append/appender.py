"""One request's bytes into the store: fill a buffer, send it as a part, commit, several parts in flight.

Rules (docs/reference/upload-protocol.md): numbers are never reused; commits go in the order of `start`, so the
offset is always a contiguous prefix; a remainder becomes a short part or a tail; nothing is acknowledged
before its commit. Bytes beyond the declared length are never committed with it. Of a body with a checksum nothing is
committed before all of it is verified; then all of it at once.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from service.core.db import Database
from service.core.errors import StowageError
from service.storage import keys
from service.storage.port import MAX_PARTS, MIN_PART, Mover, StoreDown
from service.uploads import repository
from service.uploads.append.body import Body, Reason, Stop
from service.uploads.append.buffers import Buffer, BufferPool
from service.uploads.append.whole import WholeObject, put_whole
from service.uploads.errors import BodyPastLength, Busy
from service.uploads.models import Upload, UploadPart
from service.uploads.tus.checksum import Verifier

log = logging.getLogger("stowage.uploads")

ROOM_WAIT_S = 20.0
# What a receiver that waits for memory asks for at a time.
GRANT = 1 << 20


@dataclass(frozen=True, slots=True)
class Tools:
    """Shared by all appends of a process."""

    database: Database
    store: Mover
    bucket: str
    pool: BufferPool
    parts_in_flight: int


ReserveUpTo = Callable[[int], Awaitable[int]]


class EpochOver(Exception):
    """Somebody else holds the upload: nothing more of ours may count."""


def part_size(length: int | None, max_bytes: int) -> int:
    """16 MiB up to 128 GiB, length ÷ 8,000 above, in whole MiB."""
    return max(16 << 20, -(-(length or max_bytes) // 8_000 >> 20) << 20)


def may_be_short_part(upload: Upload, end: int, next_number: int, max_bytes: int) -> bool:
    """Whether a part below full size still leaves numbers enough for everything that may follow."""
    remaining = (upload.length_bytes or max_bytes) - end
    return remaining / upload.part_bytes <= MAX_PARTS - next_number - 1


class Appender:
    """One holder of one upload in one epoch. `offset` and `tail_key` are what is committed."""

    def __init__(
        self, tools: Tools, upload: Upload, body: Body, max_bytes: int, reserve_up_to: ReserveUpTo, verifier: Verifier | None = None
    ) -> None:
        self._tools = tools
        self._upload = upload
        self._body = body
        self._verifier = verifier
        # Stored and not yet committed: all parts of a body that is still to be verified.
        self._unverified: list[UploadPart] = []
        self._max_bytes = max_bytes
        self._reserve_up_to = reserve_up_to
        self._reserved = upload.reserved_bytes
        self.offset = upload.offset_bytes
        self.received = 0
        self.whole: WholeObject | None = None
        self._start = upload.offset_bytes - upload.tail_bytes
        # The tail that comes before what is received next, and is in no buffer yet.
        self._gap_key, self._gap_bytes = upload.tail_key, upload.tail_bytes
        self.tail_key = upload.tail_key
        self._key, self._s3_upload_id = upload.key, upload.s3_upload_id
        self._next_number = upload.next_part
        self._tails = 0
        self._buffer: Buffer | None = None
        self._flying: list[asyncio.Task[None]] = []

    def ask_checkpoint(self) -> None:
        self._body.poke(Reason.CHECKPOINT)

    # -- the loop
    async def run(self) -> Reason | None:
        """Read the body to its end or to an interruption, and make durable what came. Returns why it stopped.

        Raises BodyPastLength, Busy (the epoch is over), StoreDown, StoreFull, DatabaseDown; with a checksum ChecksumMismatch,
        ChecksumTooLarge, BadHeader.
        """
        try:
            reason = await self._read_all()
            if self._verifier is not None:
                if reason is not None:
                    return reason
                self._verifier.check()
            await self._flush(is_end=reason is None)
            await self._land()
            if self._unverified:
                last = self._unverified[-1]
                await self._commit(self._unverified, last.end_bytes)
        except EpochOver as error:
            raise Busy from error
        finally:
            await self._abandon()
        return reason

    async def _read_all(self) -> Reason | None:
        step = self._fill if self._body.go_direct() else self._next
        while True:
            try:
                if not await step():
                    return None
            except Stop as stop:
                if stop.reason is Reason.STORE_FAILED:
                    await self._land()
                if stop.reason is not Reason.CHECKPOINT:
                    return stop.reason
                await self._checkpoint()

    async def _next(self) -> bool:
        """One chunk more. False at the end of the body."""
        chunk = await self._body.next()
        if chunk is not None:
            await self._accept(memoryview(chunk))
        return chunk is not None

    async def _fill(self) -> bool:
        """Read straight into the buffer. False at the end of the body."""
        pool = self._tools.pool
        left = self._body.left
        self._check_length(left)
        if not left:
            return False
        buffer = self._ready_buffer()
        if buffer.filled == buffer.size:
            await self._send()
            return True
        if not pool.room_of(buffer) and not await self._make_room(buffer, min(left, buffer.size - buffer.filled, GRANT)):
            return True
        wanted = min(left, pool.room_of(buffer))
        if self._upload.length_bytes is None:
            at = self._upload.offset_bytes + self.received
            await self._reserve(at + 1)
            wanted = min(wanted, self._reserved - at)

        def took(count: int) -> bool:
            if self._verifier is not None:
                self._verifier.update(buffer.view[buffer.filled : buffer.filled + count])
            pool.charge(buffer, count)
            self.received += count
            return pool.room_of(buffer) > 0

        await self._body.fill(buffer.view[buffer.filled : buffer.filled + wanted], took)
        return True

    def _check_length(self, more: int) -> None:
        length = self._upload.length_bytes
        limit = self._max_bytes if length is None else length
        if self._upload.offset_bytes + self.received + more > limit:
            # Keep only what earlier parts hold: the request as a whole is wrong.
            self._drop_buffer()
            raise BodyPastLength

    async def _reserve(self, end: int) -> None:
        """Of an upload whose length is not known, quota is taken as bytes come."""
        if self._upload.length_bytes is None and end > self._reserved:
            self._reserved = await self._reserve_up_to(end)

    async def _accept(self, data: memoryview) -> None:
        self._check_length(len(data))
        if self._verifier is not None:
            self._verifier.update(data)
        self.received += len(data)
        await self._reserve(self._upload.offset_bytes + self.received)
        while data:
            buffer = self._ready_buffer()
            if buffer.filled == buffer.size:
                # Sent only now that more has come: a last part waits for the end of the body.
                await self._send()
                continue
            piece = data[: buffer.size - buffer.filled]
            if not self._tools.pool.room_of(buffer) and not await self._make_room(buffer, len(piece)):
                continue
            piece = piece[: self._tools.pool.room_of(buffer)]
            buffer.view[buffer.filled : buffer.filled + len(piece)] = piece
            self._tools.pool.charge(buffer, len(piece))
            data = data[len(piece) :]

    async def _make_room(self, buffer: Buffer, count: int) -> bool:
        """Wait for memory. False: our own buffer went to the store instead, so a fresh one is needed."""
        has_room = await self._tools.pool.room(buffer, count, ROOM_WAIT_S)
        reason = self._body.take_reason()
        if has_room and reason is None:
            return True
        if not await self._checkpoint() and not has_room and reason is None:
            raise Stop(Reason.NO_ROOM)
        return False

    async def _checkpoint(self) -> bool:
        """Give the buffer back. False: it has to be kept, being too small for a part of what is not verified yet."""
        if self._verifier is None:
            await self._flush(is_end=False)
        elif self._buffer is not None and self._may_be_part(self._buffer, self._start + self._buffer.filled):
            await self._send()
        else:
            if self._buffer is not None:
                self._tools.pool.keep(self._buffer)
            return False
        await self._land()
        return True

    def _may_be_part(self, buffer: Buffer, end: int) -> bool:
        return buffer.filled >= MIN_PART and may_be_short_part(self._upload, end, self._next_number, self._max_bytes)

    def _ready_buffer(self) -> Buffer:
        if self._buffer is None:
            # A tail is fetched only when it goes to the store again: a client that never comes back to it costs no memory.
            self._buffer = self._tools.pool.take(self._upload.part_bytes, self, self._gap_bytes if self._gap_key else 0)
        return self._buffer

    async def _close_gap(self, buffer: Buffer) -> None:
        """Put the tail before what came after it."""
        if not buffer.gap or self._gap_key is None:
            return
        at = 0
        async for chunk in self._tools.store.read(self._tools.bucket, self._gap_key):
            if at + len(chunk) <= buffer.gap:
                buffer.view[at : at + len(chunk)] = chunk
            at += len(chunk)
        if at != buffer.gap:
            raise StoreDown(internal=f"tail {self._gap_key} has {at} bytes, not {buffer.gap}")
        self._tools.pool.close_gap(buffer)

    # -- parts in flight
    async def _send(self) -> None:
        """Put the buffer on its way as a part; wait if enough are under way already."""
        if self._buffer is None:
            return
        await self._close_gap(self._buffer)
        buffer, self._buffer = self._buffer, None
        self._tools.pool.send_off(buffer)
        if buffer.is_pressed:
            # That is what was asked for; the next buffer needs not go.
            self._body.take_reason()
        try:
            await self._open_multipart()
            async with self._tools.database.statement() as session:
                number = await repository.take_part_number(session, self._upload.id, self._upload.epoch)
            if number is None:
                raise EpochOver
        except BaseException:
            self._tools.pool.release(buffer)
            raise
        self._next_number = number + 1
        part = UploadPart(upload_id=self._upload.id, no=number, start_bytes=self._start, size_bytes=buffer.filled, etag="")
        self._start += buffer.filled
        # The tail, if there was one, is the head of this part now.
        self._gap_key, self._gap_bytes = None, 0
        before = self._flying[-1] if self._flying else None
        task = asyncio.create_task(self._store_part(part, buffer, before))
        task.add_done_callback(self._on_landed)
        self._flying.append(task)
        while len(self._flying) >= self._tools.parts_in_flight:
            await self._flying[0]
            self._flying.pop(0)

    def _on_landed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._body.poke(Reason.STORE_FAILED)

    async def _store_part(self, part: UploadPart, buffer: Buffer, before: asyncio.Task[None] | None) -> None:
        try:
            part.etag = await self._tools.store.put_part(
                self._tools.bucket, str(self._key), str(self._s3_upload_id), part.no, buffer.view[: buffer.filled]
            )
        finally:
            self._tools.pool.release(buffer)
        if before is not None:
            await before
        # A number in S3 without a row is dropped at Complete; a row always has its part.
        if self._verifier is None:
            await self._commit([part], part.end_bytes)
        else:
            self._unverified.append(part)

    async def _commit(self, parts: list[UploadPart], end: int, tail: tuple[str, int] | None = None) -> None:
        """Move the offset; only then may the old tail go."""
        async with self._tools.database.statement() as session:
            if not await repository.commit_up_to(
                session, self._upload.id, self._upload.epoch, expected=self.offset, end=end, parts=parts, tail=tail
            ):
                raise EpochOver
        self.offset = end
        parts.clear()
        if self.tail_key is not None:
            await self._forget(self.tail_key)
        self.tail_key = tail[0] if tail else None

    async def _open_multipart(self) -> None:
        if self._s3_upload_id is not None:
            return
        key = keys.object_key(self._upload.id, self._upload.epoch)
        s3_upload_id = await self._tools.store.create_multipart(self._tools.bucket, key)
        async with self._tools.database.statement() as session:
            named = await repository.store_multipart(session, self._upload.id, self._upload.epoch, key, s3_upload_id)
        if not named:
            with contextlib.suppress(StowageError):
                await self._tools.store.abort_multipart(self._tools.bucket, key, s3_upload_id)
            raise EpochOver
        self._key, self._s3_upload_id = key, s3_upload_id

    # -- the end of a request
    async def _flush(self, *, is_end: bool) -> None:
        """Make the rest durable: as the whole object, the last part, a short part or a tail."""
        buffer = self._buffer
        if buffer is None or buffer.filled <= self._gap_bytes:
            self._drop_buffer()
            return
        end = self._start + buffer.filled
        is_last = end == self._upload.length_bytes
        if is_last and not is_end:
            # Without the body's end we cannot know that nothing follows; the bytes stay, the finish waits for a PATCH.
            await self._store_tail(buffer, end)
        elif is_last and self._start == 0 and self._s3_upload_id is None and not self._flying:
            await self._store_whole(buffer)
        elif is_last or self._may_be_part(buffer, end):
            await self._send()
        else:
            await self._store_tail(buffer, end)

    async def _store_whole(self, buffer: Buffer) -> None:
        """One PUT under this epoch's own key; the caller closes the upload in one transaction."""
        await self._close_gap(buffer)
        self._tools.pool.send_off(buffer)
        key = keys.object_key(self._upload.id, self._upload.epoch)
        try:
            self.whole = await put_whole(self._tools.store, self._tools.bucket, key, buffer.view[: buffer.filled])
        finally:
            self._drop_buffer()

    async def _store_tail(self, buffer: Buffer, end: int) -> None:
        await self._land()
        await self._close_gap(buffer)
        self._tools.pool.send_off(buffer)
        self._tails += 1
        key = keys.tail_key(self._upload.id, self._upload.epoch, self._tails)
        size = buffer.filled
        try:
            await self._tools.store.put(self._tools.bucket, key, buffer.view[:size])
        finally:
            self._drop_buffer()
        await self._commit(self._unverified, end, (key, size))
        self._gap_key, self._gap_bytes = key, size

    async def _forget(self, key: str) -> None:
        # Unreferenced now; what can't be deleted here is swept at the upload's end.
        with contextlib.suppress(StowageError):
            await self._tools.store.delete(self._tools.bucket, [key])

    async def _land(self) -> None:
        """Wait for every part in flight; raises the first failure."""
        while self._flying:
            await self._flying[0]
            self._flying.pop(0)

    async def _abandon(self) -> None:
        """After a failure: let what is in flight end on its own (it may still commit in order), give memory back."""
        if self._flying:
            await asyncio.gather(*self._flying, return_exceptions=True)
            self._flying.clear()
        self._drop_buffer()

    def _drop_buffer(self) -> None:
        if self._buffer is not None:
            self._tools.pool.release(self._buffer)
            self._buffer = None
