"""Statements behind pages. Each page is read off an index, however much there is before it and behind it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, literal, literal_column, null, select, text, tuple_
from sqlalchemy.orm import aliased

from service.accounts.models import User
from service.core.db import ReadSession
from service.core.ids import earliest_id
from service.core.principal import Principal
from service.files.models import Favourite, File, FileTag, FileVersion, Folder
from service.files.repository import MAX_DEPTH, Found, escape_like
from service.projects.repository import visible_to

_EVER = datetime.fromtimestamp(0, UTC)
# Sorted by something else than time, a search looks at this many of the newest that match.
SORTED_OF = 10_000


class Sort(StrEnum):
    NAME = "name"
    SIZE = "size"
    CHANGED = "changed"
    TYPE = "type"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Order:
    sort: Sort
    descending: bool


Key = str | int | datetime
# What follows it: folders are rank 0, files 1; the value sorted by; the id.
After = tuple[int, Key, UUID]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a folder; `files` counts what is in a folder and below."""

    rank: int
    key: Key
    id: UUID
    name: str
    changed_at: datetime
    size_bytes: int
    media_type: str | None
    preview: dict[str, object] | None
    state: str | None
    files: int | None
    is_favourite: bool


_TYPE = func.coalesce(File.media_type, literal_column("''"))
_FILE_KEYS: dict[Sort, Any] = {Sort.NAME: File.name, Sort.SIZE: File.size_bytes, Sort.CHANGED: File.changed_at, Sort.TYPE: _TYPE}
_FOLDER_KEYS: dict[Sort, Any] = {Sort.NAME: Folder.name, Sort.SIZE: Folder.bytes, Sort.CHANGED: Folder.created_at, Sort.TYPE: Folder.name}


async def entries(
    session: ReadSession, user_id: UUID, project_id: UUID, folder_id: UUID, text_filter: str, order: Order, after: After | None, limit: int
) -> list[Entry]:
    """One page of a folder: folders, then files, each by the same column."""
    found: list[Entry] = []
    if after is None or after[0] == 0:
        found = await _folders(session, folder_id, text_filter, order, after, limit)
        after = None
    if len(found) < limit:
        found += await _files(session, user_id, project_id, folder_id, text_filter, order, after, limit - len(found))
    return found


async def _folders(session: ReadSession, folder_id: UUID, text_filter: str, order: Order, after: After | None, limit: int) -> list[Entry]:
    key = _FOLDER_KEYS[order.sort]
    query: Select[Any] = select(
        literal_column("0"),
        key,
        Folder.id,
        Folder.name,
        Folder.created_at,
        Folder.bytes,
        null(),
        null(),
        null(),
        Folder.files,
        literal(value=False),
    ).where(Folder.parent_id == folder_id, Folder.trashed_at.is_(None))
    if text_filter:
        query = query.where(_like(Folder.name, text_filter))
    query = _paged(query, key, Folder.id, order.descending, after, limit)
    return [Entry(*row) for row in await session.execute(query)]


async def _files(
    session: ReadSession, user_id: UUID, project_id: UUID, folder_id: UUID, text_filter: str, order: Order, after: After | None, limit: int
) -> list[Entry]:
    key = _FILE_KEYS[order.sort]
    is_favourite = exists().where(Favourite.user_id == user_id, Favourite.file_id == File.id)
    query: Select[Any] = (
        select(
            literal_column("1"),
            key,
            File.id,
            File.name,
            File.changed_at,
            File.size_bytes,
            File.media_type,
            FileVersion.preview,
            FileVersion.state,
            null(),
            is_favourite,
        )
        .join(FileVersion, FileVersion.id == File.current_version_id)
        .where(File.project_id == project_id, File.folder_id == folder_id, File.trashed_at.is_(None))
    )
    if text_filter:
        query = query.where(_like(File.name, text_filter))
    query = _paged(query, key, File.id, order.descending, after, limit)
    return [Entry(*row) for row in await session.execute(query)]


def _like(column: Any, part: str) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = column.ilike(f"%{escape_like(part)}%", escape="\\")
    return condition


def _paged(query: Select[Any], key: Any, row_id: Any, descending: bool, after: After | None, limit: int) -> Select[Any]:
    # Names of live things are unique in their folder, and sorting by them alone is what their index does.
    by_name = key in (File.name, Folder.name)
    columns = [key] if by_name else [key, row_id]
    if after is not None:
        _, value, entry_id = after
        if by_name:
            query = query.where(key < value if descending else key > value)
        else:
            here, there = tuple_(key, row_id), (value, entry_id)
            query = query.where(here < there if descending else here > there)
    return query.order_by(*(column.desc() if descending else column for column in columns)).limit(limit)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search looks for; None or empty: whatever it is. `kind` is the part of the media type before the slash."""

    text: str = ""
    kind: str = ""
    media_type: str = ""
    min_bytes: int | None = None
    max_bytes: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    uploader: str = ""
    tag: str = ""
    is_favourite: bool = False


async def search(
    session: ReadSession, principal: Principal, project_id: UUID | None, wanted: Wanted, order: Order, after: After | None, limit: int
) -> list[tuple[Found, Key]]:
    """Live files of one project, or of all that one may see, with the value each is sorted by."""
    # A scalar subquery, so that it is looked up by key for the few files that match, and never joined with all folders.
    is_hidden = select(Folder.is_hidden).where(Folder.id == File.folder_id).scalar_subquery()
    matching = select(File.id).where(File.trashed_at.is_(None), *_conditions(principal, project_id, wanted), is_hidden.is_(False))
    if order.sort is Sort.NEWEST:
        if after is not None:
            matching = matching.where(File.id < after[2] if order.descending else File.id > after[2])
        matching = matching.order_by(File.id.desc() if order.descending else File.id).limit(limit)
    else:
        matching = matching.order_by(File.id.desc()).limit(SORTED_OF)
    key = File.id if order.sort is Sort.NEWEST else _FILE_KEYS[order.sort]
    hits = matching.subquery("hits")
    query: Select[Any] = (
        select(File, FileVersion, User.username, key)
        .join(hits, hits.c.id == File.id)
        .join(FileVersion, FileVersion.id == File.current_version_id)
        .outerjoin(User, User.id == File.created_by)
    )
    if order.sort is Sort.NEWEST:
        query = query.order_by(File.id.desc() if order.descending else File.id)
    else:
        here = tuple_(key, File.id)
        if after is not None:
            query = query.where(here < after[1:] if order.descending else here > after[1:])
        query = query.order_by(*((key.desc(), File.id.desc()) if order.descending else (key, File.id))).limit(limit)
    return [(Found(row[0], row[1], row[2]), str(row[3]) if order.sort is Sort.NEWEST else row[3]) for row in await session.execute(query)]


def _conditions(principal: Principal, project_id: UUID | None, wanted: Wanted) -> list[ColumnElement[bool]]:
    in_project = project_id if project_id is not None else File.project_id
    uploader = select(User.id).where(func.lower(User.username) == wanted.uploader.lower()).scalar_subquery()
    tagged = exists().where(FileTag.file_id == File.id, FileTag.tag == wanted.tag, FileTag.project_id == in_project)
    # Ids begin with the time, and are what the page is sorted by.
    asked: list[tuple[bool, Callable[[], ColumnElement[bool]]]] = [
        (project_id is not None, lambda: File.project_id == project_id),
        (bool(wanted.text), lambda: _like(File.name, wanted.text)),
        (bool(wanted.kind), lambda: func.split_part(_TYPE, literal_column("'/'"), literal_column("1")) == wanted.kind),
        (bool(wanted.media_type), lambda: File.media_type == wanted.media_type),
        (wanted.min_bytes is not None, lambda: File.size_bytes >= wanted.min_bytes),
        (wanted.max_bytes is not None, lambda: File.size_bytes <= wanted.max_bytes),
        (wanted.since is not None, lambda: File.id >= earliest_id(wanted.since or _EVER)),
        (wanted.until is not None, lambda: File.id < earliest_id(wanted.until or _EVER)),
        (bool(wanted.uploader), lambda: File.created_by == uploader),
        (bool(wanted.tag), lambda: tagged),
        (wanted.is_favourite, lambda: exists().where(Favourite.file_id == File.id, Favourite.user_id == principal.user_id)),
    ]
    return [visible_to(principal, File.project_id), *(condition() for is_asked, condition in asked if is_asked)]


_PATHS = text(f"""
    WITH RECURSIVE up AS (
        SELECT id AS start, id, parent_id, name, 0 AS depth FROM folders WHERE id = ANY(:ids)
        UNION ALL
        SELECT up.start, f.id, f.parent_id, f.name, up.depth + 1 FROM up JOIN folders f ON f.id = up.parent_id WHERE up.depth < {MAX_DEPTH})
    SELECT start, string_agg(name, '/' ORDER BY depth DESC) AS path FROM up GROUP BY start""")


async def paths(session: ReadSession, folder_ids: Collection[UUID]) -> dict[UUID, str]:
    """Of folders, from the root: `/a/b`, and `` for the root itself."""
    return {row.start: row.path for row in await session.execute(_PATHS, {"ids": list(folder_ids)})}


async def daily(session: ReadSession, principal: Principal, days: int) -> Sequence[tuple[date, int, int]]:
    """(day in UTC, files, bytes) of what came into all projects one may see; days without any are left out."""
    day = func.date(func.timezone("UTC", File.created_at))
    query = (
        select(day, func.count(), func.coalesce(func.sum(File.size_bytes), 0))
        .where(File.id >= earliest_id(datetime.now(UTC) - timedelta(days=days)), visible_to(principal, File.project_id))
        .group_by(day)
        .order_by(day)
    )
    return [(row[0], int(row[1]), int(row[2])) for row in await session.execute(query)]


async def tags_of(session: ReadSession, project_id: UUID, prefix: str, limit: int) -> Sequence[tuple[str, int]]:
    """Tags of a project with how many files have each, by name."""
    query = (
        select(FileTag.tag, func.count())
        .where(FileTag.project_id == project_id, FileTag.tag.startswith(prefix, autoescape=True))
        .group_by(FileTag.tag)
        .order_by(FileTag.tag)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


async def subfolders(session: ReadSession, parent_id: UUID, after: str, limit: int) -> list[tuple[Folder, bool]]:
    """For a tree: live folders in one, by name, and whether there are further ones in each."""
    inner = aliased(Folder)
    has_more = exists().where(inner.parent_id == Folder.id, inner.trashed_at.is_(None))
    query = (
        select(Folder, has_more)
        .where(Folder.parent_id == parent_id, Folder.trashed_at.is_(None), Folder.name > after)
        .order_by(Folder.name)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]
