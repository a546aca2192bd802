"""`/files/{id}/derivatives`, what a file says of itself, and `/jobs`."""

from typing import Annotated, Any, cast
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.params import Parameter

from service.audit import service as audit
from service.audit.service import Thing
from service.core.http.inject import Caller, Config, Cursor, Injected, Reading, Writing
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_id, encode_cursor
from service.core.principal import Permission
from service.files import repository as files_repository
from service.files.service import get_file, get_sound_file
from service.media import repository
from service.media.derive import derive
from service.media.errors import NoWaveform
from service.media.schemas import (
    DerivativeList,
    DerivativeState,
    DerivativeView,
    Derived,
    DeriveWanted,
    FileFacts,
    JobPage,
    JobView,
    Waveform,
)
from service.media.service import WAVEFORM
from service.outbox import repository as outbox_repository
from service.projects import service as projects
from service.storage.delivery import Delivery

PICTURE_TTL_S = 12 * 3_600


class DerivativeController(Controller):
    path = "/files/{file_id:uuid}"
    tags = ("media",)

    @get("/derivatives", summary="What is made of a file: its state, and the URLs of pictures")
    async def derivatives(
        self,
        file_id: UUID,
        request: Request[Any, Any, Any],
        principal: Caller,
        read: Reading,
        delivery: Annotated[Delivery, Injected],
        settings: Config,
    ) -> DerivativeList:
        found = await get_sound_file(read, principal, file_id)
        items = []
        for row in await repository.derivatives_of(read, found.version.id):
            names = row.facts.get("names")
            sizes = names if isinstance(names, dict) else {}
            urls = {
                size: delivery.url(
                    request.url.hostname or "",
                    settings.store.derived,
                    f"{row.prefix}{name}",
                    expires_s=PICTURE_TTL_S,
                    media_type="image/webp",
                )
                for size, name in sizes.items()
            }
            items.append(DerivativeView(row.kind, cast("DerivativeState", row.state), row.bytes, row.error, urls))
        return DerivativeList(items)

    @post("/derivatives", status_code=200, summary="Make again what is missing or failed, or all of it")
    async def derive(self, file_id: UUID, data: DeriveWanted, principal: Caller, write: Writing) -> Derived:
        found = await get_file(write, principal, file_id)
        await projects.require(write, principal, found.file.project_id, Permission.EDIT)
        kinds = await derive(write, found, data)
        if kinds and not data.is_dry_run:
            audit.record(
                write,
                principal,
                "files.derive",
                Thing("file", file_id, found.file.name, found.file.project_id),
                kinds=kinds,
                which=data.which,
            )
        return Derived(kinds)

    @get("/facts", summary="What the file says of itself: streams, EXIF, tags, chapters")
    async def facts(self, file_id: UUID, principal: Caller, read: Reading) -> FileFacts:
        found = await get_sound_file(read, principal, file_id)
        facts = await repository.facts_of(read, found.version.id)
        return FileFacts(facts.kind if facts is not None else "other", facts)

    @get("/waveform", summary="The loudness of a sound file over its length")
    async def waveform(self, file_id: UUID, principal: Caller, read: Reading) -> Waveform:
        found = await get_sound_file(read, principal, file_id)
        row = await repository.derivative(read, found.version.id, WAVEFORM)
        if row is None or row.state != "ready":
            raise NoWaveform(row.error if row is not None else None, details={"state": row.state if row is not None else "none"})
        peaks = bytes.fromhex(str(row.facts["peaks"]))
        return Waveform(float(str(row.facts["seconds_each"])), [value - 128 for value in peaks])


class JobController(Controller):
    path = "/jobs"
    tags = ("media",)

    @get("/", summary="Jobs for files of mine, newest first; `state` may be given several times")
    async def page(
        self,
        principal: Caller,
        read: Reading,
        states: Annotated[list[str] | None, Parameter(query="state")] = None,
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> JobPage:
        before = decode_id(cursor)
        names = await files_repository.recent_names(read, principal, limit=1_000)
        rows = await outbox_repository.jobs_page(
            read, states=states or [], file_ids=list(names), before=before, limit=check_limit(limit) + 1
        )
        items = [
            JobView(
                row.id,
                row.tag,
                row.queue,
                row.state,
                row.attempt,
                row.max_attempts,
                row.progress,
                row.error,
                row.file_id,
                names.get(row.file_id) if row.file_id else None,
                row.created_at,
                row.started_at,
                row.finished_at,
            )
            for row in rows[:limit]
        ]
        return JobPage(items, encode_cursor(str(items[-1].id)) if len(rows) > limit else None)
