"""RenderWaveform: lowest and highest sample of each stretch of a sound file."""

import asyncio
from pathlib import Path

from service.media import repository
from service.media.jobs import RenderWaveform
from service.media.models import Derivative
from service.media.service import WAVEFORM, store_derivative
from service.outbox.context import JobContext
from workers.media.deps import MediaDeps
from workers.tools import ffmpeg
from workers.tools.confine import Access
from workers.tools.limits import Limits
from workers.tools.runner import run_ffmpeg

POINTS = 2_000
RATE = 8_000
SILENCE = 128
# Long recordings are looked at with fewer samples: their points are long anyway.
LONG_S, LONG_RATE = 2 * 3_600, 2_000


async def render_waveform(job: RenderWaveform, deps: MediaDeps, context: JobContext) -> None:
    source = await deps.begin(job.version_id, WAVEFORM)
    async with deps.database.read() as session:
        facts = await repository.facts_of(session, job.version_id)
    if source is None or facts is None:
        return
    rate = RATE if facts.duration_s <= LONG_S else LONG_RATE
    limits = Limits(memory_bytes=4 << 30, cpu_s=3_600, wall_s=3_600, nice=19)
    with deps.folder() as folder:
        raw = folder / "samples.u8"
        async with deps.serve(source, context) as served:
            argv = ffmpeg.samples(ffmpeg.executable(deps.settings.ffmpeg), served.url, str(raw), rate=rate)
            await run_ffmpeg(argv, limits, Access(folder, served.port))
        count, peaks = await asyncio.to_thread(peaks_of, raw)
    row = Derivative(
        version_id=source.version_id,
        kind=WAVEFORM,
        state="ready",
        prefix=None,
        bytes=0,
        facts={"seconds_each": count / rate, "peaks": peaks.hex()},
        error=None,
    )
    async with deps.database.write() as session:
        await store_derivative(session, source, row, {})
        await context.finish(session)


def peaks_of(raw: Path, points: int = POINTS) -> tuple[int, bytes]:
    """(samples in each stretch, lowest and highest byte of each in turn); 128 is silence."""
    size = raw.stat().st_size
    each = max(1, -(-size // points))
    found = bytearray()
    with raw.open("rb") as file:
        while stretch := file.read(each):
            found += bytes((min(stretch), max(stretch)))
    return each, bytes(found) or bytes((SILENCE, SILENCE))
