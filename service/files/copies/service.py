"""Beginning a copy: what can be refused is refused at once, the rest is a job's."""

from uuid import UUID

from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import WriteSession
from service.core.errors import Missing
from service.core.ids import new_id
from service.core.principal import Permission, Principal
from service.files import repository as files
from service.files.errors import IntoItself
from service.files.jobs import CopyEntries, CopyFolder
from service.files.tree import repository as tree
from service.files.tree.placing import Selected, living_chain
from service.files.tree.policies import free_name
from service.outbox import service as outbox
from service.projects import service as projects
from service.quota import service as quota


async def begin_copy(
    session: WriteSession, principal: Principal, project_id: UUID, selected: Selected, target_project: UUID | None, target: UUID
) -> int:
    """Copy into a folder of this project or another; names that are taken get a number. How many things a job copies now.

    Raises Missing, Forbidden, Archived, IntoItself, QuotaExceeded.
    """
    to_project = target_project or project_id
    await projects.require(session, principal, project_id, Permission.VIEW)
    await projects.require(session, principal, to_project, Permission.EDIT)
    chain = await living_chain(session, to_project, target)
    if not chain:
        await files.ensure_root(session, to_project)
    above = {step.id for step in chain}
    sources = [await _source(session, project_id, folder_id, above) for folder_id in selected.folders]
    in_files = await tree.sizes_of(session, project_id, selected.files)
    in_folders = await tree.totals_of(session, list(selected.folders))
    needed = in_files[1] + in_folders[1]
    await quota.check_room(session, quota.Owners(principal.user_id, to_project), needed)
    taken = await tree.names_in(session, target, folders=True)
    folders = []
    for source, name in sources:
        free = free_name(name, taken) or f"{name} {new_id().hex[-6:]}"
        taken.add(free)
        folders.append(CopyFolder(source, await files.ensure_child(session, to_project, target, free, principal.user_id)))
    job = CopyEntries(principal.user_id, project_id, list(selected.files), folders, to_project, target, new_id())
    outbox.enqueue(session, [job])
    thing = Thing("files", None, f"{in_files[0] + in_folders[0]} files", to_project)
    audit.record(session, principal, "files.copy", thing, source=project_id, to=target, size_bytes=needed)
    return len(selected.files) + len(folders)


async def _source(session: WriteSession, project_id: UUID, folder_id: UUID, above: set[UUID]) -> tuple[UUID, str]:
    folder = await tree.folder_of(session, folder_id)
    if folder is None or folder.project_id != project_id or folder.is_hidden:
        raise Missing
    if folder_id in above:
        raise IntoItself
    return folder_id, folder.name
