"""IndexArchive: what is in it?"""

from pathlib import Path
from typing import Any

from service.media.archives.service import OBJECT
from service.media.jobs import IndexArchive
from service.outbox.context import JobContext
from workers.media.deps import MediaDeps
from workers.media.reading import read_file
from workers.tools.sandbox import Limits

LIMITS = Limits(memory_bytes=1 << 30, cpu_s=120, wall_s=240, output_bytes=4 << 20, file_bytes=1 << 30)


async def index_archive(job: IndexArchive, deps: MediaDeps, context: JobContext) -> None:
    def command(url: str, folder: Path) -> list[str]:
        return ["workers.tools.archive_child", job.form, url, str(folder / OBJECT)]

    async def keep(_: dict[str, Any], folder: Path, prefix: str) -> int:
        body = (folder / OBJECT).read_bytes()
        await deps.store.put(deps.derived_bucket, f"{prefix}{OBJECT}", body, "application/octet-stream", is_immutable=True)
        return len(body)

    await read_file(deps, context, job, command, LIMITS, keep)
