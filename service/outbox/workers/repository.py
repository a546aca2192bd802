"""Statements on `workers`: who is there to do jobs."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from service.core.db import ReadSession, WriteSession
from service.outbox.models import WorkerRow

# A worker says that it is there every 10 s; one that was silent for so long is gone.
GONE_S = 60
MAX_WORKERS = 1_000


class WorkerFacts(msgspec.Struct, frozen=True):
    """What a worker says of itself. `slots`: jobs at once; `sandbox`: what confines its children; `gpu`: why it encodes on the CPU, if it does."""

    id: str
    queue: str
    host: str
    slots: int
    sandbox: str
    ffmpeg: str
    gpu: str = ""


def seen_lately(seen_at: InstrumentedAttribute[datetime]) -> ColumnElement[bool]:
    return seen_at >= func.now() - func.make_interval(0, 0, 0, 0, 0, 0, GONE_S)


async def report(session: WriteSession, facts: WorkerFacts, running: int) -> None:
    """Note that a worker is there, and how many jobs it has in hand."""
    values = msgspec.to_builtins(facts) | {"running": running}
    statement = insert(WorkerRow).values(**values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_={**values, "seen_at": func.now()}),
    )


async def leave(session: WriteSession, worker: str) -> None:
    """This worker is gone, and so are those that did not say goodbye."""
    await session.execute(delete(WorkerRow).where((WorkerRow.id == worker) | ~seen_lately(WorkerRow.seen_at)))


async def present(session: ReadSession) -> Sequence[WorkerRow]:
    query = select(WorkerRow).where(seen_lately(WorkerRow.seen_at)).order_by(WorkerRow.queue, WorkerRow.id)
    return (await session.scalars(query.limit(MAX_WORKERS))).all()
