"""Making an old version current, deleting one, keeping only so many."""

from uuid import UUID

from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import WriteSession
from service.core.errors import Missing
from service.core.principal import Permission, Principal
from service.files import repository as files
from service.files.errors import Corrupt, CurrentVersion
from service.files.events import FilesChanged, FileStored
from service.files.models import File, FileVersion
from service.files.service import CORRUPT
from service.files.trash.repository import Ending
from service.files.trash.service import end_versions
from service.files.versions import repository
from service.outbox import service as outbox
from service.projects import service as projects

PRUNED_AT_ONCE = 1_000


async def restore_version(session: WriteSession, principal: Principal, file_id: UUID, no: int) -> None:
    """The file shows this version from now on; nothing is copied, and later ones stay. Raises Missing, Forbidden, Corrupt."""
    file, version = await _editable(session, principal, file_id, no)
    if version.state == CORRUPT:
        raise Corrupt
    if version.id == file.current_version_id:
        return
    before = await files.version_by_id(session, file.current_version_id)
    await files.set_current(session, version.id)
    thing = Thing("file", file_id, file.name, file.project_id)
    audit.record(
        session, principal, "files.restore_version", thing, before={"version": before.no if before else None}, after={"version": no}
    )
    await outbox.publish(session, FilesChanged(file.project_id))


async def delete_version(session: WriteSession, principal: Principal, file_id: UUID, no: int, recovery_window_s: int) -> None:
    """For good, and its quota is free. Raises Missing, Forbidden, CurrentVersion."""
    file, version = await _editable(session, principal, file_id, no)
    if version.id == file.current_version_id:
        raise CurrentVersion
    ending = Ending(version.id, file.project_id, version.size_bytes, version.derived_bytes, version.charged_to)
    thing = Thing("file", file_id, file.name, file.project_id)
    audit.record(session, principal, "files.delete_version", thing, before={"version": no, "size_bytes": version.size_bytes})
    await outbox.publish(session, FilesChanged(file.project_id))
    await end_versions(session, [ending], recovery_window_s)


async def _editable(session: WriteSession, principal: Principal, file_id: UUID, no: int) -> tuple[File, FileVersion]:
    file = await files.lock_file(session, file_id)
    if file is None or file.doomed_at is not None:
        raise Missing
    await projects.require(session, principal, file.project_id, Permission.EDIT)
    version = await repository.by_no(session, file_id, no)
    if version is None:
        raise Missing
    return file, version


async def prune(session: WriteSession, event: FileStored, recovery_window_s: int) -> None:
    """After a new version: what the project's policy keeps no longer goes."""
    keep = await repository.kept_versions(session, event.project_id)
    if keep is None or await files.lock_file(session, event.file_id) is None:
        return
    endings = await repository.beyond(session, event.file_id, keep, PRUNED_AT_ONCE)
    if endings:
        audit.record(
            session, None, "files.prune_versions", Thing("file", event.file_id, "", event.project_id), count=len(endings), keep=keep
        )
        await end_versions(session, endings, recovery_window_s)
