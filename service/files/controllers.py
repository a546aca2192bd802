"""`/files`, `/content`."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, get
from litestar.response import Redirect, Stream

from service.audit.controllers import activity
from service.audit.repository import Filters
from service.audit.schemas import ActivityPage
from service.audit.service import Recorder, Thing
from service.core.http.guards import PUBLIC
from service.core.http.inject import Caller, Cursor, Db, Injected, Reading
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_id, encode_cursor
from service.files import repository
from service.files.content import Wanted, stream_object
from service.files.errors import BadTicket
from service.files.listing import repository as listing
from service.files.listing.controllers import search_page
from service.files.repository import Found
from service.files.schemas import CorruptPage, CorruptView, FilePage, FileView
from service.files.service import get_file, get_sound_file
from service.files.tree.controllers import etag_of
from service.files.views import ShownViews
from service.storage.delivery import SAFE_TYPE, Delivery, TicketRefused, content_disposition, is_inline_safe
from service.storage.port import Reader

DOWNLOAD_TTL_S = 300
NEWEST = listing.Order(listing.Sort.NEWEST, descending=True)
Audit = Annotated[Recorder, Injected]


def _host(request: Request[Any, Any, Any]) -> str:
    return request.url.hostname or ""


def _answered_as(found: Found, *, inline: bool) -> tuple[str, str]:
    """(media type, Content-Disposition) of a download: shown in place only if asked for and safe."""
    media_type = found.version.media_type or found.version.claimed_type
    shows = inline and is_inline_safe(media_type)
    return media_type if shows and media_type else SAFE_TYPE, content_disposition(found.file.name, inline=shows)


def _thing(found: Found) -> Thing:
    return Thing("file", found.file.id, found.file.name, found.file.project_id)


class FileController(Controller):
    path = "/files"
    tags = ("files",)

    @get("/", summary="Files I may see in any project, newest first, or my favourites")
    async def recent(
        self,
        principal: Caller,
        read: Reading,
        views: ShownViews,
        favourite: bool = False,
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> FilePage:
        return await search_page(read, principal, views, None, listing.Wanted(is_favourite=favourite), NEWEST, cursor, limit)

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
    async def one(self, file_id: UUID, principal: Caller, read: Reading, views: ShownViews) -> Response[FileView]:
        found = await get_file(read, principal, file_id)
        paths = await listing.paths(read, [found.file.folder_id])
        return Response(views.file(found, paths.get(found.file.folder_id, "")), headers=etag_of(found.file.revision))

    @get("/{file_id:uuid}/activity", summary="What happened to a file, newest first")
    async def activity(
        self, file_id: UUID, principal: Caller, read: Reading, cursor: Cursor = None, limit: int = DEFAULT_LIMIT
    ) -> ActivityPage:
        found = await get_file(read, principal, file_id)
        return await activity(read, Filters(object_id=file_id, project_id=found.file.project_id), cursor, limit)

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
        audit: Audit,
        proxy: bool = False,
        inline: bool = False,
    ) -> Response[bytes] | Stream | Redirect:
        async with database.read() as session:
            found = await get_sound_file(session, principal, file_id)
        version, wanted = found.version, Wanted.of(request)
        if wanted.begins:
            audit.note(principal, "files.download", _thing(found), version=version.no)
        kind, disposition = _answered_as(found, inline=inline)
        if proxy:
            return await stream_object(
                store,
                version.bucket,
                version.key,
                wanted,
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
        audit: Audit,
        inline: bool = False,
    ) -> dict[str, str]:
        found = await get_sound_file(read, principal, file_id)
        audit.note(principal, "files.link", _thing(found), version=found.version.no)
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
            Wanted.of(request),
            media_type=kind,
            disposition=content.disposition,
            cache="private, max-age=3600",
        )
