"""Statements on the trash, and those that end files for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from service.core.db import ReadSession, WriteSession

# Folders and files that were thrown away themselves; what only lies in such a folder comes and goes with it.
_PAGE = text("""
    SELECT * FROM (
        (SELECT 'folder' AS kind, f.id, f.name, f.trashed_at, f.bytes AS size_bytes, NULL AS media_type, u.username AS trashed_by, p.name AS parent
         FROM folders f LEFT JOIN users u ON u.id = f.trashed_by LEFT JOIN folders p ON p.id = f.parent_id
         WHERE f.project_id = :project AND f.trashed_at IS NOT NULL AND f.doomed_at IS NULL
           AND (CAST(:at AS timestamptz) IS NULL OR (f.trashed_at, f.id) < (:at, CAST(:id AS uuid)))
         ORDER BY f.trashed_at DESC, f.id DESC LIMIT :limit)
        UNION ALL
        (SELECT 'file', f.id, f.name, f.trashed_at, f.size_bytes, f.media_type, u.username, p.name
         FROM files f LEFT JOIN users u ON u.id = f.trashed_by LEFT JOIN folders p ON p.id = f.folder_id
         WHERE f.project_id = :project AND f.trashed_at IS NOT NULL AND f.doomed_at IS NULL
           AND (CAST(:at AS timestamptz) IS NULL OR (f.trashed_at, f.id) < (:at, CAST(:id AS uuid)))
         ORDER BY f.trashed_at DESC, f.id DESC LIMIT :limit)) both_kinds
    ORDER BY trashed_at DESC, id DESC LIMIT :limit""")
_DOOM = """
    UPDATE {table} SET doomed_at = now()
    WHERE project_id = :project AND trashed_at IS NOT NULL AND doomed_at IS NULL AND (CAST(:ids AS uuid[]) IS NULL OR id = ANY(:ids))
    RETURNING id, name"""
_DOOM_OLD = """
    UPDATE {table} SET doomed_at = now()
    WHERE id IN (SELECT id FROM {table} WHERE trashed_at < now() - make_interval(secs => :keep) AND doomed_at IS NULL LIMIT :limit)
    RETURNING id"""
_FILES_BELOW = text("""
    WITH RECURSIVE below AS (
        SELECT id FROM folders WHERE id = :folder
        UNION ALL
        SELECT f.id FROM below JOIN folders f ON f.parent_id = below.id)
    SELECT files.id FROM files WHERE folder_id IN (SELECT id FROM below) LIMIT :limit""")


@dataclass(frozen=True, slots=True)
class Trashed:
    """`parent` is the name of the folder it was in; empty for the project itself."""

    kind: str
    id: UUID
    name: str
    trashed_at: datetime
    size_bytes: int
    media_type: str | None
    trashed_by: str | None
    parent: str | None


async def page(session: ReadSession, project_id: UUID, before: tuple[datetime, UUID] | None, limit: int) -> list[Trashed]:
    """Newest first."""
    at, trashed_id = before or (None, None)
    rows = await session.execute(_PAGE, {"project": project_id, "at": at, "id": trashed_id, "limit": limit})
    return [Trashed(*row) for row in rows]


async def doom_trashed(session: WriteSession, project_id: UUID, table: str, ids: Sequence[UUID] | None) -> list[tuple[UUID, str]]:
    """Of `files` or `folders` in the trash: these, or all. (id, name) of what nobody sees any more from now on."""
    rows = await session.execute(text(_DOOM.format(table=table)), {"project": project_id, "ids": None if ids is None else list(ids)})
    return [(row.id, row.name) for row in rows]


async def doom_old(session: WriteSession, keep_s: int, limit: int) -> int:
    """What lay in any trash for longer than `keep_s` seconds; how many things."""
    done = 0
    for table in ("files", "folders"):
        done += len((await session.execute(text(_DOOM_OLD.format(table=table)), {"keep": keep_s, "limit": limit})).all())
    return done


async def old(session: ReadSession, keep_s: int) -> dict[str, object]:
    """What `doom_old` would take: things and their bytes."""
    query = text("""
        SELECT (SELECT count(*) FROM files WHERE trashed_at < now() - make_interval(secs => :keep) AND doomed_at IS NULL)
             + (SELECT count(*) FROM folders WHERE trashed_at < now() - make_interval(secs => :keep) AND doomed_at IS NULL) AS things,
               (SELECT coalesce(sum(size_bytes), 0) FROM files WHERE trashed_at < now() - make_interval(secs => :keep) AND doomed_at IS NULL)
             + (SELECT coalesce(sum(bytes), 0) FROM folders WHERE trashed_at < now() - make_interval(secs => :keep) AND doomed_at IS NULL)
               AS bytes""")
    row = (await session.execute(query, {"keep": keep_s})).one()
    return {"things": int(row.things), "bytes": int(row.bytes)}


async def doomed_files(session: ReadSession, limit: int) -> list[UUID]:
    return list(
        (
            await session.scalars(
                text("SELECT id FROM files WHERE doomed_at IS NOT NULL ORDER BY doomed_at LIMIT :limit"), {"limit": limit}
            )
        ).all()
    )


async def doomed_folder(session: ReadSession) -> UUID | None:
    query = text("SELECT id FROM folders WHERE doomed_at IS NOT NULL ORDER BY doomed_at LIMIT 1")
    return (await session.scalars(query)).one_or_none()


async def files_below(session: ReadSession, folder_id: UUID, limit: int) -> list[UUID]:
    """Of a folder and all below it, in the trash or not."""
    return list((await session.scalars(_FILES_BELOW, {"folder": folder_id, "limit": limit})).all())


async def delete_folder(session: WriteSession, folder_id: UUID) -> None:
    """With the folders below it, after their files."""
    await session.execute(text("DELETE FROM folders WHERE id = :id"), {"id": folder_id})


@dataclass(frozen=True, slots=True)
class Ending:
    """A version about to go, and what has to be given back for it."""

    id: UUID
    project_id: UUID
    size_bytes: int
    derived_bytes: int
    charged_to: UUID


async def lock_files(session: WriteSession, ids: Sequence[UUID]) -> list[UUID]:
    rows = await session.execute(text("SELECT id FROM files WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"), {"ids": list(ids)})
    return [row.id for row in rows]


async def versions_of(session: ReadSession, file_ids: Sequence[UUID]) -> list[Ending]:
    rows = await session.execute(
        text("""
            SELECT v.id, f.project_id, v.size_bytes, v.derived_bytes, v.charged_to
            FROM file_versions v JOIN files f ON f.id = v.file_id WHERE f.id = ANY(:ids)"""),
        {"ids": list(file_ids)},
    )
    return [Ending(*row) for row in rows]


async def end_versions(session: WriteSession, ids: Sequence[UUID], recovery_window_s: int) -> None:
    """Rows now; the objects that are ours after the recovery window."""
    await session.execute(
        text("""
            WITH gone AS (DELETE FROM file_versions WHERE id = ANY(:ids) RETURNING bucket, key, is_owned)
            INSERT INTO doomed_objects (id, bucket, key, is_prefix, not_before)
            SELECT gen_random_uuid(), bucket, key, false, now() + make_interval(secs => :window) FROM gone WHERE is_owned"""),
        {"ids": list(ids), "window": recovery_window_s},
    )


async def delete_files(session: WriteSession, ids: Sequence[UUID]) -> None:
    await session.execute(text("DELETE FROM files WHERE id = ANY(:ids)"), {"ids": list(ids)})
