"""What is made of a file when somebody first looks at it: asked for, and waited for a little."""

import asyncio

from service.core.db import Database, WriteSession
from service.core.errors import StowageError
from service.media import repository
from service.media.jobs import OnDemand
from service.media.models import Derivative
from service.media.service import Source, store_derivative
from service.outbox import repository as jobs
from service.outbox import service as outbox

# Object of a derivative that is a file itself, under its prefix.
CONTENT = "content"
WAIT_S = 2.0
POLL_S = 0.05


async def find_or_make(database: Database, job: OnDemand) -> Derivative | None:
    """What the job makes, ready or failed; None where it takes longer, and is under way."""
    if (row := await _find(database, job)) is not None:
        return row
    async with database.write() as session:
        if not await jobs.is_pending(session, job.tag(), file_id=job.file_id, kind=job.kind):
            await repository.want(session, job.version_id, [job.kind])
            outbox.enqueue(session, [job])
    for _ in range(int(WAIT_S / POLL_S)):
        await asyncio.sleep(POLL_S)
        if (row := await _find(database, job)) is not None:
            return row
    return None


def made(row: Derivative | None, still: type[StowageError], refused: type[StowageError]) -> tuple[Derivative, str]:
    """What `find_or_make` found, and the prefix that it lies under. Raises `still` while it is being made, `refused` where it can't be."""
    if row is None:
        raise still
    if row.state != "ready" or row.prefix is None:
        raise refused(row.error)
    return row, row.prefix


async def _find(database: Database, job: OnDemand) -> Derivative | None:
    async with database.read() as session:
        row = await repository.derivative(session, job.version_id, job.kind)
    return row if row is not None and row.state in {"ready", "failed", "skipped"} else None


async def store_made(session: WriteSession, source: Source, kind: str, prefix: str, facts: dict[str, object], size_bytes: int) -> None:
    row = Derivative(version_id=source.version_id, kind=kind, state="ready", prefix=prefix, bytes=size_bytes, facts=facts, error=None)
    await store_derivative(session, source, row, {})


async def store_refusal(session: WriteSession, source: Source, kind: str, reason: str, facts: dict[str, object] | None = None) -> None:
    """What can't be made says why, and is not tried again by itself."""
    row = Derivative(version_id=source.version_id, kind=kind, state="failed", prefix=None, bytes=0, facts=facts or {}, error=reason)
    await store_derivative(session, source, row, {})
