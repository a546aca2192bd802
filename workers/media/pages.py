"""RenderPages, ReadPages, ConvertOffice: pictures of pages, what is written on them, and PDFs of what office programs write."""

from pathlib import Path
from typing import Any

from service.media.jobs import ConvertOffice, ReadPages, RenderPages
from service.media.on_demand import CONTENT
from service.media.pages.service import PAGES_AT_ONCE
from service.outbox.context import JobContext
from workers.media.deps import MediaDeps
from workers.media.reading import answer_of, read_file, read_source
from workers.tools.confine import Access
from workers.tools.limits import Limits
from workers.tools.office_child import READS, program_folder

LIMITS = Limits(memory_bytes=1 << 30, cpu_s=60, wall_s=120, output_bytes=1 << 20, file_bytes=64 << 20)
TEXT_LIMITS = Limits(memory_bytes=1 << 30, cpu_s=180, wall_s=240, file_bytes=64 << 20)
OFFICE_LIMITS = Limits(memory_bytes=3 << 30, cpu_s=180, wall_s=180, output_bytes=1 << 20, file_bytes=512 << 20)
MAX_OFFICE_BYTES = 256 << 20
PDF, WEBP, JSON = "application/pdf", "image/webp", "application/json"


async def render_pages(job: RenderPages, deps: MediaDeps, context: JobContext) -> None:
    def command(url: str, folder: Path) -> list[str]:
        return ["workers.tools.pdf_child", "pages", url, str(folder), str(job.first), str(PAGES_AT_ONCE)]

    def made(facts: dict[str, Any]) -> dict[str, str]:
        kinds = {".webp": WEBP, "s.webp": WEBP, ".json": JSON}
        return {f"{no}{end}": media_type for no, *_ in facts["made"] for end, media_type in kinds.items()}

    await read_file(deps, context, job, command, LIMITS, made, of=job.of)


async def read_pages(job: ReadPages, deps: MediaDeps, context: JobContext) -> None:
    def command(url: str, folder: Path) -> list[str]:
        return ["workers.tools.pdf_child", "text", url, str(folder / CONTENT)]

    await read_file(deps, context, job, command, TEXT_LIMITS, lambda _: {CONTENT: JSON}, of=job.of)


async def convert_office(job: ConvertOffice, deps: MediaDeps, context: JobContext) -> None:
    """LibreOffice reads no URLs here: the document is copied to its folder first."""
    source = await deps.begin(job.version_id, job.kind)
    if source is None:
        return

    async def ask(folder: Path) -> dict[str, Any]:
        program = program_folder()
        if program is None:
            return {"refused": "To show office documents, LibreOffice has to be installed where Stowage's workers run."}
        if source.size_bytes > MAX_OFFICE_BYTES:
            return {"refused": f"Office documents of more than {MAX_OFFICE_BYTES >> 20} MiB are not converted."}
        document = folder / f"source{job.suffix}"
        with document.open("wb") as copy:
            async for chunk in deps.store.read(source.bucket, source.key, 0, source.size_bytes):
                copy.write(chunk)
        command = ["workers.tools.office_child", str(program), str(document), str(folder / CONTENT), str(folder / "profile")]
        return await answer_of(command, OFFICE_LIMITS, Access(folder, reads=(*READS, str(program.parent))))

    await read_source(deps, context, job, source, ask, lambda _: {CONTENT: PDF})
