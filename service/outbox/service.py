"""Publishing and enqueueing inside the caller's transaction."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func

from service.core.db import WriteSession
from service.core.ids import new_id
from service.outbox.base import Event, Job, JobFailed
from service.outbox.models import JobRow, OutboxRow
from service.outbox.repository import Claimed, add_row, close, expire_leases, retry

TICKET = "ticket"
EVENT = "event"


class LeaseLost(Exception):
    """Another worker has this job now: drop everything, publish nothing."""


async def publish(session: WriteSession, event: Event) -> None:
    """Tell subscribers, once this transaction commits."""
    await add_row(session, EVENT, event.tag(), event.to_payload())


def publish_later(session: WriteSession, event: Event) -> None:
    """`publish`, written when the session is flushed."""
    session.add(OutboxRow(kind=EVENT, tag=event.tag(), payload=event.to_payload()))


def enqueue(session: WriteSession, jobs: Sequence[Job], *, after_s: float = 0) -> list[UUID]:
    """Add jobs, to be begun no sooner than in so many seconds, and one ticket per queue they go to; the jobs' ids."""
    when = {"run_after": func.now() + func.make_interval(0, 0, 0, 0, 0, 0, after_s)} if after_s else {}
    rows = [
        JobRow(
            id=new_id(),
            tag=job.tag(),
            queue=job.queue,
            payload=job.to_payload(),
            priority=job.priority,
            max_attempts=job.max_attempts,
            file_id=job.about_file(),
            **when,
        )
        for job in jobs
    ]
    session.add_all(rows)
    session.add_all(
        OutboxRow(kind=TICKET, tag=queue, payload={"tickets": sum(job.queue == queue for job in jobs)})
        for queue in {job.queue for job in jobs}
    )
    return [row.id for row in rows]


async def finish_job(session: WriteSession, job: Claimed, result: dict[str, object] | None = None) -> None:
    """End the job in the transaction that stores what it made; `result` is for who asked for it. Raises LeaseLost."""
    if not await close(session, job, "done", result=result):
        raise LeaseLost


async def fail_job(session: WriteSession, job: Claimed, reason: str) -> None:
    """Give the job up for good and tell subscribers. A lost lease changes nothing."""
    if await close(session, job, "failed", reason):
        await publish(session, JobFailed(job_id=job.id, job_tag=job.tag, payload=job.payload, reason=reason))


async def retry_job(session: WriteSession, job_id: UUID) -> bool:
    """False: it neither failed nor was cancelled."""
    queue = await retry(session, job_id)
    if queue is None:
        return False
    await add_row(session, TICKET, queue, {"tickets": 1})
    return True


async def recover_expired(session: WriteSession) -> int:
    """Requeue jobs of dead workers, or fail them when their attempts are used up. Returns how many."""
    rows = await expire_leases(session)
    for row in rows:
        if row.state == "failed":
            await publish(session, JobFailed(job_id=row.id, job_tag=row.tag, payload=row.payload, reason=row.error))
        else:
            await add_row(session, TICKET, row.queue, {"tickets": 1})
    return len(rows)
