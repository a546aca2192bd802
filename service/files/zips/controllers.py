"""`POST /projects/{id}/zip` → `GET /zips/{ticket}`."""

import time
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Stream

from service.core.http.guards import PUBLIC, SCOPE
from service.core.http.inject import Caller, Config, Db, Injected, Writing
from service.core.http.origin import origin_of
from service.core.principal import Scope
from service.core.tickets import TicketRefused, seal, unseal
from service.files.content import SANDBOX, Span, Wanted
from service.files.errors import BadTicket
from service.files.schemas import ZipLink, ZipWanted
from service.files.zips.service import KEPT_FOR, choose, open_selection, stream_of
from service.storage.delivery import content_disposition
from service.storage.port import Reader

PURPOSE = "zip"
MEDIA_TYPE = "application/zip"


class ZipTicket(msgspec.Struct):
    selection: UUID


class ZipChoiceController(Controller):
    path = "/projects/{project_id:uuid}/zip"
    tags = ("files",)

    @post("/", opt={SCOPE: Scope.READ}, summary="Choose files and folders to download as one ZIP")
    async def choose(
        self, project_id: UUID, data: ZipWanted, request: Request[Any, Any, Any], principal: Caller, write: Writing, settings: Config
    ) -> ZipLink:
        ready = await choose(write, principal, project_id, data.files, data.folders)
        expires_at = int(time.time() + KEPT_FOR.total_seconds())
        ticket = seal(settings.auth.secret_key, PURPOSE, ZipTicket(ready.selection.id), expires_at)
        url = f"{origin_of(request, settings.server).base_url}/api/v1/zips/{ticket}"
        return ZipLink(url, ready.selection.name, ready.layout.size, len(ready.layout.members), ready.selection.expires_at)


class ZipController(Controller):
    path = "/zips"
    tags = ("files",)

    @get("/{ticket:str}", opt={PUBLIC: True}, summary="The ZIP, streamed; Range and If-Range go on with it", media_type=MEDIA_TYPE)
    async def download(
        self, ticket: str, request: Request[Any, Any, Any], database: Db, store: Annotated[Reader, Injected], settings: Config
    ) -> Response[bytes] | Stream:
        try:
            opened = unseal(settings.auth.secret_key, PURPOSE, ticket, ZipTicket)
        except TicketRefused as error:
            raise BadTicket from error
        async with database.read() as session:
            chosen, layout = await open_selection(session, opened.selection)
        wanted = Wanted.of(request)
        tag = f'"{layout.etag}"'
        headers = {
            **SANDBOX,
            "ETag": tag,
            "Accept-Ranges": "bytes",
            "Cache-Control": "private, no-cache",
            "Content-Disposition": content_disposition(chosen.name, inline=False),
        }
        span = Span.of(wanted.range if wanted.if_range in {None, tag} else None, layout.size)
        stream = await stream_of(database, store, layout)
        return Stream(stream.read(span.start, span.end), status_code=span.status, headers=headers | span.headers, media_type=MEDIA_TYPE)
