"""CopyEntries: each file is copied at the store and then listed; what an earlier attempt listed is not copied again."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid5

from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import Database
from service.core.errors import Missing, StowageError
from service.files import service as files
from service.files.copies import repository
from service.files.copies.repository import Original
from service.files.jobs import CopyEntries
from service.files.service import StoredObject
from service.files.tree import repository as tree
from service.outbox.base import PermanentError
from service.outbox.context import JobContext
from service.quota import service as quota
from service.quota.errors import QuotaExceeded
from service.storage.join import join
from service.storage.keys import object_key
from workers.upkeep.cleaning import UpkeepDeps

PAGE = 500
MAX_PAGES = 2_000
MAX_FOLDERS = 200_000
AT_ONCE = 4


async def copy_entries(job: CopyEntries, deps: UpkeepDeps, context: JobContext) -> None:
    """Raises PermanentError with what people should know: a full quota, a target that is gone."""
    async with deps.database.read() as session:
        total = len(job.files) + (await tree.totals_of(session, [folder.source for folder in job.folders]))[0]
    done = 0
    try:
        for folder in job.folders:
            async with deps.database.read() as session:
                paths = await repository.folders_below(session, folder.source, MAX_FOLDERS)
            for path in paths:
                async with deps.database.write() as session:
                    await files.resolve_folder(session, job.target_project_id, folder.target, path, job.user_id)
        async for batch in _batches(job, deps.database):
            gate = asyncio.Semaphore(AT_ONCE)
            async with asyncio.TaskGroup() as group:
                for original, target, path in batch:
                    group.create_task(_copy(job, deps, original, target, path, gate))
            done += len(batch)
            await context.progress(done / max(done, total))
    except* QuotaExceeded as several:
        await _give_up(job, deps, f"{done} files were copied, then: {_first(several)}")
    except* Missing:
        await _give_up(job, deps, f"{done} files were copied, then the folder to copy into was gone.")


async def _give_up(job: CopyEntries, deps: UpkeepDeps, reason: str) -> None:
    """Told to who asked for it. Raises PermanentError."""
    async with deps.database.write() as session:
        thing = Thing("user", job.user_id, reason, job.target_project_id)
        audit.record(session, None, "files.copy_failed", thing, outcome=audit.REFUSED)
    raise PermanentError(reason)


def _first(several: ExceptionGroup[StowageError]) -> str:
    one = several.exceptions[0]
    return _first(one) if isinstance(one, ExceptionGroup) else one.public


async def _batches(job: CopyEntries, database: Database) -> AsyncIterator[list[tuple[Original, UUID, str]]]:
    """(what, into which folder, by which path below it), a page at a time."""
    for start in range(0, len(job.files), PAGE):
        async with database.read() as session:
            found = await repository.originals(session, job.project_id, job.files[start : start + PAGE])
        yield [(original, job.target, "") for original in found]
    for folder in job.folders:
        after: UUID | None = None
        for _ in range(MAX_PAGES):
            async with database.read() as session:
                below = dict(await repository.files_below(session, folder.source, after, PAGE))
                found = await repository.originals(session, job.project_id, list(below))
            yield [(original, folder.target, below[original.id]) for original in found]
            if len(below) < PAGE:
                break
            after = max(below)


async def _copy(job: CopyEntries, deps: UpkeepDeps, original: Original, target: UUID, path: str, gate: asyncio.Semaphore) -> None:
    async with gate:
        key = object_key(uuid5(job.seed, f"{target}{original.id}"), 0)
        async with deps.database.read() as session:
            if await repository.has_key(session, key):
                return
        etag = await join(deps.store, deps.originals, key, [(original.key, original.size_bytes)], _go_on)
        try:
            await _list(job, deps, original, target, path, key, etag)
        except (QuotaExceeded, Missing):
            await deps.store.delete(deps.originals, [key])
            raise


async def _list(job: CopyEntries, deps: UpkeepDeps, original: Original, target: UUID, path: str, key: str, etag: str) -> None:
    async with deps.database.write() as session:
        folder = await files.resolve_folder(session, job.target_project_id, target, path, job.user_id)
        copy = StoredObject(
            project_id=job.target_project_id,
            folder_id=folder,
            user_id=job.user_id,
            name=original.name,
            on_conflict="rename",
            bucket=deps.originals,
            key=key,
            size_bytes=original.size_bytes,
            etag=etag,
            claimed_type=original.claimed_type,
            sha256=original.sha256,
            crc32=original.crc32,
            media_type=original.media_type,
            is_plain=bool(original.is_plain),
        )
        await files.store_version(session, copy)
        await quota.take(session, quota.Owners(job.user_id, job.target_project_id), original.size_bytes)


async def _go_on() -> None:
    """A copy belongs to nobody else: there is no lease to lose in the middle."""
