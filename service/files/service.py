"""Folders by path, new versions and what is known of them."""

import contextlib
import logging
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from service.audit import service as audit
from service.audit.repository import note_parameters
from service.audit.service import REFUSED, Thing
from service.core.db import ReadSession, WriteSession
from service.core.errors import Missing
from service.core.ids import new_id
from service.core.names import BadName, numbered, safe_name, split_path
from service.core.principal import Principal
from service.files import repository
from service.files.errors import Corrupt
from service.files.events import FilePreviewed, FileStored
from service.files.jobs import DigestFile
from service.files.models import FileVersion
from service.files.repository import Found
from service.outbox import service as outbox
from service.outbox.repository import event_parameters
from service.projects import repository as projects_repository

log = logging.getLogger("stowage.files")

RENAME_TRIES = 5
DIGEST_LATER_BYTES, DIGEST_LATER_S = 1 << 30, 60.0
CORRUPT = "corrupt"
WAITING = '{"state": "waiting"}'
PLAIN = '{"kind": "other", "state": "none"}'


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object proven to be in the store, about to become a version. `on_conflict`: version, rename or fail."""

    project_id: UUID
    folder_id: UUID
    user_id: UUID
    name: str
    on_conflict: str
    bucket: str
    key: str
    size_bytes: int
    etag: str
    claimed_type: str | None
    # In hex; of what was stored (None: not known yet), and as the uploader promised it.
    sha256: str | None = None
    expected_sha256: str | None = None
    # Of ZIP; None: not known yet.
    crc32: int | None = None
    # What its first bytes are; None: nobody looked yet.
    media_type: str | None = None
    # They were looked at: no media.
    is_plain: bool = False

    @property
    def is_corrupt(self) -> bool:
        return None not in {self.sha256, self.expected_sha256} and self.sha256 != self.expected_sha256


async def resolve_folder(session: WriteSession, project_id: UUID, folder_id: UUID | None, path: str, user_id: UUID) -> UUID:
    """The folder at `path` below `folder_id` (or the root), made as needed. Raises Missing, BadName."""
    start = folder_id or project_id
    if start == project_id and not path:
        # The root can't be trashed, and is made with the first file at the latest.
        return start
    found = await repository.chain(session, start)
    if not found and start == project_id:
        await repository.ensure_root(session, project_id)
    elif not found or found[-1].project_id != project_id or any(folder.trashed_at for folder in found):
        raise Missing
    current = start
    for name in split_path(path):
        current = await repository.ensure_child(session, project_id, current, name, user_id)
    return current


async def taken_paths(session: ReadSession, project_id: UUID, folder_id: UUID | None, paths: Collection[str]) -> list[str]:
    """Which of these paths below the folder (or the root) are live files. One query a level of folders."""
    split: dict[str, list[str]] = {}
    for path in paths:
        above, _, leaf = path.replace("\\", "/").rpartition("/")
        # What can't be a folder's name leads to no file.
        with contextlib.suppress(BadName):
            split[path] = [*split_path(above), safe_name(leaf)]
    # Where each path has come to on its way down; those that lead nowhere drop out.
    at = dict.fromkeys(split, folder_id or project_id)
    for depth in range(max((len(parts) for parts in split.values()), default=1) - 1):
        steps = {path: (at[path], split[path][depth]) for path in at if len(split[path]) > depth + 1}
        found = await repository.living_children(session, project_id, set(steps.values()))
        at = {path: found[steps[path]] if path in steps else here for path, here in at.items() if path not in steps or steps[path] in found}
    leaves = {path: (here, split[path][-1]) for path, here in at.items()}
    taken = await repository.living_files(session, project_id, set(leaves.values()))
    return [path for path, leaf in leaves.items() if leaf in taken]


async def name_is_taken(session: WriteSession, project_id: UUID, folder_id: UUID, name: str) -> bool:
    return await repository.lock_by_name(session, project_id, folder_id, name) is not None


async def store_version(session: WriteSession, stored: StoredObject) -> tuple[UUID, UUID]:
    """List the object; returns (file id, version id). A taken name is never a failure: the bytes always survive."""
    folder_id = await _living_folder(session, stored.project_id, stored.folder_id)
    file_id, version_id = new_id(), new_id()
    if not await repository.insert_file(session, new_file(stored, folder_id, file_id, version_id)):
        name = safe_name(stored.name)
        existing = await repository.lock_by_name(session, stored.project_id, folder_id, name) if stored.on_conflict == "version" else None
        if existing is not None:
            file_id = existing.id
            no = await repository.last_version_no(session, file_id) + 1
            await repository.insert_version(session, new_file(stored, folder_id, file_id, version_id, no))
            if not stored.is_corrupt:
                await repository.set_current(session, version_id)
        else:
            await _insert_renamed(session, new_file(stored, folder_id, file_id, version_id), folder_id, name)
    if stored.sha256 is None:
        # Reading a large film once more would keep the store from who waits for it to play.
        outbox.enqueue(session, [DigestFile(file_id, version_id)], after_s=DIGEST_LATER_S if stored.size_bytes > DIGEST_LATER_BYTES else 0)
    log_stored(stored, file_id, version_id)
    return file_id, version_id


def log_stored(stored: StoredObject, file_id: UUID, version_id: UUID) -> None:
    facts = {"file": str(file_id), "version": str(version_id), "bytes": stored.size_bytes, "user": str(stored.user_id)}
    if stored.is_corrupt:
        log.error("ALARM: not what its uploader promised", extra={**facts, "sha256": stored.sha256})
    else:
        log.info("stored", extra=facts)


def new_file(stored: StoredObject, folder_id: UUID, file_id: UUID, version_id: UUID, no: int = 1) -> dict[str, object]:
    """Parameters of `repository.NEW_FILE_FROM`."""
    event = FileStored(stored.project_id, file_id, version_id, is_plain=stored.is_plain, is_first=no == 1)
    name = safe_name(stored.name)
    details: dict[str, object] = {"version": no, "size_bytes": stored.size_bytes, "sha256": stored.sha256}
    return {
        "file_id": file_id,
        "version_id": version_id,
        "no": no,
        "project_id": stored.project_id,
        "folder_id": folder_id,
        "user_id": stored.user_id,
        "name": name,
        "bucket": stored.bucket,
        "key": stored.key,
        "size_bytes": stored.size_bytes,
        "etag": stored.etag,
        "crc32": stored.crc32,
        "sha256": stored.sha256,
        "expected_sha256": stored.expected_sha256,
        "state": "corrupt" if stored.is_corrupt else "ready",
        "media_type": stored.media_type,
        "claimed_type": stored.claimed_type,
        "preview": PLAIN if stored.is_plain else WAITING,
        **note_parameters("files.upload", stored.user_id, "file", file_id, name, stored.project_id, details),
        **event_parameters(event),
    }


async def nearest_living(session: ReadSession, project_id: UUID, folder_id: UUID) -> UUID:
    """The folder, or the nearest above it that is not in the trash; the project's root at last."""
    living = project_id
    for folder in await repository.chain(session, folder_id) if folder_id != project_id else ():
        if folder.trashed_at is not None:
            break
        living = folder.id
    return living


async def _living_folder(session: WriteSession, project_id: UUID, folder_id: UUID) -> UUID:
    living = await nearest_living(session, project_id, folder_id)
    if living == project_id:
        await repository.ensure_root(session, project_id)
    return living


async def _insert_renamed(session: WriteSession, parameters: dict[str, object], folder_id: UUID, wanted: str) -> None:
    taken = set(await repository.names_like(session, folder_id, f"{repository.escape_like(wanted.rpartition('.')[0] or wanted)}%"))
    number = 1
    while numbered(wanted, number) in taken:
        number += 1
    tries = [numbered(wanted, number + attempt) for attempt in range(RENAME_TRIES)]
    for name in (*tries, numbered(wanted, int(new_id().hex[-5:], 16))):
        if await repository.insert_file(session, {**parameters, "name": name, "note_name": name}):
            return


async def get_file(session: ReadSession, principal: Principal, file_id: UUID) -> Found:
    """Raises Missing."""
    found = await repository.one(session, principal, file_id)
    if found is None:
        raise Missing
    return found


async def get_sound_file(session: ReadSession, principal: Principal, file_id: UUID) -> Found:
    """A file whose bytes may be given away. Raises Missing, Corrupt."""
    found = await get_file(session, principal, file_id)
    if is_kept_from(found.version, principal):
        raise Corrupt
    return found


def is_kept_from(version: FileVersion, principal: Principal) -> bool:
    """Bytes that are not what was promised are shown to nobody but who sent them."""
    return version.state == CORRUPT and version.created_by != principal.user_id


async def record_digest(session: WriteSession, version_id: UUID, sha256: str, crc32: int) -> None:
    """What the stored bytes really are; a version that is something else than promised steps back behind an older one."""
    version = await repository.lock_version(session, version_id)
    if version is None:
        return
    version.sha256, version.crc32 = sha256, crc32
    if version.expected_sha256 not in {None, sha256}:
        version.state = CORRUPT
        await session.flush()
        await repository.leave_corrupt(session, version)
        name = await repository.name_of(session, version.file_id)
        audit.record(session, None, "files.arrived_damaged", Thing("user", version.created_by, name), outcome=REFUSED, file=version.file_id)
        log.error(
            "ALARM: not what its uploader promised", extra={"file": str(version.file_id), "version": str(version_id), "sha256": sha256}
        )


async def record_preview(session: WriteSession, version_id: UUID, facts: dict[str, object], media_type: str | None = None) -> None:
    """Merge what media found out into the version, so that lists show it."""
    file = await repository.merge_preview(session, version_id, facts, media_type)
    if file is not None:
        await outbox.publish(session, FilePreviewed(file.project_id, file.id))


async def count_derived(session: WriteSession, version_id: UUID, project_id: UUID, delta_bytes: int) -> None:
    """Bytes made of a version: counted apart from the quota, and given back when the version is purged."""
    await repository.add_derived(session, version_id, delta_bytes)
    await projects_repository.add_derived(session, project_id, delta_bytes)
