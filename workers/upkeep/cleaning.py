"""DrainDoomed and ForgetJobs delete what is due, in bounded steps; ScanStore finds what neither side knows of the other."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Protocol

from service.core.db import Database
from service.files import repository as files
from service.files.jobs import DrainDoomed
from service.outbox import repository as outbox
from service.outbox.context import JobContext
from service.outbox.jobs import ForgetJobs
from service.storage.port import Lister, Mover
from service.uploads.jobs import ScanStore
from service.uploads.upkeep.scan import Scan

BATCH = 1_000
MAX_BATCHES = 100


class UpkeepStore(Mover, Lister, Protocol):
    """What upkeep needs of a store."""


@dataclass(frozen=True, slots=True)
class UpkeepDeps:
    """Shared by all upkeep jobs of a worker process."""

    database: Database
    store: UpkeepStore
    originals: str
    recovery_window_s: int
    project_delete_delay_s: int
    trash_keep_s: int
    jobs_keep_s: int


async def drain_doomed(_: DrainDoomed, deps: UpkeepDeps, __: JobContext) -> None:
    """Objects first, rows after: a kill in between deletes again, which changes nothing."""
    for _step in range(MAX_BATCHES):
        async with deps.database.read() as session:
            due = await files.due_dooms(session, BATCH)
        if not due:
            return
        keys: dict[str, list[str]] = defaultdict(list)
        for row in due:
            if row.is_prefix:
                keys[row.bucket] += [key async for key in deps.store.list_keys(row.bucket, row.key)]
            else:
                keys[row.bucket].append(row.key)
        for bucket, doomed in keys.items():
            await deps.store.delete(bucket, doomed)
        async with deps.database.statement() as session:
            await files.forget_dooms(session, [row.id for row in due])


async def forget_jobs(_: ForgetJobs, deps: UpkeepDeps, __: JobContext) -> None:
    for _step in range(MAX_BATCHES):
        async with deps.database.statement() as session:
            if await outbox.forget_finished(session, older_than_s=deps.jobs_keep_s, limit=BATCH) < BATCH:
                return


async def scan_store(_: ScanStore, deps: UpkeepDeps, __: JobContext) -> None:
    findings = await Scan(deps.database, deps.store, deps.originals).run()
    findings.report()
