"""EncodeAudio: one track, whole, in one ffmpeg; segments are published while it runs, so that play starts early."""

import asyncio
import time
from pathlib import Path

from service.media import repository
from service.media.jobs import EncodeAudio
from service.media.models import Transcode
from service.media.planning import AUDIO_KBITS, Plan
from service.media.playlists import audio_name
from service.media.service import record_segments
from service.outbox.base import PermanentError
from service.outbox.context import JobContext
from workers.media.chunk import PROGRESS_EVERY_S, load
from workers.media.deps import MediaDeps
from workers.media.packing import store_piece
from workers.tools import ffmpeg, fmp4
from workers.tools.confine import Access
from workers.tools.runner import run_ffmpeg
from workers.tools.sandbox import ChildFailed, Limits

SAMPLE_RATE = 48_000
BATCHES = (1, 2, 4)
BATCH = 50
LOOK_EVERY_S = 0.25
REALTIME_FACTOR = 10
MIN_WALL_S = 300


def batch_size(no: int) -> int:
    """Segments of the piece with this number; fixed, so that a replay makes the same pieces."""
    return BATCHES[no] if no < len(BATCHES) else BATCH


class _Publisher:
    """Takes finished segments from the folder in batches and publishes them in order."""

    def __init__(self, deps: MediaDeps, transcode: Transcode, plan: Plan, name: str, folder: Path) -> None:
        self._deps, self._transcode, self._plan, self._name, self._folder = deps, transcode, plan, name, folder
        self._no = 0
        self._taken = 0
        self._tick = 0
        self.seconds = 0.0

    def _ready(self) -> list[Path]:
        return sorted(self._folder.glob("s*.m4s"))[self._taken :]

    async def publish(self, *, is_end: bool) -> None:
        """Publish every full batch, and at the end what is left."""
        while True:
            # Until the end the newest file may still grow.
            ready = self._ready() if is_end else self._ready()[:-1]
            size = batch_size(self._no)
            if not ready or (len(ready) < size and not is_end):
                return
            await self._publish_one(ready[:size])

    async def _publish_one(self, paths: list[Path]) -> None:
        init = (self._folder / "init.mp4").read_bytes()
        if fmp4.timescale(init) != SAMPLE_RATE:
            message = "audio has another timescale than planned"
            raise ChildFailed(message)
        timed = []
        for path in paths:
            first, ticks = fmp4.audio_span(path.read_bytes())
            if first != self._tick:
                message = f"audio segment starts at {first}, not {self._tick}"
                raise ChildFailed(message)
            self._tick += ticks
            timed.append((path, ticks / SAMPLE_RATE))
        row = await store_piece(
            self._deps,
            transcode_id=self._transcode.id,
            prefix=self._transcode.prefix,
            rung=self._name,
            no=self._no,
            init=init,
            segments=timed,
        )
        async with self._deps.database.write() as session:
            await record_segments(session, self._transcode.id, [row], track=self._name, done_no=None)
        self.seconds += sum(seconds for _, seconds in timed)
        self._taken += len(paths)
        self._no += 1


async def encode_audio(job: EncodeAudio, deps: MediaDeps, context: JobContext) -> None:
    loaded = await load(deps, job.transcode_id)
    if loaded is None:
        return
    transcode, plan, source = loaded
    name = audio_name(job.track)
    async with deps.database.read() as session:
        if await repository.chunk_is_done(session, transcode.id, name, 0):
            return
    limits = Limits(memory_bytes=4 << 30, cpu_s=36_000, wall_s=max(MIN_WALL_S, plan.duration_s * REALTIME_FACTOR), nice=16)
    with deps.folder() as folder:
        publisher = _Publisher(deps, transcode, plan, name, folder)
        async with deps.serve(source) as served:
            argv = ffmpeg.audio_track(
                ffmpeg.executable(deps.settings.ffmpeg),
                served.url,
                str(folder),
                index=job.track,
                kbits=AUDIO_KBITS,
                segment_s=plan.segment_s,
                is_paced=bool(plan.rungs),
            )
            running = asyncio.create_task(run_ffmpeg(argv, limits, Access(folder, served.port)))
            try:
                told_at = time.monotonic()
                while not running.done():
                    await asyncio.wait({running}, timeout=LOOK_EVERY_S)
                    await publisher.publish(is_end=False)
                    if time.monotonic() - told_at > PROGRESS_EVERY_S:
                        told_at = time.monotonic()
                        await context.progress(publisher.seconds / plan.duration_s)
                await running
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
        await publisher.publish(is_end=True)
        if publisher.seconds == 0:
            message = "The sound of this file can't be decoded; it is damaged."
            raise PermanentError(message)
    async with deps.database.write() as session:
        await record_segments(session, transcode.id, [], track=name, done_no=0)
        await context.finish(session)
