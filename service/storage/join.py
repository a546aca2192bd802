"""Objects joined into one by ranged copies at the store (S3 UploadPartCopy); only what is too short to be a part passes through here."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from service.core.errors import StowageError
from service.storage.checksums import multipart_etag
from service.storage.port import MIN_PART, Mover, Part, StoreDown

COPY_BYTES = 256 << 20
# Up to this size one PutObject is cheaper than a multipart upload.
SMALL_BYTES = 16 << 20
IN_FLIGHT = 3


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes start..end-1 of an object."""

    key: str
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def plan_join(sources: Sequence[tuple[str, int]]) -> list[list[Span]]:
    """Parts of the joined object for sources of (key, bytes): one span is copied, several are read and sent together.

    Every part but the last has at least MIN_PART bytes.
    """
    parts: list[list[Span]] = []
    short: list[Span] = []
    for key, size in sources:
        position = 0
        while position < size:
            missing = MIN_PART - sum(span.size for span in short) if short else 0
            if short or size - position < MIN_PART:
                end = min(size, position + missing) if short else size
                short.append(Span(key, position, end))
                if sum(span.size for span in short) >= MIN_PART:
                    parts.append(short)
                    short = []
            else:
                end = min(size, position + COPY_BYTES)
                parts.append([Span(key, position, end)])
            position = end
    return [*parts, short] if short else parts


async def join(
    store: Mover, bucket: str, target: str, sources: Sequence[tuple[str, int]], still_ours: Callable[[], Awaitable[None]]
) -> str:
    """Make `target` of the sources in their order; returns its proven ETag.

    `still_ours` is awaited before each part and raises to stop. A failure leaves nothing but, after a kill, an open multipart
    upload of `target`. Raises StoreDown, StoreFull, ObjectMissing.
    """
    total = sum(size for _, size in sources)
    if total <= SMALL_BYTES:
        return await store.put(bucket, target, await _read(store, bucket, [Span(key, 0, size) for key, size in sources]))
    upload_id = await store.create_multipart(bucket, target)
    try:
        parts = await _send(store, bucket, target, upload_id, plan_join(sources), still_ours)
        expected = multipart_etag([part.etag for part in parts])
        etag = await store.complete_multipart(bucket, target, upload_id, parts)
        facts = await store.head(bucket, target)
        if facts is None or facts.size_bytes != total or expected not in {etag, facts.etag}:
            raise StoreDown(internal=f"the join of {target} can't be proven: {facts}, {etag} for {expected}")
    except BaseException:
        with contextlib.suppress(StowageError):
            await store.abort_multipart(bucket, target, upload_id)
        raise
    return expected


async def _send(
    store: Mover, bucket: str, target: str, upload_id: str, plan: Sequence[list[Span]], still_ours: Callable[[], Awaitable[None]]
) -> list[Part]:
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def one(number: int, spans: list[Span]) -> Part:
        async with gate:
            await still_ours()
            if len(spans) == 1 and spans[0].size >= MIN_PART:
                span = spans[0]
                return Part(number, await store.copy_part(bucket, target, upload_id, number, span.key, span.start, span.end))
            return Part(number, await store.put_part(bucket, target, upload_id, number, await _read(store, bucket, spans)))

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(number, spans)) for number, spans in enumerate(plan, 1)]
    except ExceptionGroup as several:
        raise several.exceptions[0] from several
    return [task.result() for task in tasks]


async def _read(store: Mover, bucket: str, spans: Sequence[Span]) -> bytes:
    pieces = [chunk for span in spans if span.size async for chunk in store.read(bucket, span.key, span.start, span.end)]
    return b"".join(pieces)
