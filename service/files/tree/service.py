"""Rename and move: each works on many things of one project in one transaction.

Lock order: tree → folder → file → quota. What can't be done to one thing of many is said for that one; the rest is done.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import ReadSession, WriteSession
from service.core.errors import Missing, StowageError
from service.core.names import clean_name
from service.core.principal import Permission, Principal
from service.files import repository as files
from service.files.errors import IntoItself, RevisionConflict, RootFolder, TooDeep
from service.files.events import FilesChanged
from service.files.models import Folder
from service.files.tree import repository
from service.files.tree.placing import (
    Outcome,
    Refusal,
    Selected,
    folder_thing,
    living_chain,
    name_for_folder,
    place,
    refuse_missing,
    reparent,
    tell,
)
from service.files.tree.policies import OnConflict
from service.outbox import service as outbox
from service.projects import service as projects


async def select_in(session: ReadSession, project_id: UUID, folder_id: UUID, text_filter: str, exclude: Collection[UUID]) -> Selected:
    """Everything that a folder shows. Raises Missing."""
    await living_chain(session, project_id, folder_id)
    return Selected(*await repository.children(session, folder_id, text_filter, exclude))


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
            moved.append(await _move_folder(session, project_id, folder_id, target, above, policy))
        except StowageError as error:
            outcome.refused.append(Refusal(folder_id, error))
    children = await repository.lock_files(session, project_id, selected.files)
    refuse_missing(outcome, selected.files, children)
    moving = [child for child in children if child.parent_id != target]
    placed = await place(session, project_id, principal, [(child, target, child.name) for child in moving], policy, outcome)
    outcome.done += len(moved) + len(children) - len(moving) + len(placed)
    await tell(session, principal, "move", project_id, [*moved, *placed], {"to": _path(chain)})
    return outcome


async def _move_folder(
    session: WriteSession, project_id: UUID, folder_id: UUID, target: UUID, above: set[UUID], policy: OnConflict
) -> Thing:
    folder = await _live_folder(session, project_id, folder_id)
    if folder.parent_id == target:
        return folder_thing(folder)
    await _check_place(session, folder_id, above)
    await reparent(session, folder, target, await name_for_folder(session, project_id, target, folder.name, policy))
    return folder_thing(folder)


async def _check_place(session: ReadSession, folder_id: UUID, above: Collection[UUID]) -> None:
    """Whether a folder may go below these, which lead to the root. Raises IntoItself, TooDeep."""
    if folder_id in above:
        raise IntoItself
    if len(above) + await repository.height(session, folder_id) > files.MAX_DEPTH:
        raise TooDeep


async def _live_folder(session: WriteSession, project_id: UUID, folder_id: UUID) -> Folder:
    """Locked. Raises Missing, RootFolder."""
    folder = await repository.lock_folder(session, folder_id)
    if folder is None or folder.project_id != project_id or folder.is_hidden:
        raise Missing
    if folder.parent_id is None:
        raise RootFolder
    return folder


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
    placed = await place(session, file.project_id, principal, [wanted], policy, outcome)
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
        await _check_place(session, folder_id, {step.id for step in await living_chain(session, project_id, target)})
    await reparent(session, folder, target, await name_for_folder(session, project_id, target, wanted, policy))
    verb = "folders.rename" if target == before["folder"] else "folders.move"
    audit.record(
        session,
        principal,
        verb,
        folder_thing(folder),
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


def _path(chain: Sequence[files.Step]) -> str:
    return "/" + "/".join(step.name for step in chain if step.parent_id is not None)
