"""What media decides: whom to tell, when a film is done, what a player is given."""

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
from service.media.jobs import EncodeAudio, EncodeChunk, EncodeFirstChunk, FinishTranscode, PlanMedia, RenderImage, RenderPoster
from service.media.models import Derivative, HlsSegments, Transcode, TranscodeChunk
from service.media.planning import FIRST_CHUNKS, Plan, SourceFacts, plan_hash
from service.media.playlists import Piece, audio_name, contiguous
from service.outbox import service as outbox
from service.outbox.base import Job
from service.storage import keys

VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a version's bytes are."""

    file_id: UUID
    version_id: UUID
    project_id: UUID
    bucket: str
    key: str
    size_bytes: int
    claimed_type: str
    name: str


async def source_of(session: ReadSession, version_id: UUID) -> Source | None:
    """None once the file is gone: its jobs end quietly."""
    version = await files_repository.version_by_id(session, version_id)
    found = await files_repository.file_by_id(session, version.file_id) if version is not None else None
    if version is None or found is None:
        return None
    return Source(
        found.id, version.id, found.project_id, version.bucket, version.key, version.size_bytes, version.claimed_type or "", found.name
    )


async def record_probe(session: WriteSession, source: Source, facts: SourceFacts) -> None:
    """Keep the facts and enqueue what follows from them."""
    await repository.put_probe(session, source.version_id, msgspec.to_builtins(facts))
    following: list[Job] = []
    if facts.kind in {"video", "audio"}:
        following.append(PlanMedia(source.file_id, source.version_id))
    elif facts.kind == "image":
        following.append(RenderImage(source.file_id, source.version_id))
    preview: dict[str, object] = {"kind": facts.kind, "state": "processing" if following else "none"}
    if facts.width:
        preview |= {"width": facts.width, "height": facts.height}
    if facts.duration_s:
        preview["duration_s"] = round(facts.duration_s, 3)
    await files.record_preview(session, source.version_id, preview, facts.media_type or None)
    outbox.enqueue(session, following)


async def start_transcode(session: WriteSession, source: Source, plan: Plan) -> UUID | None:
    """Store the plan and enqueue its chunks. None if the same plan was stored before."""
    digest = plan_hash(plan)
    transcode_id = new_id()
    row = Transcode(
        id=transcode_id,
        version_id=source.version_id,
        file_id=source.file_id,
        project_id=source.project_id,
        plan=msgspec.to_builtins(plan),
        plan_hash=digest,
        prefix=keys.derived_prefix(source.version_id, "hls", digest),
    )
    chunks = [
        TranscodeChunk(transcode_id=transcode_id, track=VIDEO, no=chunk.no, seconds=float(chunk.frames / plan.rate))
        for chunk in plan.chunks
    ]
    chunks += [
        TranscodeChunk(transcode_id=transcode_id, track=audio_name(track.index), no=0, seconds=plan.duration_s) for track in plan.audio
    ]
    if not await repository.add_transcode(session, row, chunks):
        return None
    jobs: list[Job] = [EncodeAudio(source.file_id, transcode_id, track.index) for track in plan.audio]
    if plan.chunks:
        jobs.append(EncodeFirstChunk(source.file_id, transcode_id, 0))
    await session.flush()
    outbox.enqueue(session, jobs)
    return transcode_id


async def _go_on(session: WriteSession, transcode: Transcode) -> None:
    """The first chunk is there, so the film can be decoded and plays: now all the rest. Until then it would only slow that down."""
    plan = msgspec.convert(transcode.plan, Plan)
    jobs: list[Job] = [RenderPoster(transcode.file_id, transcode.version_id)]
    for chunk in plan.chunks[1:]:
        kind = EncodeFirstChunk if chunk.no < len(FIRST_CHUNKS) else EncodeChunk
        jobs.append(kind(transcode.file_id, transcode.id, chunk.no))
    outbox.enqueue(session, jobs)
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
    if done_no is not None:
        left = await repository.mark_chunk_done(session, transcode_id, track, done_no)
        if track == VIDEO and done_no == 0:
            await _go_on(session, transcode)
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
    await files.record_preview(session, transcode.version_id, {"state": "ready"})
    await files.count_derived(session, transcode.version_id, transcode.project_id, total)


async def store_derivative(session: WriteSession, source: Source, row: Derivative, preview: dict[str, object]) -> None:
    """A picture is there: show it in lists, count its bytes."""
    replaced = await repository.put_derivative(session, row)
    await files.record_preview(session, source.version_id, preview)
    await files.count_derived(session, source.version_id, source.project_id, row.bytes - replaced)


async def give_up(session: WriteSession, version_id: UUID, reason: str, transcode_id: UUID | None) -> None:
    """Processing failed for good: say why where the file is shown."""
    if transcode_id is not None:
        await repository.set_transcode(session, transcode_id, state="failed", reason=reason)
    await files.record_preview(session, version_id, {"state": "failed", "reason": reason})


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
    return Piece(
        row.key,
        row.init_key,
        row.codecs,
        [(segment["duration"], int(segment["offset"]), int(segment["bytes"])) for segment in row.segments],
    )


async def playable(session: ReadSession, version_id: UUID, rung: str | None = None) -> Playable:
    """What a player may be given now. Raises NotPlayable."""
    transcode = await repository.current_transcode(session, version_id)
    if transcode is None or transcode.state == "failed":
        raise NotPlayable(transcode.reason if transcode is not None else None, details={"state": transcode.state if transcode else "none"})
    plan = msgspec.convert(transcode.plan, Plan)
    by_rung: dict[str, dict[int, Piece]] = {}
    for row in await repository.segments_of(session, transcode.id, rung):
        by_rung.setdefault(row.rung, {})[row.chunk_no] = _piece(row)
    pieces = {name: contiguous(found) for name, found in by_rung.items()}
    return Playable(transcode, plan, {name: found for name, found in pieces.items() if found})
