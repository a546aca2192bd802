"""RenderImage and RenderPoster: WebP previews in all sizes, from a picture or from a frame of a film."""

import json
from dataclasses import dataclass
from pathlib import Path

from service.media import repository
from service.media.jobs import RenderImage, RenderPoster
from service.media.models import Derivative
from service.media.planning import matrix_for
from service.media.service import POSTER, THUMBNAIL, Source, store_derivative
from service.outbox.base import PermanentError
from service.outbox.context import JobContext
from service.storage import keys
from workers.media.deps import MediaDeps
from workers.tools import ffmpeg, sandbox
from workers.tools.confine import Access
from workers.tools.limits import Limits
from workers.tools.runner import run_ffmpeg
from workers.tools.sandbox import ChildFailed

IMAGE_LIMITS = Limits(memory_bytes=4 << 30, cpu_s=120, wall_s=180)
POSTER_LIMITS = Limits(memory_bytes=4 << 30, cpu_s=300, wall_s=300, nice=19)
POSTER_WIDTH = 1_280
POSTER_AT = 0.1
THUMBNAIL_SIDE = 512


@dataclass(frozen=True, slots=True)
class _Made:
    """What the child left in the folder: WebP by longest side in pixels, an animated one, some pixels as a data URI."""

    sizes: list[int]
    is_animated: bool
    placeholder: str


async def render_image(job: RenderImage, deps: MediaDeps, context: JobContext) -> None:
    source = await deps.begin(job.version_id, THUMBNAIL)
    if source is None:
        return
    with deps.folder() as folder:
        async with deps.serve(source, context) as served:
            made = await _previews(served.url, Access(folder, served.port))
        await _store(deps, context, source, THUMBNAIL, made, folder, {"state": "ready"})


async def render_poster(job: RenderPoster, deps: MediaDeps, context: JobContext) -> None:
    """A still of a film, or the cover of a sound file. One without is no failure."""
    source = await deps.begin(job.version_id, POSTER)
    async with deps.database.read() as session:
        facts = await repository.facts_of(session, job.version_id)
    if source is None or facts is None:
        return
    with deps.folder() as folder:
        frame = folder / "frame.png"
        async with deps.serve(source, context) as served:
            for at_s in (facts.duration_s * POSTER_AT, 0.0) if facts.kind == "video" else (0.0,):
                argv = ffmpeg.poster(
                    ffmpeg.executable(deps.settings.ffmpeg),
                    served.url,
                    str(frame),
                    at_s=at_s,
                    width=min(POSTER_WIDTH, facts.width or POSTER_WIDTH),
                    transfer=facts.hdr_transfer,
                    matrix=matrix_for(facts),
                )
                try:
                    await run_ffmpeg(argv, POSTER_LIMITS, Access(folder, served.port))
                except ChildFailed:
                    continue
                if frame.exists():
                    break
        if frame.exists():
            made = await _previews(str(frame), Access(folder))
            await _store(deps, context, source, POSTER, made, folder, {})
            return
    async with deps.database.write() as session:
        await repository.set_state(session, job.version_id, [POSTER], "skipped", "There is no picture to be had from it.")
        await context.finish(session)


async def _previews(source: str, access: Access) -> _Made:
    try:
        output = await sandbox.run_module("workers.tools.image_child", [source, str(access.folder)], IMAGE_LIMITS, access)
    except ChildFailed as error:
        message = "This picture can't be shown: it is damaged, or needs more memory than we give it."
        raise PermanentError(message) from error
    return _Made(**json.loads(output))


async def _store(
    deps: MediaDeps, context: JobContext, source: Source, kind: str, made: _Made, folder: Path, preview: dict[str, object]
) -> None:
    prefix = keys.derived_prefix(source.version_id, kind, str(context.claimed.fence))
    names = {str(size): f"{size}.webp" for size in made.sizes} | ({"animated": "animated.webp"} if made.is_animated else {})
    total = 0
    for name in names.values():
        body = (folder / name).read_bytes()
        total += len(body)
        await deps.store.put(deps.derived_bucket, f"{prefix}{name}", body, "image/webp", is_immutable=True)
    shown = max((size for size in made.sizes if size <= THUMBNAIL_SIDE), default=made.sizes[0])
    row = Derivative(version_id=source.version_id, kind=kind, state="ready", prefix=prefix, bytes=total, facts={"names": names}, error=None)
    async with deps.database.write() as session:
        await store_derivative(session, source, row, {**preview, "thumbnail_key": f"{prefix}{shown}.webp", "placeholder": made.placeholder})
        await context.finish(session)
