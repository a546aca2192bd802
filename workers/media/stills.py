"""RenderImage and RenderPoster: WebP previews in all sizes, from a picture or from a frame of a film."""

import json
import sys
from pathlib import Path

import msgspec

from service.media import repository
from service.media.jobs import RenderImage, RenderPoster
from service.media.models import Derivative
from service.media.planning import SourceFacts
from service.media.service import Source, source_of, store_derivative
from service.outbox.base import PermanentError
from service.outbox.context import JobContext
from service.storage import keys
from workers.media.deps import MediaDeps
from workers.tools import ffmpeg, sandbox
from workers.tools.confine import Access
from workers.tools.runner import run_ffmpeg
from workers.tools.sandbox import ChildFailed, Limits

IMAGE_LIMITS = Limits(memory_bytes=4 << 30, cpu_s=120, wall_s=180)
POSTER_LIMITS = Limits(memory_bytes=4 << 30, cpu_s=300, wall_s=300, nice=19)
POSTER_WIDTH = 1_280
POSTER_AT = 0.1
THUMBNAIL = 512


async def render_image(job: RenderImage, deps: MediaDeps, context: JobContext) -> None:
    async with deps.database.read() as session:
        source = await source_of(session, job.version_id)
    if source is None:
        return
    with deps.folder() as folder:
        async with deps.serve(source) as served:
            sizes = await _previews(served.url, Access(folder, served.port))
        await _store(deps, context, source, "thumbnail", sizes, folder, {"state": "ready"})


async def render_poster(job: RenderPoster, deps: MediaDeps, context: JobContext) -> None:
    """A film without a usable still is no failure of the film."""
    async with deps.database.read() as session:
        source = await source_of(session, job.version_id)
        found = await repository.probe_of(session, job.version_id)
    if source is None or found is None:
        return
    facts = msgspec.convert(found, SourceFacts)
    with deps.folder() as folder:
        frame = folder / "frame.png"
        async with deps.serve(source) as served:
            for at_s in (facts.duration_s * POSTER_AT, 0.0):
                argv = ffmpeg.poster(
                    ffmpeg.executable(deps.settings.ffmpeg), served.url, str(frame), at_s=at_s, width=min(POSTER_WIDTH, facts.width)
                )
                try:
                    await run_ffmpeg(argv, POSTER_LIMITS, Access(folder, served.port))
                except ChildFailed:
                    continue
                if frame.exists():
                    break
        if frame.exists():
            sizes = await _previews(str(frame), Access(folder))
            await _store(deps, context, source, "poster", sizes, folder, {})


async def _previews(source: str, access: Access) -> list[int]:
    try:
        output = await sandbox.run([sys.executable, "-m", "workers.tools.image_child", source, str(access.folder)], IMAGE_LIMITS, access)
    except ChildFailed as error:
        message = "This picture can't be shown: it is damaged, or needs more memory than we give it."
        raise PermanentError(message) from error
    sizes: list[int] = json.loads(output)
    return sizes


async def _store(
    deps: MediaDeps, context: JobContext, source: Source, kind: str, sizes: list[int], folder: Path, preview: dict[str, object]
) -> None:
    prefix = keys.derived_prefix(source.version_id, kind, str(context.claimed.fence))
    total = 0
    for size in sizes:
        body = (folder / f"{size}.webp").read_bytes()
        total += len(body)
        await deps.store.put(deps.derived_bucket, f"{prefix}{size}.webp", body, "image/webp", is_immutable=True)
    names = {str(size): f"{size}.webp" for size in sizes}
    shown = max((size for size in sizes if size <= THUMBNAIL), default=sizes[0])
    row = Derivative(version_id=source.version_id, kind=kind, state="ready", prefix=prefix, bytes=total, facts={"names": names}, error=None)
    async with deps.database.write() as session:
        await store_derivative(session, source, row, {**preview, "thumbnail_key": f"{prefix}{shown}.webp"})
        await context.finish(session)
