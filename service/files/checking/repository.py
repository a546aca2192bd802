"""Statements behind checks of many versions."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from service.core.db import ReadSession, WriteSession

_CHECKED = """
    SELECT v.id, f.id AS file_id, f.project_id, f.name, v.no, v.bucket, v.key, v.size_bytes, v.sha256, v.media_type, v.claimed_type,
           coalesce(v.preview->>'kind', 'other') AS kind
    FROM file_versions v JOIN files f ON f.id = v.file_id {which}
    WHERE (CAST(:project AS uuid) IS NULL OR f.project_id = :project) AND v.state = 'ready' AND v.id > :after
    ORDER BY v.id LIMIT :limit"""
_ALL = text(_CHECKED.format(which=""))
_CURRENT = text(_CHECKED.format(which="AND f.current_version_id = v.id"))


@dataclass(frozen=True, slots=True)
class Checked:
    """A version and what is written of it."""

    id: UUID
    file_id: UUID
    project_id: UUID
    name: str
    no: int
    bucket: str
    key: str
    size_bytes: int
    sha256: str | None
    media_type: str | None
    claimed_type: str | None
    kind: str


async def page(session: ReadSession, project_id: UUID | None, after: UUID, limit: int, *, current_only: bool) -> list[Checked]:
    """Sound versions by id."""
    rows = await session.execute(_CURRENT if current_only else _ALL, {"project": project_id, "after": after, "limit": limit})
    return [Checked(*row) for row in rows]


async def mark_corrupt(session: WriteSession, version_id: UUID) -> None:
    await session.execute(text("UPDATE file_versions SET state = 'corrupt' WHERE id = :id"), {"id": version_id})
