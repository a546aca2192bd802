"""EncodeChunk: all rungs of one chunk in one ffmpeg, verified segment by segment, published together."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec

from service.media import repository
from service.media.jobs import EncodeChunk, EncodeFirstChunk
from service.media.models import HlsSegments, Transcode
from service.media.planning import AUDIO_KBITS, BOARD_COLUMNS, Chunk, Plan, stills_in
from service.media.playlists import BOARD, audio_name
from service.media.service import Source, source_of
from service.media.transcodes import VIDEO, plan_anew, record_segments
from service.outbox.base import PermanentError
from service.outbox.context import JobContext
from workers.media.deps import MediaDeps
from workers.media.on_gpu import doubt, seat_for
from workers.media.packing import store_flat, store_piece
from workers.media.segments import CantCutSound, init_of, picture_of, sound_of
from workers.media.telling import tell_progress
from workers.tools import ffmpeg, sandbox
from workers.tools.confine import Access
from workers.tools.ffmpeg_chunk import Cut, Size, Stills, video_chunk
from workers.tools.ffmpeg_sound import SoundCut, frames_before
from workers.tools.gpu.seat import Seat
from workers.tools.limits import Limits
from workers.tools.range_proxy import Served
from workers.tools.runner import run_ffmpeg
from workers.tools.sandbox import ChildFailed

PROGRESS_EVERY_S = 2.0
REALTIME_FACTOR = 60
MIN_WALL_S = 300
# What makes a film playable goes before what only lengthens it: the very first chunk has the cores nearly to itself.
FIRST_NICE = 0
SOON_NICE = 16
LATER_NICE = 19
CUT = "the source broke off"
# Reading begins so long before a chunk's first frame, in s: with an index just enough for reordered frames; else more than most GOPs.
INDEXED_LEADS_S = (1.0, 12.0, 60.0)
LEADS_S = (12.0, 60.0, 300.0)
SEEK_LIMITS = Limits(memory_bytes=4 << 30, cpu_s=120, wall_s=180)


async def load(deps: MediaDeps, transcode_id: UUID) -> tuple[Transcode, Plan, Source] | None:
    """The transcode with its plan and source; None once it is over or the file is gone."""
    async with deps.database.read() as session:
        transcode = await repository.transcode(session, transcode_id)
        source = await source_of(session, transcode.version_id) if transcode is not None else None
    if transcode is None or source is None or transcode.state != "running":
        return None
    return transcode, msgspec.convert(transcode.plan, Plan), source


@dataclass(frozen=True, slots=True)
class _Work:
    """One chunk of a film, the folder it is made in, and the GPU it is made on, if any."""

    transcode: Transcode
    plan: Plan
    chunk: Chunk
    source: Source
    folder: Path
    seat: Seat | None
    sounds: Mapping[str, SoundCut]


async def encode_chunk(job: EncodeChunk, deps: MediaDeps, context: JobContext) -> None:
    loaded = await load(deps, job.transcode_id)
    if loaded is None:
        return
    transcode, plan, source = loaded
    async with deps.database.read() as session:
        if await repository.chunk_is_done(session, transcode.id, VIDEO, job.no):
            return
    chunk = plan.chunks[job.no]
    nice = FIRST_NICE if job.no == 0 else SOON_NICE if isinstance(job, EncodeFirstChunk) else LATER_NICE
    with deps.folder() as folder:
        work = _Work(transcode, plan, chunk, source, folder, seat_for(deps, plan), _sounds(plan, chunk))
        try:
            await _encode(deps, context, work, nice)
            rows = await _stored(deps, work)
        except CantCutSound as error:
            context.result["planned_anew"] = f"sound: {error}"
            async with deps.database.write() as session:
                await context.finish(session)
                await plan_anew(session, transcode, plan, can_cut_sound=False)
            return
        except (ChildFailed, PermanentError) as error:
            if work.seat is None:
                raise
            await doubt(deps, context, transcode, plan, work.seat, error)
            return
    async with deps.database.write() as session:
        await record_segments(session, transcode.id, rows, track=VIDEO, done_no=chunk.no)
        await context.finish(session)
    await tell_progress(deps, transcode)


def _sounds(plan: Plan, chunk: Chunk) -> dict[str, SoundCut]:
    """What of each track belongs to a chunk: its AAC frames that begin while it plays, of the last one all that follow."""
    if not plan.cuts_sound:
        return {}
    first, last = (frames_before(frame / plan.rate) for frame in (chunk.first_frame, chunk.first_frame + chunk.frames))
    is_open = chunk.no == len(plan.chunks) - 1
    return {audio_name(track.index): SoundCut(track.index, track.exact_rate, first, last, is_open, AUDIO_KBITS) for track in plan.audio}


async def _stored(deps: MediaDeps, work: _Work) -> list[HlsSegments]:
    """Verified and put into the store, rung by rung; rows that publish it. Raises CantCutSound, ChildFailed, PermanentError."""
    rows = []
    made = [(rung.name, await asyncio.to_thread(picture_of, work.plan, work.chunk, work.folder / rung.name)) for rung in work.plan.rungs]
    heard = [(name, await asyncio.to_thread(sound_of, cut, work.folder / name)) for name, cut in work.sounds.items()]
    for name, segments in [*made, *heard]:
        if not segments:
            continue
        init = init_of(work.folder / name)
        has_picture = name not in work.sounds
        rows.append(await store_piece(deps, work.transcode, name, work.chunk.no, init, segments, has_picture=has_picture))
    if (board := work.folder / "board.jpg").exists():
        body = board.read_bytes()
        entry = {"duration": float(work.chunk.frames / work.plan.rate), "offset": 0.0, "bytes": len(body)}
        rows.append(await store_flat(deps, work.transcode, BOARD, work.chunk.no, body, [entry], ("jpg", "image/jpeg")))
    return rows


async def _encode(deps: MediaDeps, context: JobContext, work: _Work, nice: int) -> None:
    plan, chunk, folder = work.plan, work.chunk, work.folder
    sizes = [Size(rung.name, rung.width, rung.height, rung.kbits) for rung in plan.rungs]
    for name in [*(size.name for size in sizes), *work.sounds]:
        (folder / name).mkdir()
    seconds = float(chunk.frames / plan.rate)
    limits = Limits(memory_bytes=8 << 30, cpu_s=36_000, wall_s=max(MIN_WALL_S, REALTIME_FACTOR * seconds), nice=nice)
    begun_at = told_at = time.monotonic()

    async def on_progress(frame: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > PROGRESS_EVERY_S:
            told_at = time.monotonic()
            await context.progress(frame / chunk.frames)
            await tell_progress(deps, work.transcode)

    async with deps.serve(work.source, context) as served:
        argv = video_chunk(
            ffmpeg.executable(deps.settings.ffmpeg),
            served.url,
            str(folder),
            mode=plan.mode,
            cut=Cut(plan.rate, chunk.first_frame, chunk.frames, plan.gop_frames, plan.segment_frames),
            sizes=sizes,
            stills=_stills(plan, chunk),
            sounds=work.sounds,
            is_interlaced=plan.is_interlaced,
            transfer=plan.transfer,
            matrix=plan.matrix,
            seek_s=await _seek_target(plan, chunk, served) if chunk.first_frame else 0.0,
            threads=deps.settings.ffmpeg_threads or ffmpeg.cores(),
        )
        seat = work.seat
        if seat is not None:
            await asyncio.to_thread(seat.lend_kernels, folder)
        access = Access(folder, served.port, seat.device.uuid if seat is not None else "")
        with seat.job(str(context.claimed.id)) if seat is not None else nullcontext() as begins:
            await run_ffmpeg(argv, limits, access, on_progress, begins)
        pace = round(chunk.frames / (time.monotonic() - begun_at), 1)
        context.result |= {"mode": plan.mode, "frames_per_s": pace}
        if served.is_cut:
            # Exit status 0 after a source that broke off: nothing else would tell it from a film that ends here, or is damaged.
            raise ChildFailed(CUT)


def _stills(plan: Plan, chunk: Chunk) -> Stills | None:
    if plan.board is None:
        return None
    count = stills_in(plan.board, chunk)
    return Stills(plan.board.width, plan.board.height, plan.board.every_frames, min(BOARD_COLUMNS, count), -(-count // BOARD_COLUMNS))


async def _seek_target(plan: Plan, chunk: Chunk, served: Served) -> float:
    """Where reading begins, tried on the source itself. Raises ChildFailed, ChildTimedOut."""
    arguments = [served.url, f"{float(chunk.first_frame / plan.rate):.6f}", *map(str, INDEXED_LEADS_S if plan.has_index else LEADS_S)]
    return float(await sandbox.run_module("workers.tools.seek_child", arguments, SEEK_LIMITS, Access(port=served.port)))
