"""Ending files for good: rows and quota at once, objects after the recovery window, many at a time."""

import logging
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import WriteSession
from service.core.principal import Permission, Principal
from service.files.errors import NotInTrash
from service.files.events import FilesChanged, FilesPurged
from service.files.jobs import EmptyTrash
from service.files.trash import repository
from service.files.trash.repository import Ending
from service.files.tree.placing import NAMED
from service.outbox import service as outbox
from service.projects import repository as projects_repository
from service.projects import service as projects
from service.quota import service as quota

log = logging.getLogger("stowage.files")


async def purge(
    session: WriteSession,
    principal: Principal,
    project_id: UUID,
    recovery_window_s: int,
    *,
    files: Sequence[UUID] | None,
    folders: Sequence[UUID] | None,
) -> int:
    """Out of the trash for good: these, or with None all there is. A few files end now; more, and folders, are out of sight now, and
    a job ends them and gives their quota back.

    How many. Raises Missing, Forbidden, Archived.
    """
    await projects.require(session, principal, project_id, Permission.EDIT)
    done, few = 0, list[UUID]()
    for table, kind, ids in (("folders", "folder", folders), ("files", "file", files)):
        gone = await repository.doom_trashed(session, project_id, table, ids)
        done += len(gone)
        if len(gone) <= NAMED:
            for one, name in gone:
                audit.record(session, principal, f"{table}.purge", Thing(kind, one, name, project_id))
            few = [one for one, _ in gone] if kind == "file" else few
        else:
            audit.record(session, principal, f"{table}.purge", Thing(table, None, f"{len(gone)} {table}", project_id), count=len(gone))
    if done:
        log.info("purged", extra={"project": str(project_id), "user": str(principal.user_id), "count": done})
        if done > len(few):
            outbox.enqueue(session, [EmptyTrash()])
        await outbox.publish(session, FilesChanged(project_id))
        if few:
            await end_files(session, few, recovery_window_s)
    return done


async def purge_one(
    session: WriteSession, principal: Principal, project_id: UUID, recovery_window_s: int, *, files: Sequence[UUID], folders: Sequence[UUID]
) -> None:
    """`purge` of one thing. Raises also NotInTrash."""
    if not await purge(session, principal, project_id, recovery_window_s, files=files, folders=folders):
        raise NotInTrash


async def end_files(session: WriteSession, file_ids: Sequence[UUID], recovery_window_s: int) -> int:
    """Delete files with all their versions; how many there were."""
    locked = await repository.lock_files(session, file_ids)
    endings = await repository.versions_of(session, locked)
    await _end(session, endings, recovery_window_s)
    await repository.delete_files(session, locked)
    await _give_back(session, endings)
    return len(locked)


async def end_versions(session: WriteSession, endings: Sequence[Ending], recovery_window_s: int) -> None:
    """Delete versions of files that stay."""
    await _end(session, endings, recovery_window_s)
    await _give_back(session, endings)


async def _end(session: WriteSession, endings: Sequence[Ending], recovery_window_s: int) -> None:
    await repository.end_versions(session, [ending.id for ending in endings], recovery_window_s)
    for project_id in {ending.project_id for ending in endings}:
        ended = [ending.id for ending in endings if ending.project_id == project_id]
        await outbox.publish(session, FilesPurged(project_id, ended))


async def _give_back(session: WriteSession, endings: Sequence[Ending]) -> None:
    """Last, in the order of locks."""
    by_project: dict[UUID, Counter[UUID]] = {}
    derived: Counter[UUID] = Counter()
    for ending in endings:
        by_project.setdefault(ending.project_id, Counter())[ending.charged_to] += ending.size_bytes
        derived[ending.project_id] += ending.derived_bytes
    for project_id, payers in sorted(by_project.items()):
        await projects_repository.add_derived(session, project_id, -derived[project_id])
        await quota.release_all(session, project_id, payers)
