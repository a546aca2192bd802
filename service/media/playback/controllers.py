"""`/files/{id}/playback` and `/hls/{ticket}/…`: playlists made of rows, with presigned segments. Players that know no headers carry the ticket in the path."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, post

from service.audit import service as audit
from service.audit.service import Recorder, Thing
from service.core.http.guards import PUBLIC, SCOPE
from service.core.http.inject import Caller, Config, Db, Injected, Reading, Writing
from service.core.principal import Permission, Principal, Role, Scope
from service.core.tickets import TicketRefused, seal, steady_expiry, unseal
from service.files.service import get_file, get_sound_file
from service.media import repository
from service.media.errors import BadTicket, NotPlayable, NotRunning
from service.media.planning import Rung
from service.media.playlists import (
    BOARD,
    IFRAMES,
    LIGHT,
    MEDIA_TYPE,
    Master,
    audio_name,
    master_playlist,
    media_playlist,
    storyboard,
    subtitles_name,
)
from service.media.schemas import ChapterView, Playback, PlaybackState
from service.media.transcodes import Playable, cancel_transcode, hurry, playable
from service.projects import service as projects
from service.storage.delivery import Delivery

PURPOSE = "hls"
TICKET_TTL_S = 6 * 3_600
TICKET_WINDOW_S = 600
SEGMENT_WINDOW_S = 3_600
MIN_SEGMENT_TTL_S = 12 * 3_600
_MEDIA_TYPES = {"m4s": "video/mp4", "mp4": "video/mp4", "vtt": "text/vtt", "jpg": "image/jpeg"}


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
        database: Db,
        settings: Config,
        audit: Annotated[Recorder, Injected],
    ) -> Playback:
        found = await get_sound_file(read, principal, file_id)
        film = await playable(read, found.version.id)
        if not _starts(film):
            raise NotPlayable(details={"state": film.transcode.state})
        audit.note(principal, "files.play", Thing("file", file_id, found.file.name, found.file.project_id))
        if film.transcode.state == "running":
            async with database.write() as session:
                await hurry(session, film.transcode)
        expires_at = steady_expiry(TICKET_TTL_S, TICKET_WINDOW_S)
        ticket = seal(settings.auth.secret_key, PURPOSE, PlayTicket(file_id, found.version.id, principal.user_id), expires_at)
        advance = await repository.advance_of(read, film.transcode.id)
        facts = await repository.facts_of(read, found.version.id)
        base = f"/api/v1/hls/{ticket}"
        return Playback(
            f"{base}/master.m3u8",
            f"{base}/storyboard.vtt" if BOARD in film.pieces else None,
            [ChapterView(chapter.start_s, chapter.title) for chapter in (facts.chapters if facts else [])],
            dt.datetime.fromtimestamp(expires_at, dt.UTC),
            film.transcode.state,
            advance.done_s,
            advance.total_s,
        )

    @get("/playback", summary="How far the transcode is")
    async def state(self, file_id: UUID, principal: Caller, read: Reading) -> PlaybackState:
        found = await get_file(read, principal, file_id)
        transcode = await repository.current_transcode(read, found.version.id)
        if transcode is None:
            facts = found.version.preview
            reason = facts.get("reason")
            return PlaybackState(str(facts.get("state", "none")), str(reason) if reason else None, 0, 0, None, is_playable=False)
        advance = await repository.advance_of(read, transcode.id)
        return PlaybackState(
            transcode.state,
            transcode.reason,
            advance.done_s,
            advance.total_s,
            advance.left_s if transcode.state == "running" else None,
            is_playable=transcode.playable_at is not None and transcode.state in {"running", "ready"},
        )

    @delete("/playback", summary="Stop the transcode; what is finished is kept, so that it can go on later")
    async def cancel(self, file_id: UUID, principal: Caller, write: Writing) -> None:
        found = await get_file(write, principal, file_id)
        await projects.require(write, principal, found.file.project_id, Permission.EDIT)
        if not await cancel_transcode(write, found.version.id, f"Stopped by {principal.username}."):
            raise NotRunning
        audit.record(write, principal, "files.stop_transcode", Thing("file", file_id, found.file.name, found.file.project_id))


def _rungs(film: Playable) -> list[Rung]:
    """From the largest down; those that have begun."""
    return [rung for rung in ([film.plan.remux] if film.plan.remux is not None else []) + film.plan.rungs if rung.name in film.pieces]


def _starts(film: Playable) -> bool:
    """Whether something can play: a rendition with its first piece (and sound, if there is any), or sound alone."""
    has_sound = not film.plan.audio or any(audio_name(track.index) in film.pieces for track in film.plan.audio)
    return has_sound and (not film.plan.rungs or bool(_rungs(film)))


class HlsController(Controller):
    path = "/hls/{ticket:str}"
    tags = ("media",)

    @get(
        "/{name:str}",
        opt={PUBLIC: True},
        summary="master.m3u8, the playlists it names, and storyboard.vtt; segments are presigned",
        media_type=MEDIA_TYPE,
    )
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
        is_board = name == "storyboard.vtt"
        stem = BOARD if is_board else name.removesuffix(".m3u8")
        if not is_board and stem in {name, BOARD}:
            raise BadTicket
        is_iframes = stem.startswith(f"{IFRAMES}-")
        rung = stem.removeprefix(f"{IFRAMES}-")
        async with database.read() as session:
            await get_sound_file(session, Principal(play.user_id, "", Role.MEMBER, play.user_id), play.file_id)
            film = await playable(session, play.version_id, None if stem == "master" else rung)
        ttl = max(MIN_SEGMENT_TTL_S, int(3 * film.plan.duration_s))

        def sign(key: str) -> str:
            media_type = _MEDIA_TYPES[key.rpartition(".")[2]]
            host = request.url.hostname or ""
            return delivery.url(host, settings.store.derived, key, expires_s=ttl, window_s=SEGMENT_WINDOW_S, media_type=media_type)

        if stem != "master" and rung not in film.pieces:
            raise NotPlayable
        if is_board:
            text = storyboard(film.plan, film.pieces[BOARD], sign)
        elif stem == "master":
            text = _master(film)
        else:
            text = media_playlist(film.pieces[rung], sign, target_s=film.plan.target_s, is_whole=film.is_whole, is_iframes=is_iframes)
        media_type = "text/vtt" if is_board else MEDIA_TYPE
        return Response(text.encode(), media_type=media_type, headers={"Cache-Control": "no-store"})


def _master(film: Playable) -> str:
    if not _starts(film):
        raise NotPlayable
    plan, pieces = film.plan, film.pieces
    return master_playlist(
        Master(
            plan,
            [(rung, pieces[rung.name]) for rung in _rungs(film)],
            [(track, pieces[audio_name(track.index)]) for track in plan.audio if audio_name(track.index) in pieces],
            [track for track in plan.subtitles if subtitles_name(track.index) in pieces],
            pieces.get(LIGHT, []),
        )
    )
