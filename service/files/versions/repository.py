"""Statements on versions of one file."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text

from service.core.db import ReadSession
from service.files.models import FileVersion
from service.files.trash.repository import Ending

_BEYOND = text("""
    SELECT v.id, f.project_id, v.size_bytes, v.derived_bytes, v.charged_to
    FROM file_versions v JOIN files f ON f.id = v.file_id
    WHERE f.id = :file AND v.id <> f.current_version_id
    ORDER BY v.no DESC OFFSET :keep LIMIT :limit""")


async def page(session: ReadSession, file_id: UUID, below: int | None, limit: int) -> Sequence[FileVersion]:
    """Newest first."""
    query = select(FileVersion).where(FileVersion.file_id == file_id).order_by(FileVersion.no.desc()).limit(limit)
    if below is not None:
        query = query.where(FileVersion.no < below)
    return (await session.scalars(query)).all()


async def by_no(session: ReadSession, file_id: UUID, no: int) -> FileVersion | None:
    query = select(FileVersion).where(FileVersion.file_id == file_id, FileVersion.no == no)
    return (await session.scalars(query)).one_or_none()


async def beyond(session: ReadSession, file_id: UUID, keep: int, limit: int) -> list[Ending]:
    """The oldest versions of a file, without the current one and the newest `keep` - 1 others."""
    return [Ending(*row) for row in await session.execute(_BEYOND, {"file": file_id, "keep": keep - 1, "limit": limit})]


async def kept_versions(session: ReadSession, project_id: UUID) -> int | None:
    return (await session.scalars(text("SELECT keep_versions FROM projects WHERE id = :id"), {"id": project_id})).one_or_none()
