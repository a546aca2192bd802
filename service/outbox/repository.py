"""Every statement on `outbox` and `jobs`. Time is Postgres's now() throughout."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, Update, func, select, text, update

from service.core.db import ReadSession, WriteSession
from service.core.ids import new_id
from service.outbox.base import Event
from service.outbox.models import JobRow

LEASE_S = 30
MAX_DELIVERIES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Claimed:
    """A job this worker holds until its lease runs out."""

    id: UUID
    tag: str
    payload: dict[str, object]
    fence: int
    attempt: int
    max_attempts: int


_CLAIM = text(f"""
    UPDATE jobs SET state = 'running', attempt = attempt + 1, fence = fence + 1, worker = :worker,
           lease_until = now() + interval '{LEASE_S} seconds', started_at = now(), error = NULL
    WHERE id = (SELECT id FROM jobs WHERE queue = :queue AND state = 'queued' AND attempt < max_attempts AND run_after <= now()
                ORDER BY priority DESC, id FOR UPDATE SKIP LOCKED LIMIT 1)
    RETURNING id, tag, payload, fence, attempt, max_attempts""")

_RENEW = text(f"""
    UPDATE jobs SET lease_until = now() + interval '{LEASE_S} seconds'
    FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS bigint[])) AS held(held_id, held_fence)
    WHERE jobs.id = held_id AND jobs.fence = held_fence AND jobs.state = 'running'
    RETURNING jobs.id""")

_EXPIRE = text("""
    UPDATE jobs SET state = CASE WHEN attempt >= max_attempts THEN 'failed' ELSE 'queued' END,
           finished_at = CASE WHEN attempt >= max_attempts THEN now() END, fence = fence + 1, lease_until = NULL,
           error = 'The worker stopped in the middle (attempt ' || attempt || ' of ' || max_attempts || ').'
    WHERE id IN (SELECT id FROM jobs WHERE state = 'running' AND lease_until < now() ORDER BY lease_until FOR UPDATE SKIP LOCKED LIMIT 100)
    RETURNING id, tag, payload, queue, state, error""")

_DUE_EVENTS = text("""
    SELECT id, kind, tag, payload FROM outbox WHERE parked_at IS NULL AND due_at <= now()
    ORDER BY due_at, id FOR UPDATE SKIP LOCKED LIMIT :limit""")


async def claim(session: WriteSession, queue: str, worker: str) -> Claimed | None:
    row = (await session.execute(_CLAIM, {"queue": queue, "worker": worker})).one_or_none()
    return None if row is None else Claimed(*row)


async def renew(session: WriteSession, held: Sequence[Claimed]) -> set[UUID]:
    """Renew leases in one statement; returns the ids still held."""
    parameters = {"ids": [job.id for job in held], "fences": [job.fence for job in held]}
    return {row.id for row in await session.execute(_RENEW, parameters)}


async def close(session: WriteSession, job: Claimed, state: str, error: str | None = None, result: dict[str, object] | None = None) -> bool:
    """End a job if its fence still holds."""
    ended = update(JobRow).where(JobRow.id == job.id, JobRow.fence == job.fence, JobRow.state == "running")
    values: dict[str, object] = {"state": state, "error": error, "result": result, "finished_at": func.now(), "lease_until": None}
    if state == "done":
        values["progress"] = 1.0
    return (await session.execute(ended.values(values).returning(JobRow.id))).one_or_none() is not None


async def requeue(session: WriteSession, job: Claimed, *, after_s: float, error: str | None, gives_back: bool) -> None:
    """Put a job back; `gives_back` returns the attempt (the worker was asked to stop)."""
    await session.execute(
        text("""
            UPDATE jobs SET state = 'queued', lease_until = NULL, fence = fence + 1, error = :error,
                   attempt = attempt - :returned, run_after = now() + make_interval(secs => :after_s)
            WHERE id = :id AND fence = :fence AND state = 'running'"""),
        {"id": job.id, "fence": job.fence, "error": error, "returned": int(gives_back), "after_s": after_s},
    )


async def set_progress(session: WriteSession, job: Claimed, progress: float) -> None:
    await session.execute(update(JobRow).where(JobRow.id == job.id, JobRow.fence == job.fence).values(progress=progress))


async def expire_leases(session: WriteSession) -> Sequence[Row[UUID, str, dict[str, object], str, str, str]]:
    return (await session.execute(_EXPIRE)).all()


async def due(session: WriteSession, limit: int) -> Sequence[Row[UUID, str, str, dict[str, object]]]:
    return (await session.execute(_DUE_EVENTS, {"limit": limit})).all()


_ADD = text("INSERT INTO outbox (id, kind, tag, payload) VALUES (:id, :kind, :tag, CAST(:payload AS jsonb))")
# For statements of others that tell of what they do: one row of `{source}`, one event.
EVENT_FROM = "INSERT INTO outbox (id, kind, tag, payload) SELECT :event_id, 'event', :event_tag, CAST(:event AS jsonb) FROM {source}"


async def add_row(session: WriteSession, kind: str, tag: str, payload: dict[str, object]) -> None:
    await session.execute(_ADD, {"id": new_id(), "kind": kind, "tag": tag, "payload": _json(payload)})


def event_parameters(event: Event) -> dict[str, object]:
    """For EVENT_FROM."""
    return {"event_id": new_id(), "event_tag": event.tag(), "event": _json(event.to_payload())}


def _json(payload: dict[str, object]) -> str:
    return msgspec.json.encode(payload).decode()


async def drop(session: WriteSession, row_ids: Sequence[UUID]) -> None:
    await session.execute(text("DELETE FROM outbox WHERE id = ANY(:ids)"), {"ids": list(row_ids)})


async def postpone(session: WriteSession, row_id: UUID, error: str) -> None:
    """Count a failed delivery; after MAX_DELIVERIES the row is parked, never the queue."""
    await session.execute(
        text("""
            UPDATE outbox SET attempts = attempts + 1, error = :error, due_at = now() + make_interval(secs => least(300, 2 ^ attempts)),
                   parked_at = CASE WHEN attempts + 1 >= :most THEN now() END WHERE id = :id"""),
        {"id": row_id, "error": error[:2000], "most": MAX_DELIVERIES},
    )


async def depths(session: ReadSession) -> dict[str, int]:
    """Claimable jobs by queue."""
    rows = await session.execute(
        select(JobRow.queue, func.count()).where(JobRow.state == "queued", JobRow.run_after <= func.now()).group_by(JobRow.queue)
    )
    return {row[0]: row[1] for row in rows}


async def jobs_page(
    session: ReadSession, *, states: Sequence[str], file_ids: Sequence[UUID] | None, before: UUID | None, limit: int, tag: str = ""
) -> Sequence[JobRow]:
    query = select(JobRow).order_by(JobRow.id.desc()).limit(limit)
    if states:
        query = query.where(JobRow.state.in_(states))
    if tag:
        query = query.where(JobRow.tag.startswith(tag, autoescape=True))
    if file_ids is not None:
        query = query.where(JobRow.file_id.in_(file_ids))
    if before is not None:
        query = query.where(JobRow.id < before)
    return (await session.scalars(query)).all()


async def job(session: ReadSession, job_id: UUID) -> JobRow | None:
    return (await session.scalars(select(JobRow).where(JobRow.id == job_id))).one_or_none()


async def counts(session: ReadSession) -> dict[tuple[str, str], int]:
    """Jobs by queue and state."""
    rows = await session.execute(select(JobRow.queue, JobRow.state, func.count()).group_by(JobRow.queue, JobRow.state))
    return {(row[0], row[1]): row[2] for row in rows}


_HOURLY = text("""
    SELECT date_trunc('hour', finished_at) AS at, queue, count(*) FILTER (WHERE state = 'done') AS done,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           round(coalesce(sum(extract(epoch FROM finished_at - started_at)), 0), 1)::float AS busy_s
    FROM jobs WHERE finished_at > date_trunc('hour', now()) - make_interval(hours => :hours - 1)
    GROUP BY 1, 2 ORDER BY 1, 2""")


async def hourly(session: ReadSession, hours: int) -> list[dict[str, Any]]:
    """Jobs that ended, by hour and queue, up to now."""
    return [dict(row._mapping) for row in await session.execute(_HOURLY, {"hours": hours})]  # noqa: SLF001  SQLAlchemy's name for it


async def retry(session: WriteSession, job_id: UUID) -> str | None:
    """Begin a job that failed or was cancelled anew, with all its attempts; its queue, or None where it is none of the kind."""
    statement = (
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.state.in_(["failed", "cancelled"]))
        .values(
            state="queued",
            attempt=0,
            error=None,
            result=None,
            progress=None,
            run_after=func.now(),
            finished_at=None,
            fence=JobRow.fence + 1,
        )
    )
    return (await session.scalars(statement.returning(JobRow.queue))).one_or_none()


async def cancel(session: WriteSession, job_id: UUID) -> bool:
    """A job that waits or runs: its worker notices within seconds that the lease is gone, and publishes nothing."""
    return (await session.scalars(_cancelling().where(JobRow.id == job_id).returning(JobRow.id))).one_or_none() is not None


def _cancelling() -> Update:
    is_open = JobRow.state.in_(["queued", "running"])
    return update(JobRow).where(is_open).values(state="cancelled", finished_at=func.now(), lease_until=None, fence=JobRow.fence + 1)


async def cancel_about(session: WriteSession, file_id: UUID, tags: Sequence[str]) -> None:
    """All jobs of some kinds for a file, as `cancel` does it for one."""
    await session.execute(_cancelling().where(JobRow.file_id == file_id, JobRow.tag.in_(tags)))


async def set_priority(session: WriteSession, file_id: UUID, tags: Sequence[str], priority: int) -> None:
    """Let waiting jobs of some kinds for a file go before those of a lower priority."""
    waiting = (JobRow.file_id == file_id) & JobRow.tag.in_(tags) & (JobRow.state == "queued") & (JobRow.priority < priority)
    await session.execute(update(JobRow).where(waiting).values(priority=priority))


async def forget_finished(session: WriteSession, *, older_than_s: int, limit: int) -> int:
    result = await session.execute(
        text(
            "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE finished_at < now() - make_interval(secs => :age) LIMIT :limit) RETURNING id"
        ),
        {"age": older_than_s, "limit": limit},
    )
    return len(result.all())


async def is_pending(session: ReadSession, tag: str, *, or_within_s: float = 0, file_id: UUID | None = None, kind: str = "") -> bool:
    """Whether such a job (for a file, with that `kind` in its payload) waits or runs, or was enqueued in these last seconds."""
    is_recent = JobRow.created_at > func.now() - func.make_interval(0, 0, 0, 0, 0, 0, or_within_s)
    query = select(JobRow.id).where(JobRow.tag == tag, JobRow.state.in_(["queued", "running"]) | is_recent).limit(1)
    if file_id is not None:
        query = query.where(JobRow.file_id == file_id)
    if kind:
        query = query.where(JobRow.payload["kind"].astext == kind)
    return (await session.scalars(query)).one_or_none() is not None
