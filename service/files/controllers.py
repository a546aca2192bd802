"""`/projects/{id}/entries`, `/folders`, `/files`, `/content`."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.params import Parameter
from litestar.response import Redirect, Stream

from service.core.db import ReadSession
from service.core.errors import Missing
from service.core.http.guards import PUBLIC, SCOPE
from service.core.http.inject import Caller, Config, Db, Injected, Reading, Writing
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_cursor, decode_id, encode_cursor
from service.core.principal import Permission, Principal, Scope
from service.files import repository
from service.files.content import Wanted, stream_object
from service.files.errors import BadTicket
from service.files.repository import Found
from service.files.schemas import (
    CorruptPage,
    CorruptView,
    EntryPage,
    EntryView,
    FilePage,
    FileView,
    FolderCreate,
    FolderView,
    PathList,
    Preview,
    TakenPaths,
    VersionPage,
    VersionView,
)
from service.files.service import (
    CORRUPT,
    get_file,
    get_sound_file,
    is_kept_from,
    purge_file,
    resolve_folder,
    restore_file,
    taken_paths,
    trash_file,
)
from service.projects import service as projects
from service.storage.delivery import SAFE_TYPE, Delivery, TicketRefused, content_disposition, is_inline_safe
from service.storage.port import Reader

THUMBNAIL_TTL_S = 6 * 3_600
DOWNLOAD_TTL_S = 300
Cursor = Annotated[str | None, Parameter(max_length=2_000)]


def _host(request: Request[Any, Any, Any]) -> str:
    return request.url.hostname or ""


def _preview(facts: dict[str, object] | None, delivery: Delivery, derived: str, host: str, *, is_hidden: bool = False) -> Preview:
    facts = dict(facts or {})
    key = facts.pop("thumbnail_key", None)
    url = delivery.url(host, derived, str(key), expires_s=THUMBNAIL_TTL_S, media_type="image/webp") if key and not is_hidden else None
    return msgspec.convert({**facts, "thumbnail_url": url}, Preview)


def _view(found: Found, preview: Preview) -> FileView:
    file, version = found.file, found.version
    return FileView(
        id=file.id,
        project_id=file.project_id,
        folder_id=file.folder_id,
        name=file.name,
        size_bytes=version.size_bytes,
        media_type=version.media_type,
        claimed_type=version.claimed_type,
        etag=version.etag,
        sha256=version.sha256,
        is_corrupt=version.state == CORRUPT,
        version_no=version.no,
        version_id=version.id,
        created_at=file.created_at,
        changed_at=file.changed_at,
        trashed_at=file.trashed_at,
        created_by=found.creator,
        preview=preview,
    )


def _wanted(request: Request[Any, Any, Any]) -> Wanted:
    return Wanted(request.headers.get("range"), request.headers.get("if-range"), request.headers.get("if-none-match"))


def _answered_as(found: Found, *, inline: bool) -> tuple[str, str]:
    """(media type, Content-Disposition) of a download: shown in place only if asked for and safe."""
    media_type = found.version.media_type or found.version.claimed_type
    shows = inline and is_inline_safe(media_type)
    return media_type if shows and media_type else SAFE_TYPE, content_disposition(found.file.name, inline=shows)


class EntriesController(Controller):
    path = "/projects/{project_id:uuid}"
    tags = ("files",)

    @get("/entries", summary="One page of a folder: folders first, then files, by name")
    async def entries(
        self,
        project_id: UUID,
        request: Request[Any, Any, Any],
        principal: Caller,
        read: Reading,
        delivery: Annotated[Delivery, Injected],
        settings: Config,
        folder: UUID | None = None,
        q: Annotated[str, Parameter(max_length=200)] = "",
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> EntryPage:
        await projects.require(read, principal, project_id, Permission.VIEW)
        chain = await repository.chain(read, folder or project_id)
        if (folder and not chain) or any(item.project_id != project_id or item.trashed_at for item in chain):
            raise Missing
        after = None
        if cursor:
            rank, name, entry_id = decode_cursor(cursor, int, str, str)
            after = (int(rank), str(name), UUID(str(entry_id)))
        rows = await repository.entries(read, folder or project_id, text_filter=q, after=after, limit=check_limit(limit) + 1)
        host, derived = _host(request), settings.store.derived
        items = [
            EntryView(
                "file" if rank else "folder",
                entry_id,
                name,
                changed_at,
                size,
                media_type,
                _preview(facts, delivery, derived, host, is_hidden=state == CORRUPT) if rank else None,
                state == CORRUPT,
            )
            for rank, name, entry_id, changed_at, size, media_type, facts, state in rows[:limit]
        ]
        last = rows[limit - 1] if len(rows) > limit else None
        path = [FolderView(item.id, item.project_id, item.parent_id, item.name) for item in chain]
        return EntryPage(items, encode_cursor(last[0], last[1], str(last[2])) if last else None, path)

    @post("/entries/taken", opt={SCOPE: Scope.READ}, status_code=200, summary="Which of up to 1,000 paths are files already")
    async def taken(self, project_id: UUID, data: PathList, principal: Caller, read: Reading) -> TakenPaths:
        await projects.require(read, principal, project_id, Permission.VIEW)
        chain = await repository.chain(read, data.folder or project_id)
        if data.folder and (not chain or any(item.project_id != project_id for item in chain)):
            raise Missing
        return TakenPaths(await taken_paths(read, project_id, data.folder, data.paths))

    @get("/trash", summary="What was thrown away in a project, newest first")
    async def trash(
        self,
        project_id: UUID,
        request: Request[Any, Any, Any],
        principal: Caller,
        read: Reading,
        delivery: Annotated[Delivery, Injected],
        settings: Config,
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> FilePage:
        await projects.require(read, principal, project_id, Permission.VIEW)
        return await _page(read, principal, project_id, cursor, limit, delivery, settings.store.derived, _host(request), trashed=True)


async def _page(
    read: ReadSession,
    principal: Principal,
    project_id: UUID | None,
    cursor: str | None,
    limit: int,
    delivery: Delivery,
    derived: str,
    host: str,
    *,
    trashed: bool,
) -> FilePage:
    before = decode_id(cursor)
    rows = await repository.recent(read, principal, project_id=project_id, trashed=trashed, before=before, limit=check_limit(limit) + 1)
    items = [
        _view(found, _preview(found.version.preview, delivery, derived, host, is_hidden=is_kept_from(found.version, principal)))
        for found in rows[:limit]
    ]
    return FilePage(items, encode_cursor(str(items[-1].id)) if len(rows) > limit else None)


class FolderController(Controller):
    path = "/folders"
    tags = ("files",)

    @post("/", summary="Make a folder, and those on the way to it")
    async def create(self, data: FolderCreate, principal: Caller, write: Writing) -> FolderView:
        await projects.require(write, principal, data.project_id, Permission.UPLOAD)
        folder_id = await resolve_folder(write, data.project_id, data.parent_id, data.path, principal.user_id)
        folder = (await repository.chain(write, folder_id))[-1]
        return FolderView(folder.id, folder.project_id, folder.parent_id, folder.name)


class FileController(Controller):
    path = "/files"
    tags = ("files",)

    @get("/", summary="Files I may see in any project, newest first")
    async def recent(
        self,
        request: Request[Any, Any, Any],
        principal: Caller,
        read: Reading,
        delivery: Annotated[Delivery, Injected],
        settings: Config,
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> FilePage:
        return await _page(read, principal, None, cursor, limit, delivery, settings.store.derived, _host(request), trashed=False)

    @get("/corrupt", summary="Versions I uploaded that are not what their checksum said, newest first")
    async def corrupt(self, principal: Caller, read: Reading, cursor: Cursor = None, limit: int = DEFAULT_LIMIT) -> CorruptPage:
        before = decode_id(cursor)
        rows = await repository.corrupt_of(read, principal.user_id, before, check_limit(limit) + 1)
        items = [
            CorruptView(
                version.id,
                version.no,
                file.id,
                file.project_id,
                file.name,
                version.size_bytes,
                version.sha256 or "",
                version.expected_sha256 or "",
                version.created_at,
            )
            for version, file in rows[:limit]
        ]
        return CorruptPage(items, encode_cursor(str(items[-1].id)) if len(rows) > limit else None)

    @get("/{file_id:uuid}", summary="One file")
    async def one(
        self,
        file_id: UUID,
        request: Request[Any, Any, Any],
        principal: Caller,
        read: Reading,
        delivery: Annotated[Delivery, Injected],
        settings: Config,
    ) -> FileView:
        found = await get_file(read, principal, file_id)
        is_hidden = is_kept_from(found.version, principal)
        return _view(found, _preview(found.version.preview, delivery, settings.store.derived, _host(request), is_hidden=is_hidden))

    @get("/{file_id:uuid}/versions", summary="Versions of a file, newest first")
    async def versions(
        self,
        file_id: UUID,
        principal: Caller,
        read: Reading,
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> VersionPage:
        found = await get_file(read, principal, file_id)
        below = int(decode_cursor(cursor, int)[0]) if cursor else None
        rows = await repository.versions(read, file_id, below, check_limit(limit) + 1)
        items = [
            VersionView(
                row.id,
                row.no,
                row.size_bytes,
                row.sha256,
                row.state == CORRUPT,
                row.sha256 is not None and row.sha256 == row.expected_sha256,
                row.media_type or row.claimed_type,
                row.created_at,
                row.id == found.version.id,
            )
            for row in rows[:limit]
        ]
        return VersionPage(items, encode_cursor(items[-1].no) if len(rows) > limit else None)

    @get(
        "/{file_id:uuid}/content",
        summary="The bytes: a redirect to the store, or with proxy=1 streamed (Range, conditional)",
        status_code=200,
    )
    async def content(
        self,
        file_id: UUID,
        request: Request[Any, Any, Any],
        principal: Caller,
        database: Db,
        delivery: Annotated[Delivery, Injected],
        store: Annotated[Reader, Injected],
        proxy: bool = False,
        inline: bool = False,
    ) -> Response[bytes] | Stream | Redirect:
        async with database.read() as session:
            found = await get_sound_file(session, principal, file_id)
        version = found.version
        kind, disposition = _answered_as(found, inline=inline)
        if proxy:
            return await stream_object(
                store,
                version.bucket,
                version.key,
                _wanted(request),
                media_type=kind,
                disposition=disposition,
                etag=version.etag,
                sha256=version.sha256,
            )
        url = delivery.url(
            _host(request), version.bucket, version.key, expires_s=DOWNLOAD_TTL_S, window_s=60, media_type=kind, disposition=disposition
        )
        return Redirect(url, status_code=302, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})

    @get("/{file_id:uuid}/link", summary="A short-lived URL of the bytes, for players and download buttons")
    async def link(
        self,
        file_id: UUID,
        request: Request[Any, Any, Any],
        principal: Caller,
        read: Reading,
        delivery: Annotated[Delivery, Injected],
        inline: bool = False,
    ) -> dict[str, str]:
        found = await get_sound_file(read, principal, file_id)
        kind, disposition = _answered_as(found, inline=inline)
        return {
            "url": delivery.url(
                _host(request),
                found.version.bucket,
                found.version.key,
                expires_s=DOWNLOAD_TTL_S,
                window_s=60,
                media_type=kind,
                disposition=disposition,
            )
        }

    @delete("/{file_id:uuid}", summary="Move to the trash; with purge=1 delete for good what is in the trash")
    async def remove(
        self,
        file_id: UUID,
        principal: Caller,
        write: Writing,
        settings: Config,
        purge: bool = False,
    ) -> None:
        if purge:
            await purge_file(write, principal, file_id, settings.server.recovery_window_s)
        else:
            await trash_file(write, principal, file_id)

    @post("/{file_id:uuid}/restore", status_code=204, summary="Take out of the trash")
    async def restore(self, file_id: UUID, principal: Caller, write: Writing) -> None:
        await restore_file(write, principal, file_id)


class ContentController(Controller):
    path = "/content"
    tags = ("files",)

    @get("/{ticket:str}", opt={PUBLIC: True}, summary="Bytes by a signed ticket, where the store can't be reached from the browser")
    async def by_ticket(
        self, ticket: str, request: Request[Any, Any, Any], delivery: Annotated[Delivery, Injected], store: Annotated[Reader, Injected]
    ) -> Response[bytes] | Stream:
        try:
            content = delivery.open_ticket(ticket)
        except TicketRefused as error:
            raise BadTicket from error
        kind = content.media_type or SAFE_TYPE
        return await stream_object(
            store,
            content.bucket,
            content.key,
            _wanted(request),
            media_type=kind,
            disposition=content.disposition,
            cache="private, max-age=3600",
        )
