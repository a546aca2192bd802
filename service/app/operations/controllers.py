"""`/system/jobs`, `/system/tasks`, `/system/storage`."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, post
from litestar.params import Parameter

from service.app.operations import repository
from service.app.operations.schemas import (
    JobHour,
    JobHours,
    LargeProject,
    QueueCount,
    QueueCounts,
    Storage,
    SystemJob,
    SystemJobPage,
    SystemWorker,
    SystemWorkers,
    TaskWanted,
)
from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import ReadSession
from service.core.errors import Missing
from service.core.http.guards import SCOPE, require_admin
from service.core.http.inject import Caller, Config, Cursor, Reading, Writing
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_id, encode_cursor
from service.core.principal import Scope
from service.files.jobs import CleanDerived, EmptyTrash, FixTypes, RecountQuota, VerifyFiles
from service.media.gpus import service as gpus
from service.media.gpus.schemas import Gpus
from service.outbox import repository as outbox_repository
from service.outbox import service as outbox
from service.outbox.base import Job
from service.outbox.models import JobRow
from service.outbox.workers import repository as workers
from service.uploads.jobs import ScanStore

DAY_S = 86_400
# What is younger than this may be somebody's work that is going on.
LEAST_AGE_S = DAY_S
LARGEST = 20
HOURS = 24
State = Literal["queued", "running", "done", "failed", "cancelled"]


def _view(row: JobRow) -> SystemJob:
    return SystemJob(**{name: getattr(row, name) for name in SystemJob.__struct_fields__})


def _job_of(wanted: TaskWanted) -> Job:
    age = wanted.older_than_s
    match wanted.task:
        case "recount_quota":
            return RecountQuota()
        case "empty_trash":
            return EmptyTrash(age, wanted.is_dry_run)
        case "scan_store":
            return ScanStore(None if wanted.is_dry_run else max(LEAST_AGE_S, age or 0))
        case "clean_derived":
            return CleanDerived(wanted.is_dry_run, max(LEAST_AGE_S, age or 0))
        case "fix_types":
            return FixTypes(wanted.is_dry_run, wanted.project_id)
        case _:
            return VerifyFiles(wanted.is_dry_run, wanted.project_id)


async def _one(session: ReadSession, job_id: UUID) -> JobRow:
    row = await outbox_repository.job(session, job_id)
    if row is None:
        raise Missing
    return row


class OperationsController(Controller):
    path = "/system"
    tags = ("system",)
    guards = (require_admin,)
    opt = {SCOPE: Scope.ADMIN}  # noqa: RUF012  Litestar reads it from the class

    @get("/jobs", summary="Jobs of all queues, newest first")
    async def jobs(
        self,
        read: Reading,
        states: Annotated[list[State] | None, Parameter(query="state")] = None,
        tag: Annotated[str, Parameter(max_length=100)] = "",
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> SystemJobPage:
        rows = await outbox_repository.jobs_page(
            read, states=states or (), file_ids=None, before=decode_id(cursor), limit=check_limit(limit) + 1, tag=tag
        )
        return SystemJobPage([_view(row) for row in rows[:limit]], encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None)

    @get("/jobs/counts", summary="How many jobs each queue has, by state")
    async def counts(self, read: Reading) -> QueueCounts:
        found = await outbox_repository.counts(read)
        return QueueCounts([QueueCount(queue, state, jobs) for (queue, state), jobs in sorted(found.items())])

    @get("/jobs/hourly", summary="Jobs that ended in each hour of the last day, by queue")
    async def hourly(self, read: Reading) -> JobHours:
        return JobHours([JobHour(**row) for row in await outbox_repository.hourly(read, HOURS)])

    @get("/workers", summary="Processes that do jobs, as they last said of themselves")
    async def present(self, read: Reading) -> SystemWorkers:
        rows = await workers.present(read)
        return SystemWorkers([SystemWorker(**{name: getattr(row, name) for name in SystemWorker.__struct_fields__}) for row in rows])

    @get("/gpus", summary="GPUs of all workers: what each was proven to do, does, and did in the last hour")
    async def gpus(self, read: Reading) -> Gpus:
        return await gpus.overview(read)

    @get("/jobs/{job_id:uuid}", summary="One job")
    async def job(self, job_id: UUID, read: Reading) -> SystemJob:
        return _view(await _one(read, job_id))

    @post("/jobs/{job_id:uuid}/retry", status_code=204, summary="Begin a job anew that failed or was cancelled")
    async def retry(self, job_id: UUID, principal: Caller, write: Writing) -> None:
        row = await _one(write, job_id)
        if not await outbox.retry_job(write, job_id):
            raise Missing
        audit.record(write, principal, "jobs.retry", Thing("job", job_id, row.tag))

    @delete("/jobs/{job_id:uuid}", summary="Cancel a job that waits or runs")
    async def cancel(self, job_id: UUID, principal: Caller, write: Writing) -> None:
        row = await _one(write, job_id)
        if not await outbox_repository.cancel(write, job_id):
            raise Missing
        audit.record(write, principal, "jobs.cancel", Thing("job", job_id, row.tag))

    @post("/tasks", summary="Start a task of upkeep; its job says what it found")
    async def start(self, data: TaskWanted, principal: Caller, write: Writing) -> SystemJob:
        job = _job_of(data)
        ids = outbox.enqueue(write, [job])
        await write.flush()
        audit.record(write, principal, "system.task", Thing("job", ids[0], job.tag()), **msgspec.to_builtins(data))
        row = await _one(write, ids[0])
        await write.refresh(row)
        return _view(row)

    @get("/storage", summary="What is stored in all, and by the largest projects")
    async def storage(self, read: Reading, settings: Config) -> Storage:
        store = settings.store
        largest = [LargeProject(**row) for row in await repository.largest(read, LARGEST)]
        return Storage(**await repository.totals(read), buckets=[store.originals, store.derived, store.imports], largest=largest)
