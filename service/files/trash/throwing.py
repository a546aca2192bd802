"""Into the trash and out of it again, files and whole folders, many at a time."""

from uuid import UUID

from service.audit.service import Thing
from service.core.db import WriteSession
from service.core.errors import Missing, StowageError
from service.core.principal import Permission, Principal
from service.files import repository as files
from service.files.errors import NotInTrash, RootFolder
from service.files.service import nearest_living
from service.files.tree import repository
from service.files.tree.placing import (
    FILE,
    Outcome,
    Refusal,
    Selected,
    folder_thing,
    name_for_folder,
    place,
    refuse_missing,
    reparent,
    tell,
)
from service.files.tree.policies import OnConflict
from service.projects import service as projects


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
    await tell(session, principal, "trash", project_id, gone, {})
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
    return folder_thing(folder)


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
    refuse_missing(outcome, [one for one in selected.files if one not in live], trashed)
    home: dict[UUID, UUID] = {}
    for parent in {child.parent_id for child in trashed}:
        home[parent] = await nearest_living(session, project_id, parent)
    placed = await place(session, project_id, principal, [(child, home[child.parent_id], child.name) for child in trashed], policy, outcome)
    outcome.done = len(back) + len(live) + len(placed)
    await tell(session, principal, "restore", project_id, [*back, *placed], {})
    return outcome


async def _restore_folder(session: WriteSession, project_id: UUID, folder_id: UUID, policy: OnConflict) -> Thing:
    folder = await repository.lock_folder(session, folder_id)
    if folder is None or folder.project_id != project_id or folder.doomed_at is not None:
        raise Missing
    if folder.parent_id is None or folder.trashed_at is None:
        raise NotInTrash
    target = await nearest_living(session, project_id, folder.parent_id)
    await reparent(session, folder, target, await name_for_folder(session, project_id, target, folder.name, policy))
    await repository.set_hidden(session, folder_id, is_hidden=False)
    return folder_thing(folder)
