"""Statements behind ZIP downloads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from service.core.db import ReadSession, WriteSession
from service.files.models import Selection
from service.files.repository import MAX_DEPTH
from service.files.zips.layout import Member

_FACTS = "files.size_bytes, files.changed_at, v.id, v.bucket, v.key, v.crc32"
_SOUND = "files.trashed_at IS NULL AND (v.state = 'ready' OR v.created_by = :user)"
_FILES = text(f"""
    SELECT files.name, {_FACTS} FROM files JOIN file_versions v ON v.id = files.current_version_id
    JOIN folders ON folders.id = files.folder_id AND NOT folders.is_hidden
    WHERE files.project_id = :project AND files.id = ANY(:ids) AND {_SOUND}""")
_BELOW = f"""
    WITH RECURSIVE below AS (
        SELECT id, created_at, CASE WHEN parent_id IS NULL THEN '' ELSE name || '/' END AS path, 0 AS depth
        FROM folders WHERE project_id = :project AND id = ANY(:ids) AND NOT is_hidden
        UNION ALL
        SELECT f.id, f.created_at, below.path || f.name || '/', below.depth + 1 FROM below JOIN folders f ON f.parent_id = below.id
        WHERE f.trashed_at IS NULL AND below.depth < {MAX_DEPTH})"""
_FOLDERS = text(f"{_BELOW} SELECT path, created_at FROM below WHERE path <> '' LIMIT :limit")
_FILES_BELOW = text(f"""{_BELOW}
    SELECT below.path || files.name, {_FACTS} FROM below JOIN files ON files.folder_id = below.id
    JOIN file_versions v ON v.id = files.current_version_id WHERE {_SOUND} LIMIT :limit""")
_CRCS = text("SELECT id, crc32 FROM file_versions WHERE id = ANY(:ids) AND crc32 IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A selection that still holds, of somebody who may still see the project."""

    id: UUID
    user_id: UUID
    project_id: UUID
    name: str
    files: Sequence[UUID]
    folders: Sequence[UUID]
    expires_at: datetime


def add(session: WriteSession, chosen: Selection) -> None:
    session.add(chosen)


async def chosen(session: ReadSession, selection_id: UUID) -> Chosen | None:
    query = text("""
        SELECT s.id, s.user_id, s.project_id, s.name, s.files, s.folders, s.expires_at FROM selections s
        JOIN users u ON u.id = s.user_id AND u.state = 'active'
        JOIN project_members m ON m.project_id = s.project_id AND m.user_id = s.user_id
        JOIN projects p ON p.id = s.project_id AND p.deleted_at IS NULL
        WHERE s.id = :id AND s.expires_at > now()""")
    row = (await session.execute(query, {"id": selection_id})).one_or_none()
    return None if row is None else Chosen(*row)


async def members(session: ReadSession, chosen_: Chosen, limit: int) -> list[Member]:
    """What is in it now: files, and folders with all that is live below; at most `limit` of each."""
    common = {"project": chosen_.project_id, "user": chosen_.user_id, "limit": limit}
    found = [Member(*row) for row in await session.execute(_FILES, {**common, "ids": list(chosen_.files)})]
    if chosen_.folders:
        within = {**common, "ids": list(chosen_.folders)}
        found += [Member(row.path, 0, row.created_at) for row in await session.execute(_FOLDERS, within)]
        found += [Member(*row) for row in await session.execute(_FILES_BELOW, within)]
    return found


async def crcs(session: ReadSession, version_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Those that are known by now."""
    return {row.id: row.crc32 for row in await session.execute(_CRCS, {"ids": list(version_ids)})}


async def set_crc(session: WriteSession, version_id: UUID, crc32: int) -> None:
    await session.execute(text("UPDATE file_versions SET crc32 = :crc WHERE id = :id AND crc32 IS NULL"), {"id": version_id, "crc": crc32})


async def forget_old(session: WriteSession) -> None:
    await session.execute(text("DELETE FROM selections WHERE expires_at < now()"))


async def project_name(session: ReadSession, project_id: UUID) -> str:
    return str((await session.scalars(text("SELECT name FROM projects WHERE id = :id"), {"id": project_id})).one())


async def name_of(session: ReadSession, project_id: UUID, files: Sequence[UUID], folders: Sequence[UUID]) -> str | None:
    """What a ZIP of a single thing is called after."""
    if len(files) + len(folders) != 1:
        return None
    table, one = ("files", files[0]) if files else ("folders", folders[0])
    query = text(f"SELECT name FROM {table} WHERE id = :id AND project_id = :project AND trashed_at IS NULL")
    return (await session.scalars(query, {"id": one, "project": project_id})).one_or_none()
