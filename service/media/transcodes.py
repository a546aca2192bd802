"""Transcodes: from a plan to a film that plays, is finished, is planned anew or is cancelled."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from service.core.db import ReadSession, WriteSession
from service.core.ids import new_id
from service.files import repository as files_repository
from service.files import service as files
from service.media import repository
from service.media.errors import NotPlayable
from service.media.jobs import (
    EncodeChunk,
    EncodeFirstChunk,
    EncodeFirstGpuChunk,
    EncodeGpuChunk,
    FinishTranscode,
    PlanMedia,
    ReadThrough,
    RenderPoster,
)
from service.media.models import HlsSegments, Transcode, TranscodeChunk
from service.media.planning import FIRST_CHUNKS, MODES, Plan, plan_hash
from service.media.playlists import Piece, Segment, contiguous
from service.media.service import HLS, Source
from service.outbox import repository as jobs
from service.outbox import service as outbox
from service.outbox.base import Job
from service.storage import keys

VIDEO = "video"
THROUGH = "through"
# Above sound and first chunks of films that nobody has opened, below what makes pages and indexes for somebody who waits.
WATCHED_PRIORITY = 35
_ENCODES = (EncodeChunk, EncodeFirstChunk, EncodeGpuChunk, EncodeFirstGpuChunk)
_JOBS = tuple(kind.tag() for kind in (*_ENCODES, ReadThrough, FinishTranscode))


def _tracks(plan: Plan, transcode_id: UUID) -> list[TranscodeChunk]:
    chunks = [
        TranscodeChunk(transcode_id=transcode_id, track=VIDEO, no=chunk.no, seconds=float(chunk.frames / plan.rate))
        for chunk in plan.chunks
    ]
    if plan.has_through:
        chunks.append(TranscodeChunk(transcode_id=transcode_id, track=THROUGH, no=0, seconds=plan.duration_s))
    return chunks


async def start_transcode(session: WriteSession, source: Source, plan: Plan) -> None:
    """Store the plan and enqueue its first work. The very same plan, failed or cancelled before, goes on with what is missing."""
    digest = plan_hash(plan)
    transcode_id = new_id()
    row = Transcode(
        id=transcode_id,
        version_id=source.version_id,
        file_id=source.file_id,
        project_id=source.project_id,
        plan=msgspec.to_builtins(plan),
        plan_hash=digest,
        prefix=keys.derived_prefix(source.version_id, HLS, digest),
    )
    made = await repository.add_transcode(session, row, _tracks(plan, transcode_id))
    if not made:
        again = await repository.restart(session, source.version_id, digest)
        if again is None:
            # It is there, or under way: outputs of one plan are always the same.
            if await repository.is_ready(session, source.version_id, digest):
                await files.record_preview(session, source.version_id, {"state": "ready"})
            return
        transcode_id = again
    await repository.set_state(session, source.version_id, [HLS], "running", None)
    await session.flush()
    done = await repository.done_chunks(session, transcode_id)
    first: list[Job] = []
    if plan.has_through and (THROUGH, 0) not in done:
        first.append(ReadThrough(source.file_id, transcode_id))
    if plan.chunks and (VIDEO, 0) not in done:
        first.append(_encode(plan, source.file_id, transcode_id, 0))
    elif plan.chunks:
        first += _rest(plan, source.file_id, transcode_id, done)
    outbox.enqueue(session, first or [FinishTranscode(source.file_id, transcode_id)])


def _rest(plan: Plan, file_id: UUID, transcode_id: UUID, done: set[tuple[str, int]]) -> list[Job]:
    return [_encode(plan, file_id, transcode_id, chunk.no) for chunk in plan.chunks[1:] if (VIDEO, chunk.no) not in done]


def _encode(plan: Plan, file_id: UUID, transcode_id: UUID, no: int) -> EncodeChunk:
    is_on_cpu, is_first = plan.mode == MODES[0], no < len(FIRST_CHUNKS)
    kind = (EncodeFirstChunk if is_first else EncodeChunk) if is_on_cpu else (EncodeFirstGpuChunk if is_first else EncodeGpuChunk)
    return kind(file_id, transcode_id, no)


async def _go_on(session: WriteSession, transcode: Transcode, plan: Plan) -> None:
    """The first chunk is there, so the film can be decoded and plays: now all the rest. Until then it would only slow that down."""
    done = await repository.done_chunks(session, transcode.id)
    poster = RenderPoster(transcode.file_id, transcode.version_id)
    outbox.enqueue(session, [poster, *_rest(plan, transcode.file_id, transcode.id, done)])
    await repository.set_playable(session, transcode.id)


async def record_segments(
    session: WriteSession, transcode_id: UUID, rows: Sequence[HlsSegments], *, track: str, done_no: int | None
) -> None:
    """Publish segments; with `done_no` that chunk of the track is done, and the last chunk of all enqueues the finish."""
    transcode = await repository.lock_transcode(session, transcode_id)
    if transcode is None:
        return
    for row in rows:
        await repository.add_segments(session, row)
    plan = msgspec.convert(transcode.plan, Plan)
    if not plan.chunks and rows:
        await repository.set_playable(session, transcode_id)
    if done_no is not None:
        left = await repository.mark_chunk_done(session, transcode_id, track, done_no)
        if track == VIDEO and done_no == 0:
            await _go_on(session, transcode, plan)
        if left == 0 and transcode.state == "running":
            outbox.enqueue(session, [FinishTranscode(transcode.file_id, transcode_id)])


async def finish_transcode(session: WriteSession, transcode_id: UUID) -> None:
    """EVENT becomes VOD; derived bytes are counted. Raises ValueError where pieces don't fit together."""
    transcode = await repository.lock_transcode(session, transcode_id)
    if transcode is None or transcode.state != "running":
        return
    rows = await repository.segments_of(session, transcode_id)
    for rung in {row.rung for row in rows}:
        mine = [row for row in rows if row.rung == rung]
        if len({row.init_hash for row in mine}) != 1 or [row.chunk_no for row in mine] != list(range(len(mine))):
            message = f"rendition {rung} does not fit together"
            raise ValueError(message)
    total = sum(row.bytes for row in rows)
    now = await files_repository.after_seconds(session, 0)
    await repository.set_transcode(session, transcode_id, state="ready", bytes=total, finished_at=now)
    await repository.set_playable(session, transcode_id)
    await repository.set_state(session, transcode.version_id, [HLS], "ready", None, size_bytes=total)
    await files.record_preview(session, transcode.version_id, {"state": "ready"})
    await files.count_derived(session, transcode.version_id, transcode.project_id, total)


async def hurry(session: WriteSession, transcode: Transcode) -> None:
    """Somebody is watching: what is left of this film goes before other films."""
    await jobs.set_priority(session, transcode.file_id, _JOBS, WATCHED_PRIORITY)


async def plan_anew(
    session: WriteSession,
    transcode: Transcode,
    plan: Plan,
    *,
    can_remux: bool = True,
    can_cut_sound: bool = True,
    best: str = MODES[-1],
) -> None:
    """This plan can't be carried out: another one takes its place, without the source's own picture, with sound in one pass, or in a
    lesser mode. What an earlier plan gave up stays so.
    """
    await repository.set_transcode(session, transcode.id, state="cancelled", reason="planned anew")
    await jobs.cancel_about(session, transcode.file_id, _JOBS)
    may_remux = can_remux and plan.remux is not None
    may_cut_sound = can_cut_sound and all(track.exact_rate for track in plan.audio)
    best_mode = min(best, plan.mode, key=MODES.index)
    outbox.enqueue(session, [PlanMedia(transcode.file_id, transcode.version_id, may_remux, best_mode, may_cut_sound)])


async def cancel_transcode(session: WriteSession, version_id: UUID, reason: str) -> bool:
    """Stop a running transcode: workers notice within seconds; what is finished is kept for a later start. False: none runs."""
    transcode = await repository.current_transcode(session, version_id)
    if transcode is None or not await repository.set_transcode(session, transcode.id, state="cancelled", reason=reason):
        return False
    await jobs.cancel_about(session, transcode.file_id, _JOBS)
    await repository.set_state(session, version_id, [HLS], "skipped", reason)
    await files.record_preview(session, version_id, {"state": "failed", "reason": reason})
    return True


@dataclass(frozen=True, slots=True)
class Playable:
    """A transcode with its plan and, by rung or track, the pieces that play now."""

    transcode: Transcode
    plan: Plan
    pieces: dict[str, list[Piece]]

    @property
    def is_whole(self) -> bool:
        return self.transcode.state == "ready"


def _piece(row: HlsSegments) -> Piece:
    segments = [
        Segment(segment["duration"], int(segment["offset"]), int(segment["bytes"]), int(segment.get("key", 0))) for segment in row.segments
    ]
    return Piece(row.key, row.init_key, row.codecs, segments)


async def playable(session: ReadSession, version_id: UUID, rung: str | None = None) -> Playable:
    """What a player may be given now. Raises NotPlayable."""
    transcode = await repository.current_transcode(session, version_id)
    if transcode is None or transcode.state in {"failed", "cancelled"}:
        raise NotPlayable(transcode.reason if transcode is not None else None, details={"state": transcode.state if transcode else "none"})
    plan = msgspec.convert(transcode.plan, Plan)
    by_rung: dict[str, dict[int, Piece]] = {}
    for row in await repository.segments_of(session, transcode.id, rung):
        by_rung.setdefault(row.rung, {})[row.chunk_no] = _piece(row)
    pieces = {name: contiguous(found) for name, found in by_rung.items()}
    return Playable(transcode, plan, {name: found for name, found in pieces.items() if found})
