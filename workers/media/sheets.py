"""ReadSheets: a workbook as tables."""

from pathlib import Path
from typing import Any

from service.media.jobs import ReadSheets
from service.outbox.context import JobContext
from workers.media.deps import MediaDeps
from workers.media.reading import read_file
from workers.tools.sandbox import Limits

LIMITS = Limits(memory_bytes=2 << 30, cpu_s=120, wall_s=180, output_bytes=1 << 20, file_bytes=16 << 20)


async def read_sheets(job: ReadSheets, deps: MediaDeps, context: JobContext) -> None:
    def command(url: str, folder: Path) -> list[str]:
        return ["workers.tools.sheets_child", url, str(folder)]

    async def keep(facts: dict[str, Any], folder: Path, prefix: str) -> int:
        total = 0
        names = [f"{number}-{block}.json" for number, sheet in enumerate(facts["sheets"]) for block in range(sheet["blocks"])]
        for name in names:
            body = (folder / name).read_bytes()
            total += len(body)
            await deps.store.put(deps.derived_bucket, f"{prefix}{name}", body, "application/json", is_immutable=True)
        return total

    await read_file(deps, context, job, command, LIMITS, keep)
