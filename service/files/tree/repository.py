"""Statements that change the tree of folders, and those that keep its totals.

Whoever changes the tree holds its project's lock (`lock_tree`), so that two moves can't make a ring and totals go to the right
ancestors. Folding changes into totals holds the lock of all trees. Both are locks of the transaction, not of the session.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, text

from service.core.db import ReadSession, WriteSession
from service.files.models import File, Folder
from service.files.repository import MAX_DEPTH, escape_like

_ALL_TREES = 0x73_74_6F_77
FOLD_AT_ONCE = 5_000
MAX_SELECTED = 200_000

_LOCK_SHARED = text("SELECT pg_advisory_xact_lock_shared(:all)")
_LOCK_ONE = text("SELECT pg_advisory_xact_lock(:all, hashtext(CAST(:project AS text)))")
_LOCK_ALL = text("SELECT pg_try_advisory_xact_lock(:all)")

# Changes of folders, added to them and to all that are above, but not beyond one in the trash: its parent has let go of it.
_FOLD = text(f"""
    WITH RECURSIVE taken AS (
        DELETE FROM folder_changes WHERE id IN (SELECT id FROM folder_changes ORDER BY id LIMIT {FOLD_AT_ONCE})
        RETURNING folder_id, files, bytes),
    own AS (SELECT folder_id, sum(files) AS files, sum(bytes) AS bytes FROM taken GROUP BY folder_id),
    up AS (
        SELECT f.id, f.parent_id, f.trashed_at, own.files, own.bytes, 0 AS depth FROM own JOIN folders f ON f.id = own.folder_id
        UNION ALL
        SELECT f.id, f.parent_id, f.trashed_at, up.files, up.bytes, up.depth + 1 FROM up JOIN folders f ON f.id = up.parent_id
        WHERE up.trashed_at IS NULL AND up.depth < {MAX_DEPTH}),
    sums AS (SELECT id, sum(files) AS files, sum(bytes) AS bytes FROM up GROUP BY id),
    changed AS (UPDATE folders SET files = folders.files + sums.files, bytes = folders.bytes + sums.bytes FROM sums WHERE folders.id = sums.id)
    SELECT count(*) FROM taken""")
_ADD_ABOVE = text(f"""
    WITH RECURSIVE up AS (
        SELECT id, parent_id, trashed_at, 0 AS depth FROM folders WHERE id = :folder
        UNION ALL
        SELECT f.id, f.parent_id, f.trashed_at, up.depth + 1 FROM up JOIN folders f ON f.id = up.parent_id
        WHERE up.trashed_at IS NULL AND up.depth < {MAX_DEPTH})
    UPDATE folders SET files = files + :files, bytes = bytes + :bytes FROM up WHERE folders.id = up.id""")
_BELOW = f"""
    WITH RECURSIVE below AS (
        SELECT id, 1 AS depth FROM folders WHERE id = :folder
        UNION ALL
        SELECT f.id, below.depth + 1 FROM below JOIN folders f ON f.parent_id = below.id WHERE {{only}} below.depth < {MAX_DEPTH})"""
# What is in the trash by itself stays hidden when the folder around it comes back.
_SHOW_BELOW = text(
    f"{_BELOW.format(only='f.trashed_at IS NULL AND')} UPDATE folders SET is_hidden = false FROM below WHERE folders.id = below.id"
)
_HIDE_BELOW = text(
    f"{_BELOW.format(only='')} UPDATE folders SET is_hidden = true FROM below WHERE folders.id = below.id AND NOT folders.is_hidden"
)
_HEIGHT = text(f"{_BELOW.format(only='')} SELECT max(depth) FROM below")


@dataclass(frozen=True, slots=True)
class Child:
    """A file on its way: where it is, what it is called, how often it was edited."""

    id: UUID
    parent_id: UUID
    name: str
    revision: int


async def lock_tree(session: WriteSession, project_id: UUID) -> None:
    await session.execute(_LOCK_SHARED, {"all": _ALL_TREES})
    await session.execute(_LOCK_ONE, {"all": _ALL_TREES, "project": str(project_id)})


async def fold(session: WriteSession) -> int:
    """Add the oldest changes to the totals; how many. 0 also where somebody else is at it, or a tree is being changed."""
    if not (await session.execute(_LOCK_ALL, {"all": _ALL_TREES})).scalar_one():
        return 0
    return int((await session.execute(_FOLD)).scalar_one())


async def add_above(session: WriteSession, folder_id: UUID, *, files: int, size_bytes: int) -> None:
    """To the totals of a folder and all above it."""
    await session.execute(_ADD_ABOVE, {"folder": folder_id, "files": files, "bytes": size_bytes})


async def height(session: ReadSession, folder_id: UUID) -> int:
    """Levels of folders in it, itself included."""
    return int((await session.execute(_HEIGHT, {"folder": folder_id})).scalar_one() or 0)


async def set_hidden(session: WriteSession, folder_id: UUID, *, is_hidden: bool) -> None:
    await session.execute(_HIDE_BELOW if is_hidden else _SHOW_BELOW, {"folder": folder_id})


async def lock_folder(session: WriteSession, folder_id: UUID) -> Folder | None:
    """As it is now, also where this session has read it before: its totals may have changed until it was locked."""
    query = select(Folder).where(Folder.id == folder_id).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def folder_of(session: ReadSession, folder_id: UUID) -> Folder | None:
    return (await session.scalars(select(Folder).where(Folder.id == folder_id))).one_or_none()


_IDS: Any = bindparam("ids", expanding=False)


async def lock_files(session: WriteSession, project_id: UUID, ids: Collection[UUID], *, trashed: bool = False) -> list[Child]:
    """Those of the ids that are files of the project, live or in the trash."""
    is_there = File.trashed_at.is_not(None) & File.doomed_at.is_(None) if trashed else File.trashed_at.is_(None)
    query = (
        select(File.id, File.folder_id, File.name, File.revision)
        .where(File.project_id == project_id, File.id == func.any(_IDS), is_there)
        .order_by(File.id)
        .with_for_update()
    )
    return [Child(*row) for row in await session.execute(query, {"ids": list(ids)})]


async def children(session: ReadSession, folder_id: UUID, text_filter: str, exclude: Collection[UUID]) -> tuple[list[UUID], list[UUID]]:
    """(files, folders) that are live in a folder, at most MAX_SELECTED of each, without those excluded."""
    found: list[list[UUID]] = []
    for model, parent in ((File, File.folder_id), (Folder, Folder.parent_id)):
        query = select(model.id).where(parent == folder_id, model.trashed_at.is_(None)).limit(MAX_SELECTED)
        if text_filter:
            query = query.where(model.name.ilike(f"%{escape_like(text_filter)}%", escape="\\"))
        left_out = frozenset(exclude)
        found.append([one for one in await session.scalars(query) if one not in left_out])
    return found[0], found[1]


_PLACE = text("""
    UPDATE files SET folder_id = wanted.folder, name = wanted.name, trashed_at = NULL, trashed_by = NULL, revision = revision + 1
    FROM unnest(CAST(:ids AS uuid[]), CAST(:folders AS uuid[]), CAST(:names AS text[])) AS wanted(id, folder, name)
    WHERE files.id = wanted.id""")


async def place_files(session: WriteSession, places: Mapping[UUID, tuple[UUID, str]]) -> None:
    """Put each file into a folder under a name; those in the trash come out of it. Raises IntegrityError where a name is taken."""
    parameters = {
        "ids": list(places),
        "folders": [folder for folder, _ in places.values()],
        "names": [name for _, name in places.values()],
    }
    await session.execute(_PLACE, parameters)


async def trash_files(session: WriteSession, project_id: UUID, ids: Collection[UUID], user_id: UUID) -> list[tuple[UUID, str]]:
    """(id, name) of those that were live."""
    rows = await session.execute(
        text("""
            UPDATE files SET trashed_at = now(), trashed_by = :user, revision = revision + 1
            WHERE project_id = :project AND id = ANY(:ids) AND trashed_at IS NULL RETURNING id, name"""),
        {"user": user_id, "project": project_id, "ids": list(ids)},
    )
    return [(row.id, row.name) for row in rows]


async def names_in(session: ReadSession, folder_id: UUID, *, folders: bool) -> set[str]:
    """Names that are taken there; for finding a free one."""
    query = select(Folder.name).where(Folder.parent_id == folder_id) if folders else select(File.name).where(File.folder_id == folder_id)
    model = Folder if folders else File
    return set((await session.scalars(query.where(model.trashed_at.is_(None)).limit(MAX_SELECTED))).all())


async def totals_of(session: ReadSession, folder_ids: Sequence[UUID]) -> tuple[int, int]:
    """(files, bytes) in these folders and below."""
    query = select(func.coalesce(func.sum(Folder.files), 0), func.coalesce(func.sum(Folder.bytes), 0)).where(Folder.id.in_(folder_ids))
    row = (await session.execute(query)).one()
    return int(row[0]), int(row[1])


async def sizes_of(session: ReadSession, project_id: UUID, file_ids: Sequence[UUID]) -> tuple[int, int]:
    """(files, bytes) of those of the files that are the project's."""
    in_all = select(func.count(), func.coalesce(func.sum(File.size_bytes), 0))
    query = in_all.where(File.project_id == project_id, File.id == func.any(_IDS))
    row = (await session.execute(query, {"ids": list(file_ids)})).one()
    return int(row[0]), int(row[1])
