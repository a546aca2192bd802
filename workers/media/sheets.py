"""ReadSheets: a workbook as tables."""

from pathlib import Path
from typing import Any

from service.media.jobs import ReadSheets
from service.outbox.context import JobContext
from workers.media.deps import MediaDeps
from workers.media.reading import read_file
from workers.tools.limits import Limits

LIMITS = Limits(memory_bytes=2 << 30, cpu_s=120, wall_s=180, output_bytes=1 << 20, file_bytes=16 << 20)


async def read_sheets(job: ReadSheets, deps: MediaDeps, context: JobContext) -> None:
    def command(url: str, folder: Path) -> list[str]:
        return ["workers.tools.sheets_child", url, str(folder)]

    def made(facts: dict[str, Any]) -> dict[str, str]:
        sheets = enumerate(facts["sheets"])
        return {f"{number}-{block}.json": "application/json" for number, sheet in sheets for block in range(sheet["blocks"])}

    await read_file(deps, context, job, command, LIMITS, made)
