"""`/projects/{id}/entries`, `/projects/{id}/search`, `/search`, `/projects/{id}/tree`, `/projects/{id}/tags`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import Provide
from litestar.params import Parameter

from service.core.db import ReadSession
from service.core.errors import Missing
from service.core.http.guards import SCOPE
from service.core.http.inject import Caller, Cursor, Injected, Reading
from service.core.pagination import DEFAULT_LIMIT, BadCursor, check_limit, decode_cursor, encode_cursor
from service.core.principal import Permission, Principal, Scope
from service.files import repository as files
from service.files.listing import repository
from service.files.listing.repository import After, Key, Order, Sort, Wanted
from service.files.schemas import (
    Daily,
    DailyList,
    EntryPage,
    FilePage,
    FolderView,
    PathList,
    TagCount,
    TagList,
    TakenPaths,
    TreeFolder,
    TreePage,
)
from service.files.service import taken_paths
from service.files.tree.placing import living_chain
from service.files.views import ShownViews, Views
from service.projects import service as projects

Descending = Annotated[bool, Parameter(query="desc")]
Text = Annotated[str, Parameter(max_length=200)]
Bytes = Annotated[int | None, Parameter(ge=0, le=1 << 60)]
MAX_TAGS = 1_000


def provide_wanted(
    q: Text = "",
    kind: Text = "",
    media_type: Text = "",
    min_bytes: Bytes = None,
    max_bytes: Bytes = None,
    since: datetime | None = None,
    until: datetime | None = None,
    uploader: Text = "",
    tag: Text = "",
    favourite: bool = False,
) -> Wanted:
    """Dependency `wanted`: what the query of a search says."""
    return Wanted(q, kind, media_type, min_bytes, max_bytes, since, until, uploader, tag, favourite)


SEARCHING = {"wanted": Provide(provide_wanted, sync_to_thread=False)}


def _after(cursor: str | None, order: Order) -> After | None:
    """Raises BadCursor."""
    if not cursor:
        return None
    rank, value, entry_id = decode_cursor(cursor, int, int if order.sort is Sort.SIZE else str, str)
    try:
        key: Key = datetime.fromisoformat(str(value)) if order.sort is Sort.CHANGED else value
        return int(rank), key, UUID(str(entry_id))
    except ValueError as error:
        raise BadCursor from error


def _cursor(rank: int, key: Key, entry_id: UUID) -> str:
    return encode_cursor(rank, key.isoformat() if isinstance(key, datetime) else key, str(entry_id))


class EntriesController(Controller):
    path = "/projects/{project_id:uuid}"
    tags = ("files",)

    @get("/entries", summary="One page of a folder: folders first, then files, by name, size, changed or type")
    async def entries(
        self,
        project_id: UUID,
        principal: Caller,
        read: Reading,
        views: ShownViews,
        folder: UUID | None = None,
        q: Text = "",
        sort: Sort = Sort.NAME,
        descending: Descending = False,
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> EntryPage:
        await projects.require(read, principal, project_id, Permission.VIEW)
        chain = await living_chain(read, project_id, folder or project_id)
        # A folder has no other order of coming than that of its changes.
        order = Order(Sort.CHANGED if sort is Sort.NEWEST else sort, descending)
        rows = await repository.entries(
            read, principal.user_id, project_id, folder or project_id, q, order, _after(cursor, order), check_limit(limit) + 1
        )
        last = rows[limit - 1] if len(rows) > limit else None
        path = [FolderView(step.id, step.project_id, step.parent_id, step.name) for step in chain]
        items = [views.entry(row) for row in rows[:limit]]
        return EntryPage(items, _cursor(last.rank, last.key, last.id) if last else None, path)

    @post("/entries/taken", opt={SCOPE: Scope.READ}, status_code=200, summary="Which of up to 1,000 paths are files already")
    async def taken(self, project_id: UUID, data: PathList, principal: Caller, read: Reading) -> TakenPaths:
        await projects.require(read, principal, project_id, Permission.VIEW)
        chain = await files.chain(read, data.folder or project_id)
        if data.folder and (not chain or any(item.project_id != project_id for item in chain)):
            raise Missing
        return TakenPaths(await taken_paths(read, project_id, data.folder, data.paths))

    @get("/tree", summary="Folders in a folder, by name, for a tree that is opened level by level")
    async def tree(
        self,
        project_id: UUID,
        principal: Caller,
        read: Reading,
        folder: UUID | None = None,
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> TreePage:
        await projects.require(read, principal, project_id, Permission.VIEW)
        await living_chain(read, project_id, folder or project_id)
        after = str(decode_cursor(cursor, str)[0]) if cursor else ""
        rows = await repository.subfolders(read, folder or project_id, after, check_limit(limit) + 1)
        items = [TreeFolder(row.id, row.name, row.files, row.bytes, has_more) for row, has_more in rows[:limit]]
        return TreePage(items, encode_cursor(items[-1].name) if len(rows) > limit else None)

    @get("/tags", summary="Tags of a project with how many files have each, by name")
    async def project_tags(self, project_id: UUID, principal: Caller, read: Reading, prefix: Text = "") -> TagList:
        await projects.require(read, principal, project_id, Permission.VIEW)
        return TagList([TagCount(tag, count) for tag, count in await repository.tags_of(read, project_id, prefix, MAX_TAGS)])

    @get("/search", summary="Files of a project by name, type, size, date, uploader, tag", dependencies=SEARCHING)
    async def search(
        self,
        project_id: UUID,
        principal: Caller,
        read: Reading,
        views: ShownViews,
        wanted: Annotated[Wanted, Injected],
        sort: Sort = Sort.NEWEST,
        descending: Descending = True,
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> FilePage:
        await projects.require(read, principal, project_id, Permission.VIEW)
        return await search_page(read, principal, views, project_id, wanted, Order(sort, descending), cursor, limit)


@get("/search", tags=["files"], summary="Files of all my projects by name, type, size, date, uploader, tag", dependencies=SEARCHING)
async def search_everywhere(
    principal: Caller,
    read: Reading,
    views: ShownViews,
    wanted: Annotated[Wanted, Injected],
    sort: Sort = Sort.NEWEST,
    descending: Descending = True,
    cursor: Cursor = None,
    limit: int = DEFAULT_LIMIT,
) -> FilePage:
    return await search_page(read, principal, views, None, wanted, Order(sort, descending), cursor, limit)


@get("/activity/daily", tags=["files"], summary="What came into my projects, day by day (UTC); days without anything are left out")
async def daily(principal: Caller, read: Reading, days: Annotated[int, Parameter(ge=1, le=90)] = 14) -> DailyList:
    return DailyList([Daily(day, count, size) for day, count, size in await repository.daily(read, principal, days)])


async def search_page(
    read: ReadSession,
    principal: Principal,
    views: Views,
    project_id: UUID | None,
    wanted: Wanted,
    order: Order,
    cursor: str | None,
    limit: int,
) -> FilePage:
    """One page of files that match, each with where it is."""
    rows = await repository.search(read, principal, project_id, wanted, order, _after(cursor, order), check_limit(limit) + 1)
    paths = await repository.paths(read, {found.file.folder_id for found, _ in rows[:limit]})
    items = [views.file(found, paths.get(found.file.folder_id, "")) for found, _ in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return FilePage(items, _cursor(1, last[1], last[0].file.id) if last else None)
