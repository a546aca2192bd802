"""Statements on `workers`: who is there to do jobs."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from service.core.db import ReadSession, WriteSession
from service.outbox.models import WorkerRow

# A worker says that it is there every 10 s; one that was silent for so long is gone.
GONE_S = 60
MAX_WORKERS = 1_000


class WorkerFacts(msgspec.Struct, frozen=True):
    """What a worker says of itself. `slots`: jobs at once; `sandbox`: what confines its children, for people."""

    id: str
    queue: str
    host: str
    slots: int
    sandbox: str
    ffmpeg: str


async def report(session: WriteSession, facts: WorkerFacts, running: int) -> None:
    """Note that a worker is there, and how many jobs it has in hand."""
    values = msgspec.to_builtins(facts) | {"running": running}
    statement = insert(WorkerRow).values(**values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_={**values, "seen_at": func.now()}),
    )


async def leave(session: WriteSession, worker: str) -> None:
    """This worker is gone, and so are those that did not say goodbye."""
    is_gone = WorkerRow.seen_at < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, GONE_S)
    await session.execute(delete(WorkerRow).where((WorkerRow.id == worker) | is_gone))


async def present(session: ReadSession) -> Sequence[WorkerRow]:
    is_there = WorkerRow.seen_at >= func.now() - func.make_interval(0, 0, 0, 0, 0, 0, GONE_S)
    return (await session.scalars(select(WorkerRow).where(is_there).order_by(WorkerRow.queue, WorkerRow.id).limit(MAX_WORKERS))).all()
