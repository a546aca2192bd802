"""What moving, throwing away and bringing back have in common: outcomes, names that are free, totals that go along, telling of it."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import ReadSession, WriteSession
from service.core.errors import Missing, StowageError
from service.core.principal import Principal
from service.files import repository as files
from service.files.errors import NameTaken
from service.files.events import FilesChanged
from service.files.models import Folder
from service.files.tree import repository
from service.files.tree.policies import OnConflict, free_name, plan
from service.files.tree.repository import Child
from service.outbox import service as outbox

log = logging.getLogger("stowage.files")

FILE, FOLDER = "file", "folder"
# More than this is said in the access log as a number.
NAMED = 50


@dataclass(frozen=True, slots=True)
class Refusal:
    """One of many that was left as it is."""

    id: UUID
    error: StowageError


@dataclass(slots=True)
class Outcome:
    """How many were done, and which were not."""

    done: int = 0
    refused: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Selected:
    """Files and folders of one project."""

    files: Sequence[UUID] = ()
    folders: Sequence[UUID] = ()


async def living_chain(session: ReadSession, project_id: UUID, folder_id: UUID) -> list[files.Step]:
    """A folder of the project with all above it, none in the trash. Raises Missing."""
    chain = await files.chain(session, folder_id)
    if not chain and folder_id == project_id:
        return []
    if not chain or any(step.project_id != project_id or step.trashed_at for step in chain):
        raise Missing
    return chain


def folder_thing(folder: Folder) -> Thing:
    return Thing(FOLDER, folder.id, folder.name, folder.project_id)


async def name_for_folder(session: ReadSession, project_id: UUID, parent_id: UUID, name: str, policy: OnConflict) -> str:
    """Raises NameTaken."""
    if not await files.living_children(session, project_id, [(parent_id, name)]):
        return name
    free = free_name(name, await repository.names_in(session, parent_id, folders=True)) if policy is OnConflict.RENAME else None
    if free is None:
        raise NameTaken
    return free


async def reparent(session: WriteSession, folder: Folder, parent_id: UUID, name: str) -> None:
    """Totals go along."""
    if folder.parent_id is not None and folder.trashed_at is None:
        await repository.add_above(session, folder.parent_id, files=-folder.files, size_bytes=-folder.bytes)
    await repository.add_above(session, parent_id, files=folder.files, size_bytes=folder.bytes)
    folder.parent_id, folder.name, folder.revision = parent_id, name, folder.revision + 1
    folder.trashed_at = folder.trashed_by = None
    await _flush(session)


async def place(
    session: WriteSession,
    project_id: UUID,
    principal: Principal,
    wanted: Sequence[tuple[Child, UUID, str]],
    policy: OnConflict,
    outcome: Outcome,
) -> list[Thing]:
    """Put files under names into folders; those that can't be are in the outcome. The rest, as they are called now."""
    if not wanted:
        return []
    asked = Counter((folder, name) for _, folder, name in wanted)
    there = await files.living_files(session, project_id, asked.keys())
    by_folder: dict[UUID, set[str]] = {folder: set() for folder, _ in asked}
    for folder, name in there:
        by_folder[folder].add(name)
    if policy is OnConflict.RENAME:
        # Only where a number is needed does it matter what else is there.
        for folder in {place[0] for place, times in asked.items() if times > 1 or place in there}:
            by_folder[folder] = await repository.names_in(session, folder, folders=False)
    planned = plan(((child.id, folder, name) for child, folder, name in wanted), by_folder, policy)
    outcome.refused += [Refusal(one, NameTaken()) for one in planned.refused]
    if planned.replaced:
        await repository.trash_files(session, project_id, [there[place] for place in planned.replaced], principal.user_id)
    try:
        await repository.place_files(session, planned.places)
    except IntegrityError as error:
        raise NameTaken from error
    return [Thing(FILE, one, name, project_id) for one, (_, name) in planned.places.items()]


async def _flush(session: WriteSession) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        raise NameTaken from error


def refuse_missing(outcome: Outcome, wanted: Sequence[UUID], found: Sequence[Child]) -> None:
    there = {child.id for child in found}
    outcome.refused += [Refusal(one, Missing()) for one in wanted if one not in there]


async def tell(
    session: WriteSession, principal: Principal, verb: str, project_id: UUID, things: Sequence[Thing], details: dict[str, Any]
) -> None:
    """A line in the log for each, or one for very many; one event."""
    if not things:
        return
    if len(things) <= NAMED:
        for thing in things:
            audit.record(session, principal, f"{thing.kind}s.{verb}", thing, **details)
    else:
        summary = Thing("files", None, f"{things[0].name} and {len(things) - 1} more", project_id)
        audit.record(session, principal, f"files.{verb}", summary, count=len(things), **details)
    log.info(verb, extra={"project": str(project_id), "user": str(principal.user_id), "count": len(things)})
    await outbox.publish(session, FilesChanged(project_id))
