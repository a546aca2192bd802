"""Statements over all slices, for administrators."""

from decimal import Decimal
from typing import Any

from sqlalchemy import text

from service.core.db import ReadSession

_TOTALS = text("""
    SELECT (SELECT coalesce(sum(files), 0) FROM folders WHERE parent_id IS NULL) AS files,
           (SELECT greatest(0, reltuples)::bigint FROM pg_class WHERE oid = CAST('file_versions' AS regclass)) AS versions,
           (SELECT coalesce(sum(used_bytes), 0) FROM quota_slots WHERE owner_kind = 'project') AS used_bytes,
           (SELECT coalesce(sum(reserved_bytes), 0) FROM quota_slots WHERE owner_kind = 'project') AS reserved_bytes,
           (SELECT coalesce(sum(derived_bytes), 0) FROM projects) AS derived_bytes,
           (SELECT coalesce(sum(size_bytes), 0) FROM files WHERE trashed_at IS NOT NULL)
           + (SELECT coalesce(sum(bytes), 0) FROM folders WHERE trashed_at IS NOT NULL) AS trash_bytes,
           (SELECT count(*) FROM doomed_objects) AS doomed_objects,
           (SELECT count(*) FROM uploads WHERE state IN ('OPEN', 'COMPLETING')) AS open_uploads""")
_LARGEST = text("""
    SELECT p.id, p.name, q.used_bytes, q.reserved_bytes, p.derived_bytes,
           (SELECT coalesce(sum(size_bytes), 0) FROM files WHERE project_id = p.id AND trashed_at IS NOT NULL)
           + (SELECT coalesce(sum(bytes), 0) FROM folders WHERE project_id = p.id AND trashed_at IS NOT NULL) AS trash_bytes
    FROM quota_slots q JOIN projects p ON p.id = q.owner_id
    WHERE q.owner_kind = 'project' ORDER BY q.used_bytes DESC LIMIT :limit""")


async def totals(session: ReadSession) -> dict[str, Any]:
    """The number of versions is Postgres's estimate; the rest is exact, files within seconds."""
    return {name: int(value) for name, value in (await session.execute(_TOTALS)).one()._mapping.items()}  # noqa: SLF001  SQLAlchemy's name for it


async def largest(session: ReadSession, limit: int) -> list[dict[str, Any]]:
    # Sums come as Decimal, which JSON would make a string of.
    rows = await session.execute(_LARGEST, {"limit": limit})
    return [{name: int(value) if isinstance(value, Decimal) else value for name, value in row._mapping.items()} for row in rows]  # noqa: SLF001  as above
