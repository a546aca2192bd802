"""ReadThrough: what is not cut in chunks, in one pass over the source: sound, text subtitles, the source's own picture.

Segments are published while ffmpeg runs, so that play starts early.
"""

import asyncio
import time
from pathlib import Path

from service.media import repository
from service.media.jobs import ReadThrough
from service.media.models import HlsSegments, Transcode
from service.media.planning import AUDIO_KBITS, LIGHT_KBITS, SOURCE, Plan
from service.media.playlists import LIGHT, audio_name, subtitles_name
from service.media.service import Source
from service.media.transcodes import THROUGH, plan_anew, record_segments
from service.outbox.base import PermanentError
from service.outbox.context import JobContext
from workers.media.chunk import PROGRESS_EVERY_S, load
from workers.media.deps import MediaDeps
from workers.media.packing import Segment, store_flat, store_piece
from workers.tools import ffmpeg, fmp4, webvtt
from workers.tools.confine import Access
from workers.tools.limits import Limits
from workers.tools.runner import run_ffmpeg
from workers.tools.sandbox import ChildFailed

BATCHES = (1, 2, 4)
BATCH = 50
# A picture is so much larger than sound that a piece of 50 segments would be a wait.
PICTURE_BATCH = 10
LOOK_EVERY_S = 0.25
REALTIME_FACTOR = 10
MIN_WALL_S = 300
MAX_TEXT_BYTES = 16 << 20


class CantRemux(Exception):
    """The source's own picture does not make segments that fit together."""


def batch_size(no: int, full: int) -> int:
    """Segments of the piece with this number; fixed, so that a replay makes the same pieces."""
    return BATCHES[no] if no < len(BATCHES) else full


class _Publisher:
    """Takes finished segments of one track from its folder in batches and publishes them in order."""

    def __init__(self, deps: MediaDeps, transcode: Transcode, name: str, folder: Path, *, is_picture: bool) -> None:
        self._deps, self._transcode, self._name, self._folder, self._is_picture = deps, transcode, name, folder / name, is_picture
        self._folder.mkdir()
        self._no = 0
        self._taken = 0
        self._tick: int | None = None
        self.seconds = 0.0

    def _ready(self) -> list[Path]:
        return sorted(self._folder.glob("s*.m4s"))[self._taken :]

    async def publish(self, *, is_end: bool) -> None:
        """Publish every full batch, and at the end what is left."""
        while True:
            # Until the end the newest file may still grow.
            ready = self._ready() if is_end else self._ready()[:-1]
            size = batch_size(self._no, PICTURE_BATCH if self._is_picture else BATCH)
            if not ready or (len(ready) < size and not is_end):
                return
            await self._publish_one(ready[:size])

    async def _publish_one(self, paths: list[Path]) -> None:
        init = (self._folder / "init.mp4").read_bytes()
        scale = fmp4.timescale(init)
        timed = [Segment(path, self._span(path) / scale) for path in paths]
        row = await store_piece(self._deps, self._transcode, self._name, self._no, init, timed, has_picture=self._is_picture)
        async with self._deps.database.write() as session:
            await record_segments(session, self._transcode.id, [row], track=self._name, done_no=None)
        self.seconds += sum(segment.seconds for segment in timed)
        for path in paths:
            # Its name stays, as a place in the order; its bytes are in the store.
            path.write_bytes(b"")
        self._taken += len(paths)
        self._no += 1

    def _span(self, path: Path) -> int:
        first, ticks, is_sync = fmp4.span(path.read_bytes())
        if self._tick not in {None, first} or (self._tick is None and not self._is_picture and first != 0):
            self._refuse(f"segment starts at {first}, not {self._tick or 0}")
        if self._is_picture and not is_sync:
            self._refuse("segment does not start with a sync sample")
        self._tick = first + ticks
        return ticks

    def _refuse(self, message: str) -> None:
        if self._is_picture:
            raise CantRemux(message)
        raise ChildFailed(f"{self._name}: {message}")


async def read_through(job: ReadThrough, deps: MediaDeps, context: JobContext) -> None:
    loaded = await load(deps, job.transcode_id)
    if loaded is None:
        return
    transcode, plan, source = loaded
    async with deps.database.read() as session:
        if await repository.chunk_is_done(session, transcode.id, THROUGH, 0):
            return
    with deps.folder() as folder:
        try:
            await _run(deps, context, transcode, plan, source, folder)
        except CantRemux as error:
            # The picture is encoded like any other then.
            context.result["planned_anew"] = str(error)
            async with deps.database.write() as session:
                await context.finish(session)
                await plan_anew(session, transcode, plan, can_remux=False)
            return
        texts = [await _text(deps, transcode, plan, track.index, folder) for track in plan.subtitles]
    async with deps.database.write() as session:
        await record_segments(session, transcode.id, [row for row in texts if row is not None], track=THROUGH, done_no=0)
        await context.finish(session)


async def _run(deps: MediaDeps, context: JobContext, transcode: Transcode, plan: Plan, source: Source, folder: Path) -> None:
    limits = Limits(memory_bytes=4 << 30, cpu_s=36_000, wall_s=max(MIN_WALL_S, plan.duration_s * REALTIME_FACTOR), nice=16)
    sounds = {audio_name(track.index): (track.index, AUDIO_KBITS) for track in plan.audio}
    if plan.has_light_sound:
        sounds[LIGHT] = (plan.audio[0].index, LIGHT_KBITS)
    texts = {subtitles_name(track.index): track.index for track in plan.subtitles}
    publishers = [_Publisher(deps, transcode, name, folder, is_picture=False) for name in sounds]
    if plan.remux is not None:
        publishers.append(_Publisher(deps, transcode, SOURCE, folder, is_picture=True))
    for name in texts:
        (folder / name).mkdir()
    async with deps.serve(source, context) as served:
        argv = ffmpeg.read_through(
            ffmpeg.executable(deps.settings.ffmpeg),
            served.url,
            str(folder),
            sounds=sounds,
            texts=texts,
            picture=SOURCE if plan.remux is not None else None,
            segment_s=plan.segment_s,
            is_paced=bool(plan.rungs),
        )
        running = asyncio.create_task(run_ffmpeg(argv, limits, Access(folder, served.port)))
        try:
            told_at = time.monotonic()
            while not running.done():
                await asyncio.wait({running}, timeout=LOOK_EVERY_S)
                for publisher in publishers:
                    await publisher.publish(is_end=False)
                if publishers and time.monotonic() - told_at > PROGRESS_EVERY_S:
                    told_at = time.monotonic()
                    await context.progress(publishers[0].seconds / plan.duration_s)
            await running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    for publisher in publishers:
        await publisher.publish(is_end=True)
    if publishers and not plan.rungs and not any(publisher.seconds for publisher in publishers):
        message = "The sound of this file can't be decoded; it is damaged."
        raise PermanentError(message)


async def _text(deps: MediaDeps, transcode: Transcode, plan: Plan, index: int, folder: Path) -> HlsSegments | None:
    """One subtitle track, cut like the film; None where it has no words."""
    name = subtitles_name(index)
    path = folder / name / "v.vtt"
    if not path.exists() or path.stat().st_size > MAX_TEXT_BYTES:
        return None
    found = webvtt.cues(path.read_text("utf-8", "replace"))
    if not found:
        return None
    entries: list[dict[str, float]] = []
    body = b""
    for seconds, part in webvtt.segments(found, plan.segment_s, plan.duration_s):
        entries.append({"duration": seconds, "offset": len(body), "bytes": len(part)})
        body += part
    return await store_flat(deps, transcode, name, 0, body, entries, ("vtt", "text/vtt"))
