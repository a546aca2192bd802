"""The tus face (`/projects/{id}/tus`, `/tus/{upload}`) and `/uploads`. No rules here: headers in, service, headers out."""

import logging
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, MediaType, Request, Response, delete, get, head, patch, post, route
from litestar.enums import HttpMethod
from litestar.params import Parameter
from litestar.response import Redirect

from service.core.errors import Missing, StowageError
from service.core.http.guards import EXPIRED_OK, PUBLIC, SCOPE, require_admin
from service.core.http.inject import Caller, Config, Cursor, Db, Injected
from service.core.http.origin import origin_of
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_id, encode_cursor
from service.core.principal import Scope
from service.core.settings import Settings
from service.uploads import repository
from service.uploads.append.body import Source
from service.uploads.errors import BadHeader, BodyPastLength, Busy, ChecksumMismatch, ChecksumTooLarge, NotFinished
from service.uploads.models import Kind, State, Upload
from service.uploads.schemas import OpenUpload, OpenUploadPage, UploadPage, UploadView
from service.uploads.service import Uploads
from service.uploads.tus import checksum
from service.uploads.tus import headers as tus
from service.uploads.tus.checksum import Verifier
from service.uploads.upkeep import repository as upkeep

log = logging.getLogger("stowage.uploads")

IDEMPOTENCY_LIMIT = 200


def _body_bytes(request: Request[Any, Any, Any]) -> int | None:
    """Length of the body if the client told it, None for chunked bodies."""
    if "chunked" in request.headers.get("transfer-encoding", "").lower():
        return None
    return tus.number(request.headers, "content-length") or 0


def _verifier(request: Request[Any, Any, Any], body_bytes: int | None) -> Verifier | None:
    def trailer() -> str | None:
        # The server adds trailer fields to the very list that began as the headers.
        found = [value for name, value in request.scope["headers"] if name == checksum.HEADER.encode()]
        return found[0].decode("latin-1") if found else None

    return checksum.verifier(request.headers, body_bytes, trailer)


def _source(request: Request[Any, Any, Any]) -> Source:
    # The name of the offer is a contract with service.app.direct_body, which no slice may import.
    extensions: dict[str, Any] = request.scope.get("extensions") or {}
    return Source(request.receive, extensions.get("stowage.direct_body"))


def _url(request: Request[Any, Any, Any], settings: Settings, upload_id: UUID) -> str:
    base = origin_of(request, settings.server).base_url
    return f"{base}/api/v1/tus/{upload_id}"


def _expires(upload: Upload) -> dict[str, str]:
    is_settled = upload.kind == Kind.FINAL or (upload.kind == Kind.WHOLE and upload.state == State.COMPLETE)
    return {} if is_settled else {"Upload-Expires": tus.http_date(upload.expires_at)}


class TusCreation(Controller):
    path = "/projects/{project_id:uuid}/tus"
    tags = ("uploads",)

    @post("/", status_code=201, summary="tus: create an upload (creation, -with-upload, -defer-length)", request_max_body_size=None)
    async def create(
        self,
        project_id: UUID,
        request: Request[Any, Any, Any],
        principal: Caller,
        uploads: Annotated[Uploads, Injected],
        settings: Config,
        folder: UUID | None = None,
    ) -> Response[bytes]:
        tus.check_version(request.headers)
        body_bytes = _body_bytes(request)
        creation = tus.parse_creation(request.headers, body_bytes)
        if (
            creation.has_body
            and body_bytes is not None
            and body_bytes > (settings.uploads.max_bytes if creation.length is None else creation.length)
        ):
            raise BodyPastLength
        verifier = _verifier(request, body_bytes) if creation.has_body else None
        key = request.headers.get("idempotency-key")
        created = await uploads.create(principal, project_id, folder, creation, key[:IDEMPOTENCY_LIMIT] if key else None)
        headers = {"Location": _url(request, settings, created.upload.id), **_expires(created.upload)}
        if created.is_held:
            headers["Upload-Offset"] = str(await self._with_upload(uploads, created.upload, request, verifier))
        elif creation.has_body and not created.is_new:
            # A repeated request: this body counts for nothing, the client goes on from where the first one came to.
            headers["Upload-Offset"] = str(created.upload.offset_bytes)
        return Response(b"", status_code=201, headers=headers, media_type=MediaType.TEXT)

    async def _with_upload(self, uploads: Uploads, upload: Upload, request: Request[Any, Any, Any], verifier: Verifier | None) -> int:
        """The upload exists whatever becomes of its first bytes, so a failure still answers 201 with the true offset."""
        try:
            progress = await uploads.append_held(upload, _source(request), verifier)
        except (BadHeader, BodyPastLength, ChecksumMismatch, ChecksumTooLarge):
            # The request as a whole is refused, so nobody learns of the upload.
            await uploads.abandon(upload)
            raise
        except StowageError as error:
            log.warning("creation-with-upload kept only a part", extra={"upload": str(upload.id), "internal": error.internal})
            seen = await uploads.see(request.user, upload.id)
            return seen.upload.offset_bytes
        return progress.offset


class TusUpload(Controller):
    path = "/tus"
    tags = ("uploads",)

    @route("/", http_method=[HttpMethod.OPTIONS], opt={PUBLIC: True}, status_code=204, include_in_schema=False)
    async def options(self, settings: Config) -> Response[None]:
        """Of every tus URL: the outermost layer asks here for all of them."""
        return Response(None, status_code=204, headers=tus.option_headers(settings.uploads.max_bytes))

    @head("/{upload_id:uuid}", opt={EXPIRED_OK: True}, summary="tus: where to go on")
    async def look(self, upload_id: UUID, principal: Caller, uploads: Annotated[Uploads, Injected]) -> Response[None]:
        if principal.is_expired:
            await uploads.see(principal, upload_id)
            raise Busy(internal="expired token of the owner")
        upload = await uploads.offset(principal, upload_id)
        offset = None if upload.kind == Kind.FINAL and upload.state != State.COMPLETE else upload.offset_bytes
        shown = tus.status_headers(offset_bytes=offset, length_bytes=upload.length_bytes, metadata_raw=upload.metadata_raw)
        concat = tus.concat_header(is_partial=upload.kind == Kind.PARTIAL, partials=upload.partials)
        return Response(None, headers={**shown, **concat, **_expires(upload)}, media_type=MediaType.TEXT)

    @patch("/{upload_id:uuid}", status_code=204, summary="tus: append bytes at Upload-Offset", request_max_body_size=None)
    async def append(
        self,
        upload_id: UUID,
        request: Request[Any, Any, Any],
        principal: Caller,
        uploads: Annotated[Uploads, Injected],
    ) -> Response[None]:
        tus.check_version(request.headers)
        tus.require_offset_type(request.headers)
        offset = tus.offset(request.headers)
        body_bytes = _body_bytes(request)
        progress = await uploads.append(
            principal,
            upload_id,
            offset,
            _source(request),
            body_bytes=body_bytes,
            declared_length=tus.number(request.headers, "upload-length"),
            verifier=_verifier(request, body_bytes),
        )
        return Response(None, status_code=204, headers={"Upload-Offset": str(progress.offset), **_expires(progress.upload)})

    @delete("/{upload_id:uuid}", status_code=204, summary="tus: end an upload; a finished one's file goes to the trash")
    async def terminate(
        self,
        upload_id: UUID,
        request: Request[Any, Any, Any],
        principal: Caller,
        uploads: Annotated[Uploads, Injected],
    ) -> None:
        tus.check_version(request.headers)
        await uploads.terminate(principal, upload_id)

    @get("/{upload_id:uuid}", summary="The content of a finished upload")
    async def content(self, upload_id: UUID, principal: Caller, uploads: Annotated[Uploads, Injected]) -> Redirect:
        upload = (await uploads.see(principal, upload_id)).upload
        if upload.state != State.COMPLETE or upload.file_id is None:
            raise NotFinished
        return Redirect(f"/api/v1/files/{upload.file_id}/content", status_code=302)


class UploadController(Controller):
    path = "/uploads"
    tags = ("uploads",)

    @get("/", summary="My unfinished uploads, newest first; disturbs no writer")
    async def page(
        self,
        request: Request[Any, Any, Any],
        principal: Caller,
        database: Db,
        settings: Config,
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> UploadPage:
        before = decode_id(cursor)
        async with database.read() as session:
            rows = await repository.unfinished(session, principal.user_id, before, check_limit(limit) + 1)
        items = [_view(request, settings, row) for row in rows[:limit]]
        return UploadPage(items, encode_cursor(str(items[-1].id)) if len(rows) > limit else None)

    @get("/{upload_id:uuid}", summary="One of my uploads; disturbs no writer")
    async def one(
        self,
        upload_id: UUID,
        request: Request[Any, Any, Any],
        principal: Caller,
        uploads: Annotated[Uploads, Injected],
        settings: Config,
    ) -> UploadView:
        return _view(request, settings, (await uploads.see(principal, upload_id)).upload)

    @delete("/{upload_id:uuid}", status_code=204, summary="End one of my unfinished uploads")
    async def end(self, upload_id: UUID, principal: Caller, uploads: Annotated[Uploads, Injected]) -> None:
        await uploads.terminate(principal, upload_id)


class OpenUploadController(Controller):
    """For administrators: everybody's."""

    path = "/system/uploads"
    tags = ("system",)
    guards = (require_admin,)
    opt = {SCOPE: Scope.ADMIN}  # noqa: RUF012  Litestar's own shape

    @get("/", summary="Everybody's unfinished uploads, oldest first; `untouched_s`: only those nobody touched for so long")
    async def page(
        self,
        database: Db,
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
        untouched_s: Annotated[int, Parameter(ge=0, le=10**9)] = 0,
    ) -> OpenUploadPage:
        after = decode_id(cursor) or UUID(int=0)
        async with database.read() as session:
            rows = await upkeep.open_uploads(session, after=after, limit=check_limit(limit) + 1, untouched_s=untouched_s)
        items = [msgspec.convert(dict(row), OpenUpload) for row in rows[:limit]]
        return OpenUploadPage(items, encode_cursor(str(items[-1].id)) if len(rows) > limit else None)

    @get("/{upload_id:uuid}", summary="One unfinished upload")
    async def one(self, upload_id: UUID, database: Db) -> OpenUpload:
        async with database.read() as session:
            rows = await upkeep.open_uploads(session, after=UUID(int=0), limit=1, one=upload_id)
        if not rows:
            raise Missing
        return msgspec.convert(dict(rows[0]), OpenUpload)

    @delete("/{upload_id:uuid}", status_code=204, summary="End an unfinished upload; its bytes are deleted")
    async def end(self, upload_id: UUID, uploads: Annotated[Uploads, Injected]) -> None:
        await uploads.end_for_admin(upload_id)


def _view(request: Request[Any, Any, Any], settings: Settings, upload: Upload) -> UploadView:
    return UploadView(
        id=upload.id,
        url=_url(request, settings, upload.id),
        project_id=upload.project_id,
        folder_id=upload.folder_id,
        name=upload.name,
        length_bytes=upload.length_bytes,
        offset_bytes=upload.offset_bytes,
        part_bytes=upload.part_bytes,
        state=upload.state,
        protocol=upload.protocol,
        created_at=upload.created_at,
        updated_at=upload.updated_at,
        expires_at=upload.expires_at,
        file_id=upload.file_id,
    )
