"""IndexArchive, TakeMember: what is in it, and one of the things that are in it."""

import json
from pathlib import Path

from service.media.archives.secrets import unlock
from service.media.archives.service import OBJECT
from service.media.jobs import IndexArchive, TakeMember
from service.media.on_demand import CONTENT
from service.outbox.context import JobContext
from workers.media.deps import MediaDeps
from workers.media.reading import read_file
from workers.tools.archive_child import PASSWORD
from workers.tools.limits import Limits

BYTES = "application/octet-stream"
LIMITS = Limits(memory_bytes=1 << 30, cpu_s=120, wall_s=240, output_bytes=4 << 20, file_bytes=1 << 30)
# Dictionaries of 7z and RAR take memory; a member, and the part of a RAR that it lies in, disk.
TAKE_LIMITS = Limits(memory_bytes=2 << 30, cpu_s=240, wall_s=300, file_bytes=(2 << 30) + (1 << 20))


def _command(job: IndexArchive | TakeMember, deps: MediaDeps, folder: Path, verb: str, *arguments: str) -> list[str]:
    if job.locked:
        (folder / PASSWORD).write_text(unlock(deps.secret_key, job.locked), "utf-8")
    return ["workers.tools.archive_child", verb, job.form, *arguments]


async def index_archive(job: IndexArchive, deps: MediaDeps, context: JobContext) -> None:
    def command(url: str, folder: Path) -> list[str]:
        return _command(job, deps, folder, "list", url, str(folder / OBJECT))

    await read_file(deps, context, job, command, LIMITS, lambda _: {OBJECT: BYTES}, of=job.of)


async def take_member(job: TakeMember, deps: MediaDeps, context: JobContext) -> None:
    def command(url: str, folder: Path) -> list[str]:
        return _command(job, deps, folder, "take", url, str(folder / CONTENT), json.dumps(job.wanted))

    await read_file(deps, context, job, command, TAKE_LIMITS, lambda _: {CONTENT: BYTES}, of=job.of)
