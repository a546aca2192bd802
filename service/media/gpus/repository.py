"""Statements on `gpus` and `gpu_samples`."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from service.core.db import ReadSession, WriteSession
from service.media.models import Gpu, GpuSample
from service.media.planning import MODES
from service.outbox.models import JobRow
from service.outbox.workers.repository import seen_lately

HISTORY_S = 3_600
MAX_GPUS = 100
MAX_STRANDED = 100


class GpuFacts(msgspec.Struct, frozen=True):
    """What a worker says of its GPU. `index` as NVML counts, `slots` jobs at once, `reason` why the mode is not a better one, `decodes` as in
    a plan's `decoder`.
    """

    id: str
    worker: str
    host: str
    index: int
    uuid: str
    name: str
    driver: str
    memory_bytes: int
    mode: str
    reason: str
    slots: int
    decodes: list[str]


async def report(session: WriteSession, facts: GpuFacts, figures: dict[str, Any], *, is_proven_now: bool) -> None:
    """Note what a GPU is and does; figures older than an hour go."""
    values = msgspec.to_builtins(facts)
    changed = {**values, "seen_at": func.now(), **({"proven_at": func.now()} if is_proven_now else {})}
    statement = insert(Gpu).values(**values)
    await session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))
    await session.execute(delete(GpuSample).where(GpuSample.gpu_id == facts.id, GpuSample.taken_at < _ago(HISTORY_S)))
    if figures:
        session.add(GpuSample(gpu_id=facts.id, figures=figures))


def _ago(seconds: float) -> Any:
    return func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)


async def leave(session: WriteSession, gpu_id: str) -> None:
    await session.execute(delete(Gpu).where((Gpu.id == gpu_id) | (Gpu.seen_at < _ago(HISTORY_S))))


async def present(session: ReadSession) -> Sequence[Gpu]:
    return (await session.scalars(select(Gpu).where(seen_lately(Gpu.seen_at)).order_by(Gpu.host, Gpu.index).limit(MAX_GPUS))).all()


async def best_mode(session: ReadSession, decoder: str = "") -> str:
    """The best mode that some GPU of a living worker was proven in, of those that decode what `decoder` names."""
    query = select(Gpu.mode).where(seen_lately(Gpu.seen_at)).distinct()
    found = set((await session.scalars(query.where(Gpu.decodes.contains([decoder])) if decoder else query)).all())
    return next((mode for mode in reversed(MODES) if mode in found), MODES[0])


_LATEST = text("""
    SELECT g.id, s.taken_at, s.figures FROM unnest(CAST(:ids AS text[])) AS g(id)
    JOIN LATERAL (SELECT taken_at, figures FROM gpu_samples WHERE gpu_id = g.id ORDER BY taken_at DESC LIMIT 1) s ON true""")
_MINUTES = text("""
    SELECT gpu_id, date_bin('1 minute', taken_at, 'epoch') AS at,
           round(avg((figures->>'gpu_percent')::numeric), 1)::float AS gpu_percent,
           round(avg((figures->>'encoder_percent')::numeric), 1)::float AS encoder_percent,
           round(avg((figures->>'decoder_percent')::numeric), 1)::float AS decoder_percent,
           round(avg((figures->>'power_w')::numeric), 1)::float AS power_w,
           max((figures->>'memory_bytes')::bigint) AS memory_bytes
    FROM gpu_samples WHERE gpu_id = ANY(:ids) AND taken_at > now() - make_interval(secs => :seconds)
    GROUP BY gpu_id, at ORDER BY at""")


async def latest(session: ReadSession, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The last figures of each, with `taken_at`."""
    rows = await session.execute(_LATEST, {"ids": list(ids)})
    return {row.id: {"taken_at": row.taken_at, **row.figures} for row in rows}


async def minutes(session: ReadSession, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The last hour of each, minute by minute."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in await session.execute(_MINUTES, {"ids": list(ids), "seconds": HISTORY_S}):
        found.setdefault(row.gpu_id, []).append({name: value for name, value in row._mapping.items() if name != "gpu_id"})  # noqa: SLF001  SQLAlchemy's name for it
    return found


async def jobs_of(session: ReadSession, workers: Sequence[str]) -> Sequence[JobRow]:
    query = select(JobRow).where(JobRow.worker.in_(list(workers)), JobRow.state == "running").order_by(JobRow.id)
    return (await session.scalars(query.limit(MAX_GPUS))).all()


async def stranded(session: ReadSession, queue: str, older_than_s: float) -> Sequence[UUID]:
    """Transcodes with chunks that have waited so long for a GPU."""
    query = text("""
        SELECT DISTINCT (payload->>'transcode_id')::uuid AS id FROM jobs
        WHERE queue = :queue AND state = 'queued' AND created_at < now() - make_interval(secs => :age) LIMIT :limit""")
    return (await session.scalars(query, {"queue": queue, "age": older_than_s, "limit": MAX_STRANDED})).all()
