"""Every statement on folders, files, versions and doomed objects."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, literal, literal_column, null, select, text, tuple_, union_all, update
from sqlalchemy.dialects.postgresql import insert

from service.accounts.models import User
from service.core.db import ReadSession, WriteSession
from service.core.ids import new_id
from service.core.principal import Principal
from service.files.models import DoomedObject, File, FileVersion, Folder
from service.outbox.repository import EVENT_FROM
from service.projects.repository import visible_to

MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Found:
    """A file with its current version and the name of who made it."""

    file: File
    version: FileVersion
    creator: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One folder on the way from the root."""

    id: UUID
    project_id: UUID
    parent_id: UUID | None
    name: str
    trashed_at: datetime | None


# Plain SQL where every upload passes: building and mapping the statement anew would cost more than running it.
# The CTE of a folder and its ancestors, and whether a file may be put there.
UP = f"""
    up AS (
        SELECT id, project_id, parent_id, name, trashed_at, 0 AS depth FROM folders WHERE id = :folder_id
        UNION ALL
        SELECT f.id, f.project_id, f.parent_id, f.name, f.trashed_at, up.depth + 1 FROM folders f JOIN up ON f.id = up.parent_id
        WHERE up.depth < {MAX_DEPTH})"""  # noqa: S608  only a constant of ours is put in
IS_LIVING = "EXISTS (SELECT FROM up WHERE parent_id IS NULL) AND NOT EXISTS (SELECT FROM up WHERE trashed_at IS NOT NULL)"
_CHAIN = text(f"WITH RECURSIVE {UP} SELECT id, project_id, parent_id, name, trashed_at FROM up ORDER BY depth DESC")  # noqa: S608  as above


async def chain(session: ReadSession, folder_id: UUID) -> list[Step]:
    """The folder and its ancestors, root first; empty for an unknown one. Trashed ones are included."""
    return [Step(*row) for row in await session.execute(_CHAIN, {"folder_id": folder_id})]


_WANTED = "unnest(CAST(:parents AS uuid[]), CAST(:names AS text[])) AS wanted(parent, name)"
_LIVING_FOLDERS = text(f"""
    SELECT f.parent_id, f.name, f.id FROM {_WANTED}
    JOIN folders f ON f.parent_id = wanted.parent AND f.name = wanted.name AND f.trashed_at IS NULL""")  # noqa: S608  as above
_LIVING_FILES = text(f"""
    SELECT f.folder_id, f.name FROM {_WANTED}
    JOIN files f ON f.folder_id = wanted.parent AND f.name = wanted.name AND f.trashed_at IS NULL""")  # noqa: S608  as above
_ENSURE_ROOT = text("INSERT INTO folders (id, project_id, name) VALUES (:project, :project, '') ON CONFLICT DO NOTHING")


async def ensure_root(session: WriteSession, project_id: UUID) -> None:
    await session.execute(_ENSURE_ROOT, {"project": project_id})


async def ensure_child(session: WriteSession, project_id: UUID, parent_id: UUID, name: str, user_id: UUID) -> UUID:
    """Id of the live folder `name` in `parent_id`, made if need be."""
    statement = (
        insert(Folder)
        .values(id=new_id(), project_id=project_id, parent_id=parent_id, name=name, created_by=user_id)
        .on_conflict_do_nothing(index_elements=["project_id", "parent_id", "name"], index_where=text("trashed_at IS NULL"))
        .returning(Folder.id)
    )
    made = (await session.scalars(statement)).one_or_none()
    if made is not None:
        return made
    query = select(Folder.id).where(
        Folder.project_id == project_id, Folder.parent_id == parent_id, Folder.name == name, Folder.trashed_at.is_(None)
    )
    return (await session.scalars(query)).one()


_VERSION_FROM = """INSERT INTO file_versions
        (id, file_id, no, bucket, key, size_bytes, etag, sha256, expected_sha256, state, claimed_type, charged_to, created_by, preview)
    SELECT :version_id, :file_id, :no, :bucket, :key, :size_bytes, :etag, :sha256, :expected_sha256, :state, :claimed_type, :user_id, :user_id,
           CAST(:preview AS jsonb) FROM {source}"""
# The CTEs of one new file with its first version and the event that tells of it, for each row of `{source}`; none where `{conflict}` says so.
NEW_FILE_FROM = f"""
    listed AS (
        INSERT INTO files (id, project_id, folder_id, name, current_version_id, created_by)
        SELECT :file_id, :project_id, :folder_id, :name, :version_id, :user_id FROM {{source}} {{conflict}} RETURNING id),
    versioned AS ({_VERSION_FROM.format(source="listed")}),
    told AS ({EVENT_FROM.format(source="listed")})"""  # noqa: S608  only constants of ours are put in
_IF_FREE = "ON CONFLICT (project_id, folder_id, name) WHERE trashed_at IS NULL DO NOTHING"
_INSERT_FILE = text(f"""
    WITH one AS (SELECT 1), {NEW_FILE_FROM.format(source="one", conflict=_IF_FREE)}
    SELECT id FROM listed""")  # noqa: S608  as above
_INSERT_VERSION = text(f"WITH one AS (SELECT 1), told AS ({EVENT_FROM.format(source='one')}) {_VERSION_FROM.format(source='one')}")


async def insert_file(session: WriteSession, parameters: Mapping[str, object]) -> bool:
    """NEW_FILE_FROM. False where the name is taken by a live file."""
    return (await session.execute(_INSERT_FILE, parameters)).one_or_none() is not None


async def insert_version(session: WriteSession, parameters: Mapping[str, object]) -> None:
    """A further version of a file, and the event that tells of it."""
    await session.execute(_INSERT_VERSION, parameters)


async def lock_by_name(session: WriteSession, project_id: UUID, folder_id: UUID, name: str) -> File | None:
    query = (
        select(File)
        .where(File.project_id == project_id, File.folder_id == folder_id, File.name == name, File.trashed_at.is_(None))
        .with_for_update()
    )
    return (await session.scalars(query)).one_or_none()


async def living_children(session: ReadSession, wanted: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    """Ids of the live folders among (parent, name)."""
    rows = await session.execute(_LIVING_FOLDERS, {"parents": [one for one, _ in wanted], "names": [name for _, name in wanted]})
    return {(row.parent_id, row.name): row.id for row in rows}


async def living_files(session: ReadSession, wanted: Collection[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
    """Which of (folder, name) are live files."""
    rows = await session.execute(_LIVING_FILES, {"parents": [one for one, _ in wanted], "names": [name for _, name in wanted]})
    return {(row.folder_id, row.name) for row in rows}


async def names_like(session: ReadSession, folder_id: UUID, pattern: str) -> Sequence[str]:
    return (
        await session.scalars(
            select(File.name)
            .where(File.folder_id == folder_id, File.trashed_at.is_(None), File.name.like(pattern, escape="\\"))
            .limit(1_000)
        )
    ).all()


async def last_version_no(session: ReadSession, file_id: UUID) -> int:
    return (await session.scalars(select(func.coalesce(func.max(FileVersion.no), 0)).where(FileVersion.file_id == file_id))).one()


async def set_current(session: WriteSession, file_id: UUID, version_id: UUID) -> None:
    await session.execute(update(File).where(File.id == file_id).values(current_version_id=version_id, changed_at=func.now()))


async def entries(
    session: ReadSession, folder_id: UUID, *, text_filter: str, after: tuple[int, str, UUID] | None, limit: int
) -> Sequence[Row[int, str, UUID, datetime, int | None, str | None, dict[str, object] | None, str | None]]:
    """One page of a folder: (0, …) folders first, then (1, …) files, each by name. Both halves use the name index."""
    folders: Any = select(
        literal_column("0").label("rank"),
        Folder.name,
        Folder.id,
        Folder.created_at.label("changed_at"),
        null().label("size"),
        null().label("type"),
        null().label("preview"),
        null().label("state"),
    ).where(Folder.parent_id == folder_id, Folder.trashed_at.is_(None))
    files: Any = (
        select(
            literal_column("1").label("rank"),
            File.name,
            File.id,
            File.changed_at,
            FileVersion.size_bytes.label("size"),
            func.coalesce(FileVersion.media_type, FileVersion.claimed_type).label("type"),
            FileVersion.preview,
            FileVersion.state,
        )
        .join(FileVersion, FileVersion.id == File.current_version_id)
        .where(File.folder_id == folder_id, File.trashed_at.is_(None))
    )
    if text_filter:
        pattern = f"%{escape_like(text_filter)}%"
        folders, files = folders.where(Folder.name.ilike(pattern, escape="\\")), files.where(File.name.ilike(pattern, escape="\\"))
    if after is not None:
        rank, name, entry_id = after
        if rank == 1:
            folders = folders.where(literal(value=False))
            files = files.where(tuple_(File.name, File.id) > (name, entry_id))
        else:
            folders = folders.where(tuple_(Folder.name, Folder.id) > (name, entry_id))
    halves = union_all(folders.order_by(Folder.name, Folder.id).limit(limit), files.order_by(File.name, File.id).limit(limit)).subquery()
    return (await session.execute(select(halves).order_by(halves.c.rank, halves.c.name, halves.c.id).limit(limit))).all()


def escape_like(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def one(session: ReadSession, principal: Principal, file_id: UUID) -> Found | None:
    query = (
        select(File, FileVersion, User.username)
        .join(FileVersion, FileVersion.id == File.current_version_id)
        .outerjoin(User, User.id == File.created_by)
        .where(File.id == file_id, visible_to(principal, File.project_id))
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else Found(*row)


async def recent(
    session: ReadSession, principal: Principal, *, project_id: UUID | None, trashed: bool, before: UUID | None, limit: int
) -> Sequence[Found]:
    """Newest first: over all projects one may see, or the trash of one."""
    query = (
        select(File, FileVersion, User.username)
        .join(FileVersion, FileVersion.id == File.current_version_id)
        .outerjoin(User, User.id == File.created_by)
        .where(visible_to(principal, File.project_id), File.trashed_at.is_not(None) if trashed else File.trashed_at.is_(None))
        .order_by(File.id.desc())
        .limit(limit)
    )
    if project_id is not None:
        query = query.where(File.project_id == project_id)
    if before is not None:
        query = query.where(File.id < before)
    return [Found(*row) for row in await session.execute(query)]


async def versions(session: ReadSession, file_id: UUID, below: int | None, limit: int) -> Sequence[FileVersion]:
    query = select(FileVersion).where(FileVersion.file_id == file_id).order_by(FileVersion.no.desc()).limit(limit)
    if below is not None:
        query = query.where(FileVersion.no < below)
    return (await session.scalars(query)).all()


async def lock_file(session: WriteSession, file_id: UUID) -> File | None:
    return (await session.scalars(select(File).where(File.id == file_id).with_for_update())).one_or_none()


async def version_by_id(session: ReadSession, version_id: UUID) -> FileVersion | None:
    return (await session.scalars(select(FileVersion).where(FileVersion.id == version_id))).one_or_none()


async def merge_preview(session: WriteSession, version_id: UUID, facts: dict[str, object], media_type: str | None) -> None:
    values: dict[str, object] = {"preview": FileVersion.preview.concat(facts)}
    if media_type:
        values["media_type"] = media_type
    await session.execute(update(FileVersion).where(FileVersion.id == version_id).values(**values))


async def lock_version(session: WriteSession, version_id: UUID) -> FileVersion | None:
    return (await session.scalars(select(FileVersion).where(FileVersion.id == version_id).with_for_update())).one_or_none()


async def leave_corrupt(session: WriteSession, version: FileVersion) -> None:
    """A file shows its newest sound version, as long as it has one."""
    await session.execute(
        text("""
            UPDATE files SET current_version_id = sound.id
            FROM (SELECT id FROM file_versions WHERE file_id = :file AND state = 'ready' AND id <> :version ORDER BY no DESC LIMIT 1) sound
            WHERE files.id = :file AND current_version_id = :version"""),
        {"file": version.file_id, "version": version.id},
    )


async def corrupt_of(session: ReadSession, user_id: UUID, before: UUID | None, limit: int) -> Sequence[tuple[FileVersion, File]]:
    """What somebody uploaded that is not what was promised, newest first."""
    query = (
        select(FileVersion, File)
        .join(File, File.id == FileVersion.file_id)
        .where(FileVersion.created_by == user_id, FileVersion.state == "corrupt", File.trashed_at.is_(None))
        .order_by(FileVersion.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(FileVersion.id < before)
    return [(row[0], row[1]) for row in await session.execute(query)]


async def delete_file(session: WriteSession, file_id: UUID) -> None:
    await session.execute(text("DELETE FROM file_versions WHERE file_id = :id"), {"id": file_id})
    await session.execute(text("DELETE FROM files WHERE id = :id"), {"id": file_id})


def doom(session: WriteSession, bucket: str, key: str, *, is_prefix: bool, not_before: datetime) -> None:
    session.add(DoomedObject(bucket=bucket, key=key, is_prefix=is_prefix, not_before=not_before))


async def after_seconds(session: ReadSession, seconds: int) -> datetime:
    moment: datetime = (await session.execute(text("SELECT now() + make_interval(secs => :s)"), {"s": seconds})).scalar_one()
    return moment


async def due_dooms(session: ReadSession, limit: int) -> Sequence[DoomedObject]:
    return (
        await session.scalars(
            select(DoomedObject).where(DoomedObject.not_before <= func.now()).order_by(DoomedObject.not_before).limit(limit)
        )
    ).all()


async def lock_some(session: WriteSession, project_id: UUID, limit: int) -> Sequence[File]:
    query = select(File).where(File.project_id == project_id).order_by(File.id).limit(limit).with_for_update()
    return (await session.scalars(query)).all()


async def forget_dooms(session: WriteSession, ids: Sequence[UUID]) -> None:
    await session.execute(text("DELETE FROM doomed_objects WHERE id = ANY(:ids)"), {"ids": list(ids)})


async def file_by_id(session: ReadSession, file_id: UUID) -> File | None:
    return (await session.scalars(select(File).where(File.id == file_id))).one_or_none()


async def recent_names(session: ReadSession, principal: Principal, limit: int) -> dict[UUID, str]:
    """Ids and names of the newest files one may see."""
    query = select(File.id, File.name).where(visible_to(principal, File.project_id)).order_by(File.id.desc()).limit(limit)
    return {row.id: row.name for row in await session.execute(query)}


async def add_derived(session: WriteSession, version_id: UUID, delta_bytes: int) -> None:
    await session.execute(
        update(FileVersion).where(FileVersion.id == version_id).values(derived_bytes=FileVersion.derived_bytes + delta_bytes)
    )


_STORED_BY_USER = "SELECT v.charged_to AS owner, sum(v.size_bytes) AS bytes FROM file_versions v"
_STORED_BY_PROJECT = "SELECT f.project_id AS owner, sum(v.size_bytes) AS bytes FROM file_versions v JOIN files f ON f.id = v.file_id"


async def stored_bytes(session: ReadSession, *, by_project: bool, owner: UUID | None = None) -> dict[UUID, int]:
    """Bytes of all versions by who pays for them or by project; of one `owner`, or of everybody who has any."""
    base, column = (_STORED_BY_PROJECT, "f.project_id") if by_project else (_STORED_BY_USER, "v.charged_to")
    condition = "" if owner is None else f"WHERE {column} = :owner"
    rows = await session.execute(text(f"{base} {condition} GROUP BY 1"), {} if owner is None else {"owner": owner})
    return {row.owner: int(row.bytes) for row in rows}
