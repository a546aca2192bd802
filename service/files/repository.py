"""Every statement on folders, files, versions and doomed objects."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, select, text, update

from service.accounts.models import User
from service.audit.repository import NOTE_FROM
from service.core.db import ReadSession, WriteSession
from service.core.ids import new_id
from service.core.principal import Principal
from service.files.models import DoomedObject, Favourite, File, FileTag, FileVersion
from service.outbox.repository import EVENT_FROM
from service.projects.repository import visible_to

MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Found:
    """A file with its current version and the name of who made it."""

    file: File
    version: FileVersion
    creator: str | None
    tags: Sequence[str] = ()
    is_favourite: bool = False


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
        WHERE up.depth < {MAX_DEPTH})"""
IS_LIVING = "EXISTS (SELECT FROM up WHERE parent_id IS NULL) AND NOT EXISTS (SELECT FROM up WHERE trashed_at IS NOT NULL)"
_CHAIN = text(f"WITH RECURSIVE {UP} SELECT id, project_id, parent_id, name, trashed_at FROM up ORDER BY depth DESC")


async def chain(session: ReadSession, folder_id: UUID) -> list[Step]:
    """The folder and its ancestors, root first; empty for an unknown one. Trashed ones are included."""
    return [Step(*row) for row in await session.execute(_CHAIN, {"folder_id": folder_id})]


_WANTED = "unnest(CAST(:parents AS uuid[]), CAST(:names AS text[])) AS wanted(parent, name)"
_LIVING_FOLDERS = text(f"""
    SELECT f.parent_id, f.name, f.id FROM {_WANTED}
    JOIN folders f ON f.project_id = :project AND f.parent_id = wanted.parent AND f.name = wanted.name AND f.trashed_at IS NULL""")
_LIVING_FILES = text(f"""
    SELECT f.folder_id, f.name, f.id FROM {_WANTED}
    JOIN files f ON f.project_id = :project AND f.folder_id = wanted.parent AND f.name = wanted.name AND f.trashed_at IS NULL""")
_ENSURE_ROOT = text("INSERT INTO folders (id, project_id, name) VALUES (:project, :project, '') ON CONFLICT DO NOTHING")


async def ensure_root(session: WriteSession, project_id: UUID) -> None:
    await session.execute(_ENSURE_ROOT, {"project": project_id})


_CHILD = text("SELECT id FROM folders WHERE project_id = :project AND parent_id = :parent AND name = :name AND trashed_at IS NULL")
# The share of the parent's row waits for who throws it away, who then finds the new folder below it, or hides it here.
_INSERT_CHILD = text("""
    INSERT INTO folders (id, project_id, parent_id, name, created_by, is_hidden)
    SELECT :id, :project, id, :name, :user, is_hidden FROM folders WHERE id = :parent FOR SHARE
    ON CONFLICT (project_id, parent_id, name) WHERE trashed_at IS NULL DO NOTHING""")


async def ensure_child(session: WriteSession, project_id: UUID, parent_id: UUID, name: str, user_id: UUID) -> UUID:
    """Id of the live folder `name` in `parent_id`, made if need be."""
    wanted = {"project": project_id, "parent": parent_id, "name": name}
    there: UUID | None = (await session.scalars(_CHILD, wanted)).one_or_none()
    if there is None:
        await session.execute(_INSERT_CHILD, {**wanted, "id": new_id(), "user": user_id})
        there = (await session.scalars(_CHILD, wanted)).one()
    return there


_VERSION_FROM = """INSERT INTO file_versions
        (id, file_id, no, bucket, key, size_bytes, etag, crc32, sha256, expected_sha256, state, media_type, claimed_type, charged_to, created_by,
         preview)
    SELECT :version_id, :file_id, :no, :bucket, :key, :size_bytes, :etag, CAST(:crc32 AS bigint), :sha256, :expected_sha256, :state, :media_type, :claimed_type,
           :user_id, :user_id, CAST(:preview AS jsonb) FROM {source}"""
# The CTEs of one new file with its first version, the line and the event that tell of it, for each row of `{source}`; none where `{conflict}` says so.
NEW_FILE_FROM = f"""
    listed AS (
        INSERT INTO files (id, project_id, folder_id, name, current_version_id, created_by, size_bytes, media_type)
        SELECT :file_id, :project_id, :folder_id, :name, :version_id, :user_id, :size_bytes, coalesce(:media_type, :claimed_type) FROM {{source}} {{conflict}} RETURNING id),
    versioned AS ({_VERSION_FROM.format(source="listed")}),
    noted AS ({NOTE_FROM.format(source="listed")}),
    told AS ({EVENT_FROM.format(source="listed")})"""
_IF_FREE = "ON CONFLICT (project_id, folder_id, name) WHERE trashed_at IS NULL DO NOTHING"
_INSERT_FILE = text(f"""
    WITH one AS (SELECT 1), {NEW_FILE_FROM.format(source="one", conflict=_IF_FREE)}
    SELECT id FROM listed""")
_INSERT_VERSION = text(
    f"WITH one AS (SELECT 1), noted AS ({NOTE_FROM.format(source='one')}), told AS ({EVENT_FROM.format(source='one')}) "
    + _VERSION_FROM.format(source="one")
)


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


async def living_children(session: ReadSession, project_id: UUID, wanted: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    """Ids of the live folders among (parent, name)."""
    rows = await session.execute(_LIVING_FOLDERS, _wanted(project_id, wanted))
    return {(row.parent_id, row.name): row.id for row in rows}


async def living_files(session: ReadSession, project_id: UUID, wanted: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    """Ids of the live files among (folder, name)."""
    rows = await session.execute(_LIVING_FILES, _wanted(project_id, wanted))
    return {(row.folder_id, row.name): row.id for row in rows}


def _wanted(project_id: UUID, wanted: Collection[tuple[UUID, str]]) -> dict[str, object]:
    return {"project": project_id, "parents": [parent for parent, _ in wanted], "names": [name for _, name in wanted]}


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


_SHOW = """
    UPDATE files SET current_version_id = v.id, size_bytes = v.size_bytes, media_type = coalesce(v.media_type, v.claimed_type),
           changed_at = CASE WHEN :is_new THEN now() ELSE changed_at END, revision = revision + 1
    FROM file_versions v WHERE {which} AND files.id = v.file_id"""
_SHOW_VERSION = text(_SHOW.format(which="v.id = :version"))
_SHOW_SOUND = text(
    _SHOW.format(
        which="""v.id = (SELECT id FROM file_versions WHERE file_id = :file AND state = 'ready' AND id <> :version ORDER BY no DESC LIMIT 1)
        AND files.current_version_id = :version"""
    )
)


async def set_current(session: WriteSession, version_id: UUID) -> None:
    """The file of a version shows it from now on."""
    await session.execute(_SHOW_VERSION, {"version": version_id, "is_new": True})


def escape_like(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def one(session: ReadSession, principal: Principal, file_id: UUID) -> Found | None:
    tags = select(func.array_agg(FileTag.tag).filter(FileTag.tag.is_not(None))).where(FileTag.file_id == File.id).scalar_subquery()
    query = (
        select(
            File,
            FileVersion,
            User.username,
            func.coalesce(tags, []),
            exists().where(Favourite.file_id == File.id, Favourite.user_id == principal.user_id),
        )
        .join(FileVersion, FileVersion.id == File.current_version_id)
        .outerjoin(User, User.id == File.created_by)
        .where(File.id == file_id, visible_to(principal, File.project_id), File.doomed_at.is_(None))
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else Found(*row)


async def lock_file(session: WriteSession, file_id: UUID) -> File | None:
    return (await session.scalars(select(File).where(File.id == file_id).with_for_update())).one_or_none()


async def version_by_id(session: ReadSession, version_id: UUID) -> FileVersion | None:
    return (await session.scalars(select(FileVersion).where(FileVersion.id == version_id))).one_or_none()


_SHOW_TYPE = text("""
    UPDATE files SET media_type = :type FROM file_versions v
    WHERE v.id = :version AND files.id = v.file_id AND current_version_id = v.id AND files.media_type IS DISTINCT FROM :type""")


async def merge_preview(session: WriteSession, version_id: UUID, facts: dict[str, object], media_type: str | None) -> File | None:
    """The version's file; None where it is gone."""
    values: dict[str, object] = {"preview": FileVersion.preview.concat(facts)}
    if media_type:
        values["media_type"] = media_type
        await session.execute(_SHOW_TYPE, {"version": version_id, "type": media_type})
    await session.execute(update(FileVersion).where(FileVersion.id == version_id).values(**values))
    query = select(File).join(FileVersion, FileVersion.file_id == File.id).where(FileVersion.id == version_id)
    return (await session.scalars(query)).one_or_none()


async def lock_version(session: WriteSession, version_id: UUID) -> FileVersion | None:
    return (await session.scalars(select(FileVersion).where(FileVersion.id == version_id).with_for_update())).one_or_none()


async def leave_corrupt(session: WriteSession, version: FileVersion) -> None:
    """A file shows its newest sound version, as long as it has one."""
    await session.execute(_SHOW_SOUND, {"file": version.file_id, "version": version.id, "is_new": False})


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


async def some_of(session: ReadSession, project_id: UUID, limit: int) -> list[UUID]:
    """Any files of a project, live or not."""
    return list((await session.scalars(select(File.id).where(File.project_id == project_id).limit(limit))).all())


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


async def name_of(session: ReadSession, file_id: UUID) -> str:
    return (await session.scalars(select(File.name).where(File.id == file_id))).one_or_none() or ""


async def known_versions(session: ReadSession, ids: Collection[UUID]) -> set[UUID]:
    return set((await session.scalars(text("SELECT id FROM file_versions WHERE id = ANY(:ids)"), {"ids": list(ids)})).all())
