"""RenderPages: pictures of some pages of a PDF."""

from pathlib import Path
from typing import Any

from service.media.jobs import RenderPages
from service.media.pages.service import PAGES_AT_ONCE
from service.outbox.context import JobContext
from workers.media.deps import MediaDeps
from workers.media.reading import read_file
from workers.tools.sandbox import Limits

LIMITS = Limits(memory_bytes=1 << 30, cpu_s=60, wall_s=120, output_bytes=1 << 20, file_bytes=64 << 20)


async def render_pages(job: RenderPages, deps: MediaDeps, context: JobContext) -> None:
    def command(url: str, folder: Path) -> list[str]:
        return ["workers.tools.pdf_child", url, str(folder), str(job.first), str(PAGES_AT_ONCE)]

    async def keep(facts: dict[str, Any], folder: Path, prefix: str) -> int:
        total = 0
        for no, *_ in facts["made"]:
            body = (folder / f"{no}.webp").read_bytes()
            total += len(body)
            await deps.store.put(deps.derived_bucket, f"{prefix}{no}.webp", body, "image/webp", is_immutable=True)
        return total

    await read_file(deps, context, job, command, LIMITS, keep)
