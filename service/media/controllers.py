"""`/files/{id}/playback`, `/files/{id}/derivatives`, `/hls/{ticket}/…`, `/jobs`."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.params import Parameter

from service.audit.service import Recorder, Thing
from service.core.http.guards import PUBLIC, SCOPE
from service.core.http.inject import Caller, Config, Cursor, Db, Injected, Reading
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_id, encode_cursor
from service.core.principal import Principal, Role, Scope
from service.core.tickets import TicketRefused, seal, steady_expiry, unseal
from service.files import repository as files_repository
from service.files.service import get_file, get_sound_file
from service.media import repository
from service.media.errors import BadTicket, NotPlayable
from service.media.playlists import MEDIA_TYPE, audio_name, master_playlist, media_playlist
from service.media.schemas import DerivativeList, DerivativeView, JobPage, JobView, Playback, PlaybackState
from service.media.service import Playable, playable
from service.outbox import repository as outbox_repository
from service.storage.delivery import Delivery

PURPOSE = "hls"
TICKET_TTL_S = 6 * 3_600
TICKET_WINDOW_S = 600
SEGMENT_WINDOW_S = 3_600
MIN_SEGMENT_TTL_S = 12 * 3_600


class PlayTicket(msgspec.Struct, array_like=True):
    """Who may play what: checked again at every playlist."""

    file_id: UUID
    version_id: UUID
    user_id: UUID


class PlaybackController(Controller):
    path = "/files/{file_id:uuid}"
    tags = ("media",)

    @post("/playback", opt={SCOPE: Scope.READ}, status_code=200, summary="A ticket to play a film, also while it is being transcoded")
    async def playback(
        self,
        file_id: UUID,
        principal: Caller,
        read: Reading,
        settings: Config,
        audit: Annotated[Recorder, Injected],
    ) -> Playback:
        found = await get_sound_file(read, principal, file_id)
        film = await playable(read, found.version.id)
        if not _starts(film):
            raise NotPlayable(details={"state": film.transcode.state})
        audit.note(principal, "files.play", Thing("file", file_id, found.file.name, found.file.project_id))
        expires_at = steady_expiry(TICKET_TTL_S, TICKET_WINDOW_S)
        ticket = seal(settings.auth.secret_key, PURPOSE, PlayTicket(file_id, found.version.id, principal.user_id), expires_at)
        advance = await repository.advance_of(read, film.transcode.id)
        until = dt.datetime.fromtimestamp(expires_at, dt.UTC)
        return Playback(f"/api/v1/hls/{ticket}/master.m3u8", until, film.transcode.state, advance.done_s, advance.total_s)

    @get("/playback", summary="How far the transcode is")
    async def state(self, file_id: UUID, principal: Caller, read: Reading) -> PlaybackState:
        found = await get_file(read, principal, file_id)
        transcode = await repository.current_transcode(read, found.version.id)
        if transcode is None:
            facts = found.version.preview
            reason = facts.get("reason")
            return PlaybackState(str(facts.get("state", "none")), str(reason) if reason else None, 0, 0, is_playable=False)
        advance = await repository.advance_of(read, transcode.id)
        return PlaybackState(
            transcode.state,
            transcode.reason,
            advance.done_s,
            advance.total_s,
            is_playable=transcode.playable_at is not None and transcode.state != "failed",
        )

    @get("/derivatives", summary="Pictures made of a file, with URLs")
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
                    expires_s=MIN_SEGMENT_TTL_S,
                    media_type="image/webp",
                )
                for size, name in sizes.items()
            }
            items.append(DerivativeView(row.kind, row.state, row.bytes, row.error, urls))
        return DerivativeList(items)


def _starts(film: Playable) -> bool:
    """Whether something can play: a rung with its first piece (and sound, if there is any), or sound alone."""
    has_sound = not film.plan.audio or any(audio_name(track.index) in film.pieces for track in film.plan.audio)
    has_picture = not film.plan.rungs or any(rung.name in film.pieces for rung in film.plan.rungs)
    return has_sound and has_picture


class HlsController(Controller):
    path = "/hls/{ticket:str}"
    tags = ("media",)

    @get("/{name:str}", opt={PUBLIC: True}, summary="master.m3u8 and the playlists it names; segments are presigned", media_type=MEDIA_TYPE)
    async def playlist(
        self,
        ticket: str,
        name: str,
        request: Request[Any, Any, Any],
        database: Db,
        delivery: Annotated[Delivery, Injected],
        settings: Config,
    ) -> Response[bytes]:
        try:
            play = unseal(settings.auth.secret_key, PURPOSE, ticket, PlayTicket)
        except TicketRefused as error:
            raise BadTicket from error
        stem, _, suffix = name.rpartition(".")
        if suffix != "m3u8":
            raise BadTicket
        async with database.read() as session:
            await get_sound_file(session, Principal(play.user_id, "", Role.MEMBER, play.user_id), play.file_id)
            film = await playable(session, play.version_id, None if stem == "master" else stem)
        text = (
            self._master(film)
            if stem == "master"
            else self._media(film, stem, request.url.hostname or "", delivery, settings.store.derived)
        )
        return Response(text.encode(), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})

    def _master(self, film: Playable) -> str:
        if not _starts(film):
            raise NotPlayable
        rungs = [(rung, film.pieces[rung.name]) for rung in reversed(film.plan.rungs) if rung.name in film.pieces]
        audio = [(track, film.pieces[audio_name(track.index)]) for track in film.plan.audio if audio_name(track.index) in film.pieces]
        return master_playlist(film.plan, rungs, audio)

    def _media(self, film: Playable, stem: str, host: str, delivery: Delivery, bucket: str) -> str:
        if stem not in film.pieces:
            raise NotPlayable
        ttl = max(MIN_SEGMENT_TTL_S, int(3 * film.plan.duration_s))

        def sign(key: str) -> str:
            return delivery.url(host, bucket, key, expires_s=ttl, window_s=SEGMENT_WINDOW_S, media_type="video/mp4")

        return media_playlist(film.pieces[stem], sign, target_s=film.plan.segment_s, is_whole=film.is_whole)


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
