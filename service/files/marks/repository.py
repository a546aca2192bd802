"""Statements on `file_tags` and `favourites`."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from service.core.db import ReadSession, WriteSession

_VISIBLE = text("""
    SELECT f.id FROM files f JOIN project_members m ON m.project_id = f.project_id AND m.user_id = :user
    JOIN projects p ON p.id = f.project_id AND p.deleted_at IS NULL
    WHERE f.id = ANY(:ids) AND (CAST(:only AS uuid) IS NULL OR f.project_id = :only)""")
_ADD_FAVOURITES = text("INSERT INTO favourites (user_id, file_id) SELECT :user, unnest(CAST(:ids AS uuid[])) ON CONFLICT DO NOTHING")
_DROP_FAVOURITES = text("DELETE FROM favourites WHERE user_id = :user AND file_id = ANY(:ids)")
_ADD_TAGS = text("""
    INSERT INTO file_tags (file_id, tag, project_id)
    SELECT f.id, t.tag, f.project_id FROM files f CROSS JOIN unnest(CAST(:tags AS text[])) AS t(tag)
    WHERE f.project_id = :project AND f.id = ANY(:ids) AND f.doomed_at IS NULL
      AND (SELECT count(*) FROM file_tags there WHERE there.file_id = f.id) + cardinality(CAST(:tags AS text[])) <= :most
    ON CONFLICT DO NOTHING""")
_DROP_TAGS = text("DELETE FROM file_tags WHERE project_id = :project AND file_id = ANY(:ids) AND tag = ANY(:tags)")
_KNOWN = text("SELECT id FROM files WHERE project_id = :project AND id = ANY(:ids) AND doomed_at IS NULL")


async def visible(session: ReadSession, user_id: UUID, only: UUID | None, ids: Sequence[UUID]) -> list[UUID]:
    """Those of the files that somebody may see; `only` bounds them to one project."""
    return list((await session.scalars(_VISIBLE, {"user": user_id, "only": only, "ids": list(ids)})).all())


async def add_favourites(session: WriteSession, user_id: UUID, ids: Sequence[UUID]) -> None:
    await session.execute(_ADD_FAVOURITES, {"user": user_id, "ids": list(ids)})


async def drop_favourites(session: WriteSession, user_id: UUID, ids: Sequence[UUID]) -> None:
    await session.execute(_DROP_FAVOURITES, {"user": user_id, "ids": list(ids)})


async def known(session: ReadSession, project_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
    return list((await session.scalars(_KNOWN, {"project": project_id, "ids": list(ids)})).all())


async def add_tags(session: WriteSession, project_id: UUID, ids: Sequence[UUID], tags: Sequence[str], most: int) -> None:
    """To each of the files that would not have more than `most` then."""
    await session.execute(_ADD_TAGS, {"project": project_id, "ids": list(ids), "tags": list(tags), "most": most})


async def drop_tags(session: WriteSession, project_id: UUID, ids: Sequence[UUID], tags: Sequence[str]) -> None:
    await session.execute(_DROP_TAGS, {"project": project_id, "ids": list(ids), "tags": list(tags)})


async def tags_of(session: ReadSession, file_id: UUID) -> list[str]:
    query = text("SELECT tag FROM file_tags WHERE file_id = :id ORDER BY tag")
    return list((await session.scalars(query, {"id": file_id})).all())


async def clear_tags(session: WriteSession, file_id: UUID) -> None:
    await session.execute(text("DELETE FROM file_tags WHERE file_id = :id"), {"id": file_id})


async def touch(session: WriteSession, file_id: UUID, revision: int | None) -> bool:
    """Count an edit, if the file is still as the editor saw it."""
    statement = text("""
        UPDATE files SET revision = revision + 1
        WHERE id = :id AND (CAST(:revision AS integer) IS NULL OR revision = :revision) RETURNING id""")
    return (await session.execute(statement, {"id": file_id, "revision": revision})).one_or_none() is not None
