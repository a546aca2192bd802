"""Statements behind copying."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text

from service.core.db import ReadSession
from service.files.models import FileVersion
from service.files.repository import MAX_DEPTH

# Live folders below one, with the path from there.
_BELOW = f"""
    WITH RECURSIVE below AS (
        SELECT id, CAST('' AS text) AS path, 0 AS depth FROM folders WHERE id = :folder AND NOT is_hidden
        UNION ALL
        SELECT f.id, below.path || f.name || '/', below.depth + 1 FROM below JOIN folders f ON f.parent_id = below.id
        WHERE f.trashed_at IS NULL AND below.depth < {MAX_DEPTH})"""
# In an order that goes on after `:after`.
_FILES = text(f"""{_BELOW}
    SELECT files.id, below.path FROM below JOIN files ON files.folder_id = below.id
    WHERE files.trashed_at IS NULL AND (CAST(:after AS uuid) IS NULL OR files.id > :after) ORDER BY files.id LIMIT :limit""")
_PATHS = text(f"{_BELOW} SELECT path FROM below WHERE depth > 0 ORDER BY path LIMIT :limit")
_CURRENT = text("""
    SELECT f.id, f.name, v.bucket, v.key, v.size_bytes, v.etag, v.crc32, v.sha256, v.media_type, v.claimed_type, v.preview->>'kind' = 'other' AS is_plain
    FROM files f JOIN file_versions v ON v.id = f.current_version_id
    WHERE f.project_id = :project AND f.id = ANY(:ids) AND f.trashed_at IS NULL AND v.state = 'ready' ORDER BY f.id""")


@dataclass(frozen=True, slots=True)
class Original:
    """A file to be copied, by its current version."""

    id: UUID
    name: str
    bucket: str
    key: str
    size_bytes: int
    etag: str
    crc32: int | None
    sha256: str | None
    media_type: str | None
    claimed_type: str | None
    is_plain: bool | None


async def originals(session: ReadSession, project_id: UUID, ids: Sequence[UUID]) -> list[Original]:
    """Those of the files that are live and sound."""
    return [Original(*row) for row in await session.execute(_CURRENT, {"project": project_id, "ids": list(ids)})]


async def files_below(session: ReadSession, folder_id: UUID, after: UUID | None, limit: int) -> list[tuple[UUID, str]]:
    """(file, path of its folder from `folder_id`, ending in a slash or empty), by id."""
    rows = await session.execute(_FILES, {"folder": folder_id, "after": after, "limit": limit})
    return [(row.id, row.path) for row in rows]


async def folders_below(session: ReadSession, folder_id: UUID, limit: int) -> list[str]:
    """Paths of live folders from `folder_id`."""
    return list((await session.scalars(_PATHS, {"folder": folder_id, "limit": limit})).all())


async def has_key(session: ReadSession, key: str) -> bool:
    return (await session.scalars(select(FileVersion.id).where(FileVersion.key == key))).one_or_none() is not None
