"""`/files/{id}/archive…`, `/archive-members/{ticket}`."""

import mimetypes
import time
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import unquote
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
from service.media.archives.members import read_member
from service.media.archives.schemas import ArchiveEntry, ArchivePage, MemberLink
from service.media.archives.service import Archives, Asked
from service.media.errors import BadTicket
from service.storage.delivery import content_disposition

PURPOSE = "archive-member"
LINK_TTL_S = 900
# A larger member that is packed together with others is not taken out; what unpacks them holds to it, too.
MOST_UNPACKED = 2 << 30
Path = Annotated[str, Parameter(max_length=1_024)]
# Not in the address, which is kept in logs and histories.
GivenPassword = Annotated[str, Parameter(header="Archive-Password", max_length=2_000, description="Percent-encoded UTF-8")]


class MemberTicket(msgspec.Struct, array_like=True):
    """Who may read which member of which version: checked again when it is used."""

    file_id: UUID
    user_id: UUID
    path: str
    inside: str = ""
    mark: str = ""


def _asked(file_id: UUID, inside: str, password: str) -> Asked:
    return Asked(file_id, inside.strip("/"), unquote(password))


class ArchiveController(Controller):
    path = "/files/{file_id:uuid}/archive"
    tags = ("media",)

    @get("/", summary="A folder inside an archive (or, `inside`, an archive in it); `prefix` is its path, empty for the root")
    async def page(
        self,
        file_id: UUID,
        principal: Caller,
        archives: Annotated[Archives, Injected],
        prefix: Path = "",
        inside: Path = "",
        password: GivenPassword = "",
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> ArchivePage:
        index = (await archives.open(principal, _asked(file_id, inside, password))).index
        folder = prefix.strip("/")
        rows = await index.page(folder, _after(folder, cursor), check_limit(limit) + 1)
        facts = index.facts
        more = encode_cursor(rows[limit - 1].kind, rows[limit - 1].name) if len(rows) > limit else None
        items = [_entry(row) for row in rows[:limit]]
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
        inside: Path = "",
        password: GivenPassword = "",
    ) -> Stream:
        return await _member(request, archives, principal, _asked(file_id, inside, password), path, audit)

    @get("/link", summary="A short-lived URL of a member, for download buttons")
    async def link(
        self,
        file_id: UUID,
        path: Path,
        request: Request[Any, Any, Any],
        principal: Caller,
        archives: Annotated[Archives, Injected],
        settings: Config,
        inside: Path = "",
        password: GivenPassword = "",
    ) -> MemberLink:
        asked = _asked(file_id, inside, password)
        opened, _ = await archives.member(principal, asked, path)
        shown = MemberTicket(file_id, principal.user_id, path, asked.inside, opened.password.mark)
        ticket = seal(settings.auth.secret_key, PURPOSE, shown, int(time.time()) + LINK_TTL_S)
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
        place = Asked(asked.file_id, asked.inside, mark=asked.mark)
        return await _member(request, archives, principal, place, asked.path, audit)


def _after(folder: str, cursor: str | None) -> Key | None:
    if not cursor:
        return None
    kind, name = decode_cursor(cursor, int, str)
    return (folder, int(kind), str(name))


def _entry(row: Row) -> ArchiveEntry:
    is_folder = row.kind == FOLDER
    return ArchiveEntry(
        path=row.path,
        name=row.name,
        kind="folder" if is_folder else "file",
        size_bytes=row.size,
        files=row.packed if is_folder else None,
        modified_at=datetime.fromtimestamp(row.modified, UTC) if row.modified else None,
        is_encrypted=row.is_encrypted,
        can_be_read=row.kind == FILE and (row.offset >= 0 or row.size <= MOST_UNPACKED),
    )


async def _member(
    request: Request[Any, Any, Any], archives: Archives, principal: Principal, asked: Asked, path: str, audit: Recorder
) -> Stream:
    opened, member = await archives.member(principal, asked, path)
    row, found = member.row, opened.found
    wanted = Wanted.of(request)
    headers = {
        **SANDBOX,
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes" if member.is_stored else "none",
        "Content-Disposition": content_disposition(row.name, inline=False),
    }
    span = Span.of(wanted.range if member.is_stored and row.size else None, row.size)
    if wanted.begins:
        audit.note(
            principal,
            "files.download",
            Thing("file", found.file.id, found.file.name, found.file.project_id),
            member=path,
            inside=asked.inside,
        )
    media_type = mimetypes.guess_type(row.name)[0] or "application/octet-stream"
    stream = read_member(archives.store, member, span.start, span.end)
    return Stream(stream, status_code=span.status, headers=headers | span.headers, media_type=media_type)
