"""RenderPages: pictures of some pages of a PDF."""

import json
import sys

from service.media.jobs import RenderPages
from service.media.on_demand import store_made, store_refusal
from service.media.pages.service import PAGES_AT_ONCE, pages_kind
from service.media.service import source_of
from service.outbox.context import JobContext
from service.storage import keys
from workers.media.deps import MediaDeps
from workers.tools import sandbox
from workers.tools.confine import Access
from workers.tools.sandbox import ChildFailed, ChildTimedOut, Limits

LIMITS = Limits(memory_bytes=1 << 30, cpu_s=60, wall_s=120, output_bytes=1 << 20, file_bytes=64 << 20)


async def render_pages(job: RenderPages, deps: MediaDeps, context: JobContext) -> None:
    """What the reader refuses is the answer; so is a reader that dies of the file."""
    async with deps.database.read() as session:
        source = await source_of(session, job.version_id)
    if source is None:
        return
    kind = pages_kind(job.first)
    with deps.folder() as folder:
        async with deps.serve(source) as served:
            argv = [sys.executable, "-m", "workers.tools.pdf_child", served.url, str(folder), str(job.first), str(PAGES_AT_ONCE)]
            try:
                made = json.loads(await sandbox.run(argv, LIMITS, Access(folder, served.port)))
            except ChildTimedOut:
                made = {"refused": "Drawing these pages took too long."}
            except ChildFailed:
                if served.failures:
                    raise
                made = {"refused": "This PDF makes our reader fail; it is probably damaged."}
        if "refused" in made:
            async with deps.database.write() as session:
                await store_refusal(session, source, kind, made["refused"])
                await context.finish(session)
            return
        prefix = keys.derived_prefix(source.version_id, kind, str(context.claimed.fence))
        total = 0
        for no, *_ in made["made"]:
            body = (folder / f"{no}.webp").read_bytes()
            total += len(body)
            await deps.store.put(deps.derived_bucket, f"{prefix}{no}.webp", body, "image/webp", is_immutable=True)
    async with deps.database.write() as session:
        await store_made(session, source, kind, prefix, made, total)
        await context.finish(session)
