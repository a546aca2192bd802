"""DigestFile: SHA-256 and CRC-32 of what lies in the store, read once more from there."""

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterator

from service.files import repository as files
from service.files.jobs import DigestFile
from service.files.service import record_digest
from service.outbox.context import JobContext
from workers.upkeep.cleaning import UpkeepDeps

STEP = 4 << 20
REPORT_EVERY = 64


async def _steps(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    pending: list[bytes] = []
    size = 0
    async for chunk in chunks:
        pending.append(chunk)
        size += len(chunk)
        if size >= STEP:
            yield b"".join(pending)
            pending, size = [], 0
    yield b"".join(pending)


class Digests:
    """Both over the same bytes."""

    def __init__(self) -> None:
        self.sha256 = hashlib.sha256()
        self.crc32 = 0

    def update(self, step: bytes) -> None:
        self.sha256.update(step)
        self.crc32 = zlib.crc32(step, self.crc32)


async def digest_file(job: DigestFile, deps: UpkeepDeps, context: JobContext) -> None:
    """Hashing leaves the event loop; the next bytes are read meanwhile."""
    async with deps.database.read() as session:
        version = await files.version_by_id(session, job.version_id)
    if version is None or version.sha256 is not None:
        return
    digests = Digests()
    hashing: asyncio.Task[None] | None = None
    done = steps = 0
    async for step in _steps(deps.store.read(version.bucket, version.key)):
        if hashing is not None:
            await hashing
        hashing = asyncio.create_task(asyncio.to_thread(digests.update, step))
        done, steps = done + len(step), steps + 1
        if steps % REPORT_EVERY == 0:
            await context.progress(done / version.size_bytes)
    if hashing is not None:
        await hashing
    async with deps.database.write() as session:
        await record_digest(session, version.id, digests.sha256.hexdigest(), digests.crc32)
        await context.finish(session)
