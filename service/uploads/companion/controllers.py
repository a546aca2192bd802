"""Uppy's S3 routes: under a project for who can send a token, and under a ticket for who can send no header."""

import time
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, post, put
from litestar.di import Provide
from litestar.params import Parameter

from service.accounts.service import Accounts
from service.core.errors import Missing
from service.core.http.guards import PUBLIC, SCOPE, Unauthenticated
from service.core.http.inject import Caller, Config, Injected
from service.core.http.origin import origin_of
from service.core.principal import Principal, Scope
from service.core.settings import Settings
from service.core.tickets import TicketRefused, seal, unseal
from service.storage.port import Part
from service.uploads.append.body import Source
from service.uploads.companion import wire
from service.uploads.companion.form import Form
from service.uploads.errors import BadForm, Interrupted
from service.uploads.models import Protocol, Upload
from service.uploads.parts.intake import URL_LIFETIME_S, PartsIntake
from service.uploads.service import Uploads
from service.uploads.tus.headers import Creation

PURPOSE = "companion"
ENDPOINT_LIFETIME_S = 86_400
XML = "application/xml"

Intake = Annotated[PartsIntake, Injected]
Core = Annotated[Uploads, Injected]


class Ticket(msgspec.Struct, array_like=True):
    """May upload into one project as one person while that sign-in lasts."""

    user_id: UUID
    session_id: UUID
    project_id: UUID


@dataclass(frozen=True, slots=True)
class Target:
    """Who uploads where, and how this server is called from outside."""

    principal: Principal
    project_id: UUID
    base_url: str
    bucket: str
    ticket: str

    @property
    def endpoint(self) -> str:
        """Base of URLs that carry their own right."""
        return f"{self.base_url}/api/v1/companion/{self.ticket}"

    def location(self, upload: Upload) -> str:
        return f"{self.base_url}/api/v1/files/{upload.file_id}/content"


def _base(request: Request[Any, Any, Any], settings: Settings) -> str:
    return origin_of(request, settings.server).base_url


def _seal(settings: Settings, principal: Principal, project_id: UUID, expires_at: int) -> str:
    return seal(settings.auth.secret_key, PURPOSE, Ticket(principal.user_id, principal.session_id, project_id), expires_at)


async def by_token(request: Request[Any, Any, Any], project_id: UUID, settings: Config) -> Target:
    ticket = _seal(settings, request.user, project_id, int(time.time()) + URL_LIFETIME_S)
    return Target(request.user, project_id, _base(request, settings), settings.store.originals, ticket)


async def by_ticket(request: Request[Any, Any, Any], ticket: str, settings: Config, accounts: Annotated[Accounts, Injected]) -> Target:
    try:
        opened = unseal(settings.auth.secret_key, PURPOSE, ticket, Ticket)
    except TicketRefused as error:
        raise Unauthenticated from error
    principal = await accounts.still(opened.user_id, opened.session_id)
    return Target(principal, opened.project_id, _base(request, settings), settings.store.originals, ticket)


At = Annotated[Target, Injected]


class _CompanionRoutes(Controller):
    """Companion's contract; `uploadId` is the id of our upload, and `key` only its name."""

    tags = ("uploads",)

    @post("/multipart", status_code=200, summary="Begin a multipart upload whose parts go straight to the store")
    async def create(self, data: wire.NewMultipart, target: At, intake: Intake, folder: UUID | None = None) -> wire.MultipartMade:
        creation = wire.creation(data.filename, data.type, data.metadata, size=data.size, protocol=Protocol.S3)
        upload = await intake.create(target.principal, target.project_id, folder, creation)
        return wire.MultipartMade(upload.name, upload.id, target.bucket, upload.part_bytes)

    @get("/multipart/{upload_id:uuid}", summary="Parts that are there")
    async def parts(self, upload_id: UUID, target: At, intake: Intake) -> list[wire.ListedPart]:
        found = await intake.listed(target.principal, target.project_id, upload_id)
        return [wire.ListedPart(part.number, part.size_bytes, part.etag) for part in found]

    @get("/multipart/{upload_id:uuid}/{number:int}", summary="A URL to PUT one part to; with `size` for exactly that many bytes")
    async def sign(self, upload_id: UUID, number: int, target: At, intake: Intake, size: int | None = None) -> wire.SignedUrl:
        return wire.SignedUrl(await intake.sign(target.principal, target.project_id, upload_id, number, size), URL_LIFETIME_S)

    @get("/multipart/{upload_id:uuid}/batch", summary="URLs for several parts")
    async def batch(
        self,
        upload_id: UUID,
        target: At,
        intake: Intake,
        part_numbers: Annotated[str, Parameter(query="partNumbers", pattern=r"^\d{1,5}(,\d{1,5}){0,99}$")],
    ) -> wire.SignedUrls:
        numbers = [int(number) for number in part_numbers.split(",")]
        urls = {str(number): await intake.sign(target.principal, target.project_id, upload_id, number, None) for number in numbers}
        return wire.SignedUrls(urls)

    @post("/multipart/{upload_id:uuid}/complete", status_code=200, summary="Make the file of these parts; safe to repeat")
    async def complete(self, upload_id: UUID, data: wire.PartList, target: At, intake: Intake) -> wire.Completed:
        upload = await _complete(target, intake, upload_id, wire.named_parts(data.parts))
        return wire.Completed(target.location(upload), upload.name, target.bucket)

    @delete("/multipart/{upload_id:uuid}", status_code=200, summary="Give a multipart upload up")
    async def abort(self, upload_id: UUID, target: At, intake: Intake) -> dict[str, str]:
        await intake.abort(target.principal, target.project_id, upload_id)
        return {}

    @get("/params", summary="Where and how to POST a small file as a form")
    async def form_parameters(
        self,
        target: At,
        intake: Intake,
        filename: Annotated[str, Parameter(max_length=1_000)],
        media_type: Annotated[str, Parameter(query="type")] = "",
    ) -> wire.FormParameters:
        await intake.check(target.principal, target.project_id)
        fields = {"key": filename, "Content-Type": media_type or "application/octet-stream"}
        return wire.FormParameters("POST", f"{target.endpoint}/s3/form", fields, URL_LIFETIME_S)


class ProjectCompanion(_CompanionRoutes):
    path = "/projects/{project_id:uuid}/s3"
    # A GET signs an upload here.
    opt = {SCOPE: Scope.WRITE}  # noqa: RUF012  Litestar's own shape
    dependencies = {"target": Provide(by_token)}  # noqa: RUF012  Litestar's own

    @post("/endpoint", status_code=201, summary="A companionEndpoint for clients that can send no Authorization header")
    async def endpoint(
        self, project_id: UUID, request: Request[Any, Any, Any], principal: Caller, settings: Config, intake: Intake
    ) -> wire.Endpoint:
        await intake.check(principal, project_id)
        expires_at = int(time.time()) + ENDPOINT_LIFETIME_S
        ticket = _seal(settings, principal, project_id, expires_at)
        return wire.Endpoint(f"{_base(request, settings)}/api/v1/companion/{ticket}", expires_at)

    @post("/sign", status_code=200, summary="Uppy's signRequest: a URL for one request of an S3 client")
    async def sign_request(self, data: wire.SignRequest, target: At, intake: Intake) -> wire.SignedUrl:
        if data.method == "PUT" and data.upload_id is not None and data.part_number is not None:
            url = await intake.sign(target.principal, target.project_id, data.upload_id, data.part_number, data.size)
            return wire.SignedUrl(url, URL_LIFETIME_S)
        await intake.check(target.principal, target.project_id)
        named = {"key": data.key, "type": data.content_type or ""}
        if data.upload_id is not None:
            named["uploadId"] = str(data.upload_id)
        return wire.SignedUrl(f"{target.endpoint}/s3/object?{urlencode(named, quote_via=quote)}", URL_LIFETIME_S)


class TicketCompanion(_CompanionRoutes):
    path = "/companion/{ticket:str}/s3"
    dependencies = {"target": Provide(by_ticket)}  # noqa: RUF012  Litestar's own
    opt = {PUBLIC: True}  # noqa: RUF012  the ticket in the path is the right

    @post("/form", status_code=201, summary="A small file as a form, as S3's POST policy has it", request_max_body_size=None)
    async def form(self, request: Request[Any, Any, Any], target: At, uploads: Core) -> Response[bytes]:
        form = Form(request.headers.get("content-type", ""), aiter(request.stream()))
        source = await form.open()
        name = form.fields.get("key") or form.filename
        creation = wire.creation(name, form.fields.get("Content-Type"), {}, size=None, protocol=Protocol.TUS)
        upper = int(request.headers.get("content-length") or 0)
        upload = await _store(uploads, target, replace(creation, has_body=True, at_most=upper), source)
        return Response(b"", status_code=201, headers={"Location": target.location(upload)}, media_type=XML)

    @put("/object", status_code=200, summary="A small file as the body (signRequest)", request_max_body_size=None)
    async def put_object(
        self, request: Request[Any, Any, Any], target: At, uploads: Core, key: str, media_type: Annotated[str, Parameter(query="type")] = ""
    ) -> Response[bytes]:
        length = request.headers.get("content-length", "")
        if not length.isdigit():
            raise BadForm
        creation = wire.creation(key, media_type, {}, size=int(length), protocol=Protocol.TUS)
        upload = await _store(uploads, target, replace(creation, has_body=length != "0"), Source(request.receive))
        return Response(b"", headers={"ETag": f'"{upload.id}"', "Location": target.location(upload)}, media_type=XML)

    @post("/object", status_code=200, summary="CreateMultipartUpload or CompleteMultipartUpload (signRequest)")
    async def post_object(
        self,
        request: Request[Any, Any, Any],
        target: At,
        intake: Intake,
        key: str,
        media_type: Annotated[str, Parameter(query="type")] = "",
        upload_id: Annotated[UUID | None, Parameter(query="uploadId")] = None,
    ) -> Response[bytes]:
        if upload_id is not None:
            upload = await _complete(target, intake, upload_id, wire.parse_complete(await request.body()))
            return Response(wire.completed(target.bucket, key, target.location(upload)), media_type=XML)
        creation = wire.creation(key, media_type, {}, size=None, protocol=Protocol.S3)
        upload = await intake.create(target.principal, target.project_id, None, creation)
        return Response(wire.initiated(target.bucket, key, upload.id), media_type=XML)

    @get("/object", summary="ListParts (signRequest)")
    async def list_object(
        self, target: At, intake: Intake, key: str, upload_id: Annotated[UUID, Parameter(query="uploadId")]
    ) -> Response[bytes]:
        found = await intake.listed(target.principal, target.project_id, upload_id)
        return Response(wire.listed(target.bucket, key, upload_id, found), media_type=XML)

    @delete("/object", status_code=204, summary="AbortMultipartUpload (signRequest)")
    async def abort_object(self, target: At, intake: Intake, upload_id: Annotated[UUID, Parameter(query="uploadId")]) -> None:
        await intake.abort(target.principal, target.project_id, upload_id)


async def _complete(target: Target, intake: PartsIntake, upload_id: UUID, parts: list[Part]) -> Upload:
    upload = await intake.complete(target.principal, target.project_id, upload_id, parts)
    if upload.file_id is None:
        raise Interrupted(internal="the object is not proven yet")
    return upload


async def _store(uploads: Uploads, target: Target, creation: Creation, source: Source) -> Upload:
    """A whole file in one request: what does not arrive whole is given up, for the client knows no URL to go on at."""
    created = (await uploads.create(target.principal, target.project_id, None, creation, None)).upload
    if creation.has_body:
        try:
            progress = await uploads.append_held(created, source)
            if creation.length is None:
                await uploads.append(
                    target.principal, created.id, progress.offset, Source(_nothing), body_bytes=0, declared_length=progress.offset
                )
        except Exception:
            await uploads.abandon(created)
            raise
    upload = (await uploads.see(target.principal, created.id)).upload
    if upload.file_id is None:
        raise Missing
    return upload


async def _nothing() -> dict[str, object]:
    return {"type": "http.request", "body": b"", "more_body": False}
