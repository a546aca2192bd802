"""`/files/{id}/archive…`, `/archive-members/{ticket}`."""

import mimetypes
import time
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get
from litestar.params import Parameter
from litestar.response import Stream

from service.audit.service import Recorder, Thing
from service.core.http.guards import PUBLIC
from service.core.http.inject import Caller, Config, Cursor, Injected
from service.core.http.origin import origin_of
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_cursor, encode_cursor
from service.core.principal import Principal, Role
from service.core.tickets import TicketRefused, seal, unseal
from service.files.content import SANDBOX, Span, Wanted
from service.media.archives.index import FILE, FOLDER, Key, Row
from service.media.archives.members import can_be_read, read_member
from service.media.archives.schemas import ArchiveEntry, ArchivePage, MemberLink
from service.media.archives.service import Archives
from service.media.errors import BadTicket
from service.storage.delivery import content_disposition

PURPOSE = "archive-member"
LINK_TTL_S = 900
Path = Annotated[str, Parameter(max_length=1_024)]


class MemberTicket(msgspec.Struct, array_like=True):
    """Who may read which member of which version: checked again when it is used."""

    file_id: UUID
    user_id: UUID
    path: str


class ArchiveController(Controller):
    path = "/files/{file_id:uuid}/archive"
    tags = ("media",)

    @get("/", summary="A folder inside an archive; `prefix` is its path, empty for the root")
    async def page(
        self,
        file_id: UUID,
        principal: Caller,
        archives: Annotated[Archives, Injected],
        prefix: Path = "",
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> ArchivePage:
        _, index = await archives.open(principal, file_id)
        folder = prefix.strip("/")
        rows = await index.page(folder, _after(folder, cursor), check_limit(limit) + 1)
        facts = index.facts
        more = encode_cursor(rows[limit - 1].kind, rows[limit - 1].name) if len(rows) > limit else None
        items = [_entry(row, facts.format) for row in rows[:limit]]
        return ArchivePage(facts.format, facts.files, facts.folders, facts.size_bytes, facts.encrypted, facts.left_out, items, more)

    @get("/entry", summary="One member of an archive, streamed without unpacking the rest")
    async def entry(
        self,
        file_id: UUID,
        path: Path,
        request: Request[Any, Any, Any],
        principal: Caller,
        archives: Annotated[Archives, Injected],
        audit: Annotated[Recorder, Injected],
    ) -> Stream:
        return await _member(request, archives, principal, file_id, path, audit)

    @get("/link", summary="A short-lived URL of a member, for download buttons")
    async def link(
        self,
        file_id: UUID,
        path: Path,
        request: Request[Any, Any, Any],
        principal: Caller,
        archives: Annotated[Archives, Injected],
        settings: Config,
    ) -> MemberLink:
        await archives.member(principal, file_id, path)
        ticket = seal(settings.auth.secret_key, PURPOSE, MemberTicket(file_id, principal.user_id, path), int(time.time()) + LINK_TTL_S)
        return MemberLink(f"{origin_of(request, settings.server).base_url}/api/v1/archive-members/{ticket}")


class ArchiveMemberController(Controller):
    path = "/archive-members"
    tags = ("media",)

    @get("/{ticket:str}", opt={PUBLIC: True}, summary="A member of an archive by its link")
    async def download(
        self,
        ticket: str,
        request: Request[Any, Any, Any],
        archives: Annotated[Archives, Injected],
        settings: Config,
        audit: Annotated[Recorder, Injected],
    ) -> Stream:
        try:
            asked = unseal(settings.auth.secret_key, PURPOSE, ticket, MemberTicket)
        except TicketRefused as error:
            raise BadTicket from error
        principal = Principal(asked.user_id, "", Role.MEMBER, asked.user_id)
        return await _member(request, archives, principal, asked.file_id, asked.path, audit)


def _after(folder: str, cursor: str | None) -> Key | None:
    if not cursor:
        return None
    kind, name = decode_cursor(cursor, int, str)
    return (folder, int(kind), str(name))


def _entry(row: Row, form: str) -> ArchiveEntry:
    is_folder = row.kind == FOLDER
    return ArchiveEntry(
        path=row.path,
        name=row.name,
        kind="folder" if is_folder else "file",
        size_bytes=row.size,
        files=row.packed if is_folder else None,
        modified_at=datetime.fromtimestamp(row.modified, UTC) if row.modified else None,
        is_encrypted=row.is_encrypted,
        can_be_read=row.kind == FILE and can_be_read(form, row),
    )


async def _member(
    request: Request[Any, Any, Any], archives: Archives, principal: Principal, file_id: UUID, path: str, audit: Recorder
) -> Stream:
    found, member = await archives.member(principal, file_id, path)
    row = member.row
    wanted = Wanted.of(request)
    headers = {
        **SANDBOX,
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes" if member.is_stored else "none",
        "Content-Disposition": content_disposition(row.name, inline=False),
    }
    span = Span.of(wanted.range if member.is_stored and row.size else None, row.size)
    if wanted.begins:
        audit.note(principal, "files.download", Thing("file", file_id, found.file.name, found.file.project_id), member=path)
    media_type = mimetypes.guess_type(row.name)[0] or "application/octet-stream"
    stream = read_member(archives.store, found.version.bucket, found.version.key, member, span.start, span.end)
    return Stream(stream, status_code=span.status, headers=headers | span.headers, media_type=media_type)
