"""EncodeChunk: all rungs of one chunk in one ffmpeg, verified segment by segment, published together."""

import asyncio
import time
from pathlib import Path
from uuid import UUID

import msgspec

from service.media import repository
from service.media.jobs import EncodeChunk, EncodeFirstChunk
from service.media.models import Transcode
from service.media.planning import Chunk, Plan
from service.media.service import VIDEO, Source, record_segments, source_of
from service.outbox.base import PermanentError
from service.outbox.context import JobContext
from workers.media.deps import MediaDeps
from workers.media.packing import store_piece
from workers.tools import ffmpeg, fmp4
from workers.tools.confine import Access
from workers.tools.runner import run_ffmpeg
from workers.tools.sandbox import ChildFailed, Limits

PROGRESS_EVERY_S = 2.0
REALTIME_FACTOR = 60
MIN_WALL_S = 300
# What makes a film playable goes before what only lengthens it: the very first chunk has the cores nearly to itself.
FIRST_NICE = 0
SOON_NICE = 16
LATER_NICE = 19


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
    with deps.folder() as folder:
        nice = FIRST_NICE if job.no == 0 else SOON_NICE if isinstance(job, EncodeFirstChunk) else LATER_NICE
        await _encode(deps, context, plan, chunk, source, folder, nice)
        rows = []
        for rung in plan.rungs:
            segments = await asyncio.to_thread(_verified, plan, chunk, folder / rung.name)
            init = (folder / rung.name / "init.mp4").read_bytes()
            rows.append(
                await store_piece(
                    deps, transcode_id=transcode.id, prefix=transcode.prefix, rung=rung.name, no=chunk.no, init=init, segments=segments
                )
            )
    async with deps.database.write() as session:
        await record_segments(session, transcode.id, rows, track=VIDEO, done_no=chunk.no)
        await context.finish(session)


async def _encode(deps: MediaDeps, context: JobContext, plan: Plan, chunk: Chunk, source: Source, folder: Path, nice: int) -> None:
    sizes = [ffmpeg.Size(rung.name, rung.width, rung.height, rung.kbits) for rung in plan.rungs]
    for size in sizes:
        (folder / size.name).mkdir()
    seconds = float(chunk.frames / plan.rate)
    limits = Limits(memory_bytes=8 << 30, cpu_s=36_000, wall_s=max(MIN_WALL_S, REALTIME_FACTOR * seconds), nice=nice)
    told_at = time.monotonic()

    async def on_progress(frame: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > PROGRESS_EVERY_S:
            told_at = time.monotonic()
            await context.progress(frame / chunk.frames)

    async with deps.serve(source) as served:
        argv = ffmpeg.video_chunk(
            ffmpeg.executable(deps.settings.ffmpeg),
            served.url,
            str(folder),
            rate=plan.rate,
            first_frame=chunk.first_frame,
            frames=chunk.frames,
            gop_frames=plan.gop_frames,
            segment_frames=plan.segment_frames,
            sizes=sizes,
            is_interlaced=plan.is_interlaced,
            threads=deps.settings.ffmpeg_threads or ffmpeg.cores(),
        )
        await run_ffmpeg(argv, limits, Access(folder, served.port), on_progress)


def _verified(plan: Plan, chunk: Chunk, folder: Path) -> list[tuple[Path, float]]:
    """Segments of one rung with their true durations. Raises ChildFailed where ffmpeg's word and its output differ."""
    init = (folder / "init.mp4").read_bytes() if (folder / "init.mp4").exists() else b""
    paths = sorted(folder.glob("s*.m4s"))
    is_last_chunk = chunk.no == len(plan.chunks) - 1
    if not init or not paths:
        if is_last_chunk and chunk.no > 0:
            # The container promised a little more than there is: the film simply ends earlier.
            return []
        message = "The picture can't be decoded here; the film is damaged."
        raise PermanentError(message)
    ticks = fmp4.timescale(init)
    frame_ticks, odd = divmod(ticks * plan.rate_den, plan.rate_num)
    if odd:
        message = f"timescale {ticks} does not fit {plan.rate} frames per second"
        raise ChildFailed(message)
    wanted = -(-chunk.frames // plan.segment_frames)
    result, frame = [], chunk.first_frame
    for number, path in enumerate(paths):
        frames = min(plan.segment_frames, chunk.first_frame + chunk.frames - frame)
        ends_here = number == len(paths) - 1 and (is_last_chunk or number == wanted - 1)
        try:
            samples = fmp4.verify_video(
                path.read_bytes(),
                first_tick=frame * frame_ticks,
                frames=frames,
                frame_ticks=frame_ticks,
                is_last=ends_here and is_last_chunk,
            )
        except fmp4.BadSegment as error:
            raise _explain(error, is_short=number == len(paths) - 1) from error
        result.append((path, float(samples / plan.rate)))
        frame += samples
    if len(result) < wanted and not is_last_chunk:
        message = f"The film is damaged: its picture ends after {float(frame / plan.rate):.0f} of {plan.duration_s:.0f} seconds."
        raise PermanentError(message)
    return result


def _explain(error: fmp4.BadSegment, *, is_short: bool) -> Exception:
    return ChildFailed(f"a segment {error}" + (" (the source may be cut off)" if is_short else ""))
