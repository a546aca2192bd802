"""Rename, move, throw away and bring back: each works on many things of one project in one transaction.

Lock order: tree → folder → file → quota. What can't be done to one thing of many is said for that one; the rest is done.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import ReadSession, WriteSession
from service.core.errors import Missing, StowageError
from service.core.names import clean_name
from service.core.principal import Permission, Principal
from service.files import repository as files
from service.files.errors import IntoItself, NameTaken, NotInTrash, RevisionConflict, RootFolder, TooDeep
from service.files.events import FilesChanged
from service.files.models import Folder
from service.files.tree import repository
from service.files.tree.policies import OnConflict, free_name, plan
from service.files.tree.repository import Child
from service.outbox import service as outbox
from service.projects import service as projects

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


async def select_in(session: ReadSession, project_id: UUID, folder_id: UUID, text_filter: str, exclude: Collection[UUID]) -> Selected:
    """Everything that a folder shows. Raises Missing."""
    await living_chain(session, project_id, folder_id)
    return Selected(*await repository.children(session, folder_id, text_filter, exclude))


async def living_chain(session: ReadSession, project_id: UUID, folder_id: UUID) -> list[files.Step]:
    """A folder of the project with all above it, none in the trash. Raises Missing."""
    chain = await files.chain(session, folder_id)
    if not chain and folder_id == project_id:
        return []
    if not chain or any(step.project_id != project_id or step.trashed_at for step in chain):
        raise Missing
    return chain


async def move(
    session: WriteSession, principal: Principal, project_id: UUID, selected: Selected, target: UUID, policy: OnConflict
) -> Outcome:
    """Into the folder `target`. Raises Missing (the target), Forbidden, Archived, NameTaken in a race."""
    await projects.require(session, principal, project_id, Permission.EDIT)
    await repository.lock_tree(session, project_id)
    chain = await living_chain(session, project_id, target)
    if not chain:
        await files.ensure_root(session, project_id)
    above = {step.id for step in chain}
    outcome, moved = Outcome(), list[Thing]()
    for folder_id in sorted(selected.folders):
        try:
            moved.append(await _move_folder(session, project_id, folder_id, target, above, len(chain), policy))
        except StowageError as error:
            outcome.refused.append(Refusal(folder_id, error))
    children = await repository.lock_files(session, project_id, selected.files)
    _refuse_missing(outcome, selected.files, children)
    moving = [child for child in children if child.parent_id != target]
    placed = await _place(session, project_id, principal, [(child, target, child.name) for child in moving], policy, outcome)
    outcome.done += len(moved) + len(children) - len(moving) + len(placed)
    await _tell(session, principal, "move", project_id, [*moved, *placed], {"to": _path(chain)})
    return outcome


async def _move_folder(
    session: WriteSession, project_id: UUID, folder_id: UUID, target: UUID, above: set[UUID], depth: int, policy: OnConflict
) -> Thing:
    folder = await _live_folder(session, project_id, folder_id)
    if folder.parent_id == target:
        return _folder_thing(folder)
    if folder_id in above:
        raise IntoItself
    if depth + await repository.height(session, folder_id) > files.MAX_DEPTH:
        raise TooDeep
    name = await _name_for_folder(session, target, folder.name, policy)
    await _reparent(session, folder, target, name)
    return _folder_thing(folder)


def _folder_thing(folder: Folder) -> Thing:
    return Thing(FOLDER, folder.id, folder.name, folder.project_id)


async def _live_folder(session: WriteSession, project_id: UUID, folder_id: UUID) -> Folder:
    """Locked. Raises Missing, RootFolder."""
    folder = await repository.lock_folder(session, folder_id)
    if folder is None or folder.project_id != project_id or folder.is_hidden:
        raise Missing
    if folder.parent_id is None:
        raise RootFolder
    return folder


async def _name_for_folder(session: ReadSession, parent_id: UUID, name: str, policy: OnConflict) -> str:
    """Raises NameTaken."""
    taken = await repository.names_in(session, parent_id, folders=True)
    if name not in taken:
        return name
    free = free_name(name, taken) if policy is OnConflict.RENAME else None
    if free is None:
        raise NameTaken
    return free


async def _reparent(session: WriteSession, folder: Folder, parent_id: UUID, name: str) -> None:
    """Totals go along."""
    if folder.parent_id is not None and folder.trashed_at is None:
        await repository.add_above(session, folder.parent_id, files=-folder.files, size_bytes=-folder.bytes)
    await repository.add_above(session, parent_id, files=folder.files, size_bytes=folder.bytes)
    folder.parent_id, folder.name, folder.revision = parent_id, name, folder.revision + 1
    folder.trashed_at = folder.trashed_by = None
    await _flush(session)


async def _place(
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
    by_folder: dict[UUID, set[str]] = {}
    for folder in {folder for _, folder, _ in wanted}:
        by_folder[folder] = await repository.names_in(session, folder, folders=False)
    planned = plan(((child.id, folder, name) for child, folder, name in wanted), by_folder, policy)
    outcome.refused += [Refusal(one, NameTaken()) for one in planned.refused]
    for folder, name in planned.replaced:
        old = await repository.file_at(session, folder, name)
        if old is not None:
            await repository.trash_files(session, project_id, [old], principal.user_id)
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


async def change_file(
    session: WriteSession,
    principal: Principal,
    file_id: UUID,
    *,
    name: str | None,
    folder_id: UUID | None,
    policy: OnConflict,
    revision: int | None,
) -> None:
    """Rename, move, or both. Raises Missing, Forbidden, RevisionConflict, BadName, NameTaken."""
    file = await files.file_by_id(session, file_id)
    if file is None:
        raise Missing
    await projects.require(session, principal, file.project_id, Permission.EDIT)
    if folder_id is not None:
        await living_chain(session, file.project_id, folder_id)
    locked = await repository.lock_files(session, file.project_id, [file_id])
    if not locked:
        raise Missing
    child = locked[0]
    _check(child.revision, revision)
    wanted = (child, folder_id or child.parent_id, clean_name(name) if name is not None else child.name)
    if wanted[1:] == (child.parent_id, child.name):
        return
    outcome = Outcome()
    placed = await _place(session, file.project_id, principal, [wanted], policy, outcome)
    if outcome.refused:
        raise outcome.refused[0].error
    verb = "files.rename" if wanted[1] == child.parent_id else "files.move"
    before, after = {"name": child.name, "folder": child.parent_id}, {"name": placed[0].name, "folder": wanted[1]}
    audit.record(session, principal, verb, placed[0], before=before, after=after)
    await outbox.publish(session, FilesChanged(file.project_id))


async def change_folder(
    session: WriteSession,
    principal: Principal,
    folder_id: UUID,
    *,
    name: str | None,
    parent_id: UUID | None,
    policy: OnConflict,
    revision: int | None,
) -> None:
    """Rename, move, or both. Raises Missing, Forbidden, RootFolder, IntoItself, TooDeep, RevisionConflict, BadName, NameTaken."""
    project_id = await _project_of(session, principal, folder_id)
    await repository.lock_tree(session, project_id)
    folder = await _live_folder(session, project_id, folder_id)
    _check(folder.revision, revision)
    before = {"name": folder.name, "folder": folder.parent_id}
    target = parent_id or folder.parent_id or project_id
    wanted = clean_name(name) if name is not None else folder.name
    if (target, wanted) == (folder.parent_id, folder.name):
        return
    if target != folder.parent_id:
        chain = await living_chain(session, project_id, target)
        if folder_id in {step.id for step in chain}:
            raise IntoItself
        if len(chain) + await repository.height(session, folder_id) > files.MAX_DEPTH:
            raise TooDeep
    await _reparent(session, folder, target, await _name_for_folder(session, target, wanted, policy))
    verb = "folders.rename" if target == before["folder"] else "folders.move"
    audit.record(
        session,
        principal,
        verb,
        _folder_thing(folder),
        before=before,
        after={"name": folder.name, "folder": target},
    )
    await outbox.publish(session, FilesChanged(project_id))


async def _project_of(session: WriteSession, principal: Principal, folder_id: UUID) -> UUID:
    """Of a folder that may be changed. Raises Missing, Forbidden, Archived."""
    chain = await files.chain(session, folder_id)
    if not chain:
        raise Missing
    await projects.require(session, principal, chain[-1].project_id, Permission.EDIT)
    return chain[-1].project_id


def _check(current: int, expected: int | None) -> None:
    if expected is not None and expected != current:
        raise RevisionConflict(details={"revision": current})


async def trash(session: WriteSession, principal: Principal, project_id: UUID, selected: Selected) -> Outcome:
    """Trashing twice changes nothing. Raises Missing, Forbidden, Archived."""
    await projects.require(session, principal, project_id, Permission.EDIT)
    outcome, gone = Outcome(), list[Thing]()
    if selected.folders:
        await repository.lock_tree(session, project_id)
    for folder_id in sorted(selected.folders):
        try:
            gone.append(await _trash_folder(session, principal, project_id, folder_id))
        except StowageError as error:
            outcome.refused.append(Refusal(folder_id, error))
    trashed = await repository.trash_files(session, project_id, selected.files, principal.user_id)
    known = {one for one, _ in trashed} | {
        child.id for child in await repository.lock_files(session, project_id, selected.files, trashed=True)
    }
    outcome.refused += [Refusal(one, Missing()) for one in selected.files if one not in known]
    outcome.done = len(gone) + len(known)
    gone += [Thing(FILE, one, name, project_id) for one, name in trashed]
    await _tell(session, principal, "trash", project_id, gone, {})
    return outcome


async def trash_file(session: WriteSession, principal: Principal, file_id: UUID) -> None:
    """One file, of whatever project. Raises Missing, Forbidden, Archived."""
    file = await files.file_by_id(session, file_id)
    if file is None:
        raise Missing
    outcome = await trash(session, principal, file.project_id, Selected([file_id]))
    if outcome.refused:
        raise outcome.refused[0].error


async def _trash_folder(session: WriteSession, principal: Principal, project_id: UUID, folder_id: UUID) -> Thing:
    folder = await repository.lock_folder(session, folder_id)
    if folder is None or folder.project_id != project_id or folder.doomed_at is not None:
        raise Missing
    if folder.parent_id is None:
        raise RootFolder
    if folder.trashed_at is None:
        await repository.add_above(session, folder.parent_id, files=-folder.files, size_bytes=-folder.bytes)
        folder.trashed_at = await files.after_seconds(session, 0)
        folder.trashed_by = principal.user_id
        folder.revision += 1
        await session.flush()
        await repository.set_hidden(session, folder_id, is_hidden=True)
    return _folder_thing(folder)


async def restore(session: WriteSession, principal: Principal, project_id: UUID, selected: Selected, policy: OnConflict) -> Outcome:
    """Out of the trash, to where it was, or to the nearest folder above that is still there. Raises Missing, Forbidden, Archived."""
    await projects.require(session, principal, project_id, Permission.EDIT)
    await repository.lock_tree(session, project_id)
    outcome, back = Outcome(), list[Thing]()
    for folder_id in sorted(selected.folders):
        try:
            back.append(await _restore_folder(session, project_id, folder_id, policy))
        except StowageError as error:
            outcome.refused.append(Refusal(folder_id, error))
    live = {child.id for child in await repository.lock_files(session, project_id, selected.files)}
    trashed = await repository.lock_files(session, project_id, selected.files, trashed=True)
    _refuse_missing(outcome, [one for one in selected.files if one not in live], trashed)
    home: dict[UUID, UUID] = {}
    for parent in {child.parent_id for child in trashed}:
        home[parent] = await _nearest_living(session, project_id, parent)
    placed = await _place(
        session, project_id, principal, [(child, home[child.parent_id], child.name) for child in trashed], policy, outcome
    )
    outcome.done = len(back) + len(live) + len(placed)
    await _tell(session, principal, "restore", project_id, [*back, *placed], {})
    return outcome


async def _restore_folder(session: WriteSession, project_id: UUID, folder_id: UUID, policy: OnConflict) -> Thing:
    folder = await repository.lock_folder(session, folder_id)
    if folder is None or folder.project_id != project_id or folder.doomed_at is not None:
        raise Missing
    if folder.parent_id is None or folder.trashed_at is None:
        raise NotInTrash
    target = await _nearest_living(session, project_id, folder.parent_id)
    await _reparent(session, folder, target, await _name_for_folder(session, target, folder.name, policy))
    await repository.set_hidden(session, folder_id, is_hidden=False)
    return _folder_thing(folder)


async def _nearest_living(session: ReadSession, project_id: UUID, folder_id: UUID) -> UUID:
    living = project_id
    for step in await files.chain(session, folder_id):
        if step.trashed_at is not None:
            break
        living = step.id
    return living


def _refuse_missing(outcome: Outcome, wanted: Sequence[UUID], found: Sequence[Child]) -> None:
    there = {child.id for child in found}
    outcome.refused += [Refusal(one, Missing()) for one in wanted if one not in there]


def _path(chain: Sequence[files.Step]) -> str:
    return "/" + "/".join(step.name for step in chain if step.parent_id is not None)


async def _tell(
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
