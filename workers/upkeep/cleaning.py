"""DrainDoomed and ForgetJobs delete what is due, in bounded steps; ScanStore finds what neither side knows of the other."""

import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import Database
from service.files import repository as files
from service.files.jobs import CleanDerived, DrainDoomed
from service.outbox import repository as outbox
from service.outbox.context import JobContext
from service.outbox.jobs import ForgetJobs
from service.storage.port import Lister, Mover
from service.uploads.jobs import ScanStore
from service.uploads.upkeep.scan import Scan

BATCH = 1_000
MAX_BATCHES = 100
SHOWN = 50


class UpkeepStore(Mover, Lister, Protocol):
    """What upkeep needs of a store."""


@dataclass(frozen=True, slots=True)
class UpkeepDeps:
    """Shared by all upkeep jobs of a worker process."""

    database: Database
    store: UpkeepStore
    originals: str
    derived: str
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


async def scan_store(job: ScanStore, deps: UpkeepDeps, context: JobContext) -> None:
    findings = await Scan(deps.database, deps.store, deps.originals).run()
    findings.report()
    deleted = []
    if job.delete_older_than_s is not None:
        deleted = [key for key in findings.strays if await is_old(deps, deps.originals, key, job.delete_older_than_s)]
        await deps.store.delete(deps.originals, deleted)
        async with deps.database.write() as session:
            audit.record(
                session, None, "store.delete_strays", Thing("store", None, deps.originals), keys=deleted[:SHOWN], count=len(deleted)
            )
    context.result = {
        "keys": findings.keys,
        "leftovers": len(findings.leftovers),
        "strays": len(findings.strays),
        "missing": len(findings.missing),
        "deleted": len(deleted),
        "shown_strays": findings.strays[:SHOWN],
        "shown_missing": findings.missing[:SHOWN],
    }


async def is_old(deps: UpkeepDeps, bucket: str, key: str, age_s: int) -> bool:
    """By the store's clock; what the store can't tell the age of is young."""
    facts = await deps.store.head(bucket, key)
    return facts is not None and facts.stored_at is not None and datetime.now(UTC) - facts.stored_at > timedelta(seconds=age_s)


async def clean_derived(job: CleanDerived, deps: UpkeepDeps, context: JobContext) -> None:
    """A version's prefix at a time; what is young may be a worker's whose version is only just gone."""
    found = deleted = 0
    async for page in _pages(deps.store.list_keys(deps.derived, "d/")):
        ids = {key: _version_of(key) for key in page}
        async with deps.database.read() as session:
            known = await files.known_versions(session, [one for one in ids.values() if one is not None])
        gone = [key for key, version in ids.items() if version is not None and version not in known]
        old = [key for key in gone if await is_old(deps, deps.derived, key, job.min_age_s)]
        found += len(old)
        if old and not job.is_dry_run:
            await deps.store.delete(deps.derived, old)
            deleted += len(old)
    context.result = {"found": found, "deleted": deleted}


def _version_of(key: str) -> UUID | None:
    with contextlib.suppress(ValueError):
        return UUID(key.split("/")[1])
    return None


async def _pages(keys: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    page: list[str] = []
    async for key in keys:
        page.append(key)
        if len(page) == BATCH:
            yield page
            page = []
    if page:
        yield page
