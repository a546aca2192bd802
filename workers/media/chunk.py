"""EncodeChunk: all rungs of one chunk in one ffmpeg, verified segment by segment, published together."""

import asyncio
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from uuid import UUID

import msgspec

from service.media import repository
from service.media.jobs import EncodeChunk, EncodeFirstChunk
from service.media.models import HlsSegments, Transcode
from service.media.planning import BOARD_COLUMNS, Chunk, Plan, stills_in
from service.media.playlists import BOARD
from service.media.service import Source, source_of
from service.media.transcodes import VIDEO, record_segments
from service.outbox.base import PermanentError
from service.outbox.context import JobContext
from workers.media.deps import MediaDeps
from workers.media.on_gpu import doubt, seat_for
from workers.media.packing import Segment, store_flat, store_piece
from workers.media.telling import tell_progress
from workers.tools import ffmpeg, fmp4, sandbox
from workers.tools.confine import Access
from workers.tools.ffmpeg_chunk import Cut, Size, Stills, video_chunk
from workers.tools.gpu.seat import Seat
from workers.tools.range_proxy import Served
from workers.tools.runner import run_ffmpeg
from workers.tools.sandbox import ChildFailed, Limits

PROGRESS_EVERY_S = 2.0
REALTIME_FACTOR = 60
MIN_WALL_S = 300
# What makes a film playable goes before what only lengthens it: the very first chunk has the cores nearly to itself.
FIRST_NICE = 0
SOON_NICE = 16
LATER_NICE = 19
CUT = "the source broke off"
UNDECODABLE = "The picture can't be decoded here; the film is damaged."
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


async def encode_chunk(job: EncodeChunk, deps: MediaDeps, context: JobContext) -> None:
    loaded = await load(deps, job.transcode_id)
    if loaded is None:
        return
    transcode, plan, source = loaded
    async with deps.database.read() as session:
        if await repository.chunk_is_done(session, transcode.id, VIDEO, job.no):
            return
    chunk = plan.chunks[job.no]
    seat = seat_for(deps, plan)
    nice = FIRST_NICE if job.no == 0 else SOON_NICE if isinstance(job, EncodeFirstChunk) else LATER_NICE
    with deps.folder() as folder:
        try:
            await _encode(deps, context, transcode, plan, chunk, source, folder, nice, seat)
            rows = await _stored(deps, transcode, plan, chunk, folder)
        except (ChildFailed, PermanentError) as error:
            if seat is None:
                raise
            await doubt(deps, context, transcode, plan, seat, error)
            return
    async with deps.database.write() as session:
        await record_segments(session, transcode.id, rows, track=VIDEO, done_no=chunk.no)
        await context.finish(session)
    await tell_progress(deps, transcode)


async def _stored(deps: MediaDeps, transcode: Transcode, plan: Plan, chunk: Chunk, folder: Path) -> list[HlsSegments]:
    """Verified and put into the store, rung by rung; rows that publish it. Raises ChildFailed, PermanentError."""
    rows = []
    for rung in plan.rungs:
        segments = await asyncio.to_thread(_verified, plan, chunk, folder / rung.name)
        if not segments:
            continue
        init = (folder / rung.name / "init.mp4").read_bytes()
        rows.append(await store_piece(deps, transcode, rung.name, chunk.no, init, segments, has_picture=True))
    if (board := folder / "board.jpg").exists():
        body = board.read_bytes()
        entry = {"duration": float(chunk.frames / plan.rate), "offset": 0.0, "bytes": len(body)}
        rows.append(await store_flat(deps, transcode, BOARD, chunk.no, body, [entry], ("jpg", "image/jpeg")))
    return rows


async def _encode(
    deps: MediaDeps,
    context: JobContext,
    transcode: Transcode,
    plan: Plan,
    chunk: Chunk,
    source: Source,
    folder: Path,
    nice: int,
    seat: Seat | None,
) -> None:
    sizes = [Size(rung.name, rung.width, rung.height, rung.kbits) for rung in plan.rungs]
    for size in sizes:
        (folder / size.name).mkdir()
    seconds = float(chunk.frames / plan.rate)
    limits = Limits(memory_bytes=8 << 30, cpu_s=36_000, wall_s=max(MIN_WALL_S, REALTIME_FACTOR * seconds), nice=nice)
    begun_at = told_at = time.monotonic()

    async def on_progress(frame: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > PROGRESS_EVERY_S:
            told_at = time.monotonic()
            await context.progress(frame / chunk.frames)
            await tell_progress(deps, transcode)

    async with deps.serve(source) as served:
        seek_s = await _seek_target(plan, chunk, served) if chunk.first_frame else 0.0
        argv = video_chunk(
            ffmpeg.executable(deps.settings.ffmpeg),
            served.url,
            str(folder),
            mode=plan.mode,
            cut=Cut(plan.rate, chunk.first_frame, chunk.frames, plan.gop_frames, plan.segment_frames),
            sizes=sizes,
            stills=_stills(plan, chunk),
            is_interlaced=plan.is_interlaced,
            transfer=plan.transfer,
            seek_s=seek_s,
            threads=deps.settings.ffmpeg_threads or ffmpeg.cores(),
        )
        access = Access(folder, served.port, seat.device.uuid if seat is not None else "")
        with seat.job(str(context.claimed.id)) if seat is not None else nullcontext() as begins:
            await run_ffmpeg(argv, limits, access, on_progress, begins)
        pace = round(chunk.frames / (time.monotonic() - begun_at), 1)
        context.result = {"read_bytes": served.bytes_sent, "mode": plan.mode, "frames_per_s": pace}
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
    argv = [sys.executable, "-m", "workers.tools.seek_child", served.url, f"{float(chunk.first_frame / plan.rate):.6f}"]
    leads = INDEXED_LEADS_S if plan.has_index else LEADS_S
    return float(await sandbox.run([*argv, *map(str, leads)], SEEK_LIMITS, Access(port=served.port)))


def _verified(plan: Plan, chunk: Chunk, folder: Path) -> list[Segment]:
    """Segments of one rung with their true durations. Raises ChildFailed where ffmpeg's word and its output differ."""
    init = (folder / "init.mp4").read_bytes() if (folder / "init.mp4").exists() else b""
    paths = sorted(folder.glob("s*.m4s"))
    may_end = chunk.no == len(plan.chunks) - 1 or not plan.is_length_sure
    if not init or not paths:
        if may_end and chunk.no > 0:
            # The container promised a little more than there is: the film simply ends earlier.
            return []
        raise PermanentError(UNDECODABLE)
    ticks = fmp4.timescale(init)
    frame_ticks, odd = divmod(ticks * plan.rate_den, plan.rate_num)
    if odd:
        message = f"timescale {ticks} does not fit {plan.rate} frames per second"
        raise ChildFailed(message)
    wanted = -(-chunk.frames // plan.segment_frames)
    result, frame = [], chunk.first_frame
    for number, path in enumerate(paths):
        body = path.read_bytes()
        if number == len(paths) - 1 and not fmp4.fragments(body):
            # There was nothing to put into it: the picture ended just before.
            break
        frames = min(plan.segment_frames, chunk.first_frame + chunk.frames - frame)
        ends_here = number == len(paths) - 1 and (may_end or number == wanted - 1)
        try:
            samples = fmp4.verify_video(
                body,
                first_tick=frame * frame_ticks,
                frames=frames,
                frame_ticks=frame_ticks,
                is_last=ends_here and may_end,
            )
        except fmp4.BadSegment as error:
            raise _explain(error, is_short=number == len(paths) - 1) from error
        result.append(Segment(path, float(samples / plan.rate)))
        frame += samples
    if not result and chunk.no == 0:
        raise PermanentError(UNDECODABLE)
    if len(result) < wanted and not may_end:
        message = f"The film is damaged: its picture ends after {float(frame / plan.rate):.0f} of {plan.duration_s:.0f} seconds."
        raise PermanentError(message)
    return result


def _explain(error: fmp4.BadSegment, *, is_short: bool) -> Exception:
    return ChildFailed(f"a segment {error}" + (" (the source may be cut off)" if is_short else ""))
