"""What readers in confined children make of a file when somebody looks at it: an answer, or why there is none."""

import json
import mmap
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from service.media import repository
from service.media.jobs import OnDemand
from service.media.on_demand import CONTENT, store_made, store_refusal
from service.media.service import Source
from service.outbox.context import JobContext
from service.storage import keys
from workers.media.deps import MediaDeps
from workers.tools import sandbox
from workers.tools.confine import Access
from workers.tools.limits import Limits
from workers.tools.range_proxy import Served
from workers.tools.sandbox import ChildFailed, ChildTimedOut

# Which files a reader made in its folder, by its answer: names with media types. They go to the store under the derivative's prefix.
Made = Callable[[dict[str, Any]], Mapping[str, str]]
Ask = Callable[[Path], Awaitable[dict[str, Any]]]


async def read_file(
    deps: MediaDeps,
    context: JobContext,
    job: OnDemand,
    command: Callable[[str, Path], list[str]],
    limits: Limits,
    made: Made,
    *,
    of: str = "",
) -> None:
    """Run the module and arguments that `command` says for a URL and a folder; what it prints is the derivative's facts.

    What the reader refuses (`{"refused": why}`) is the answer; so is a reader that dies of the file. `of`: the derivative that is read in
    place of the file (a member of an archive, a document's PDF).
    """
    source = await deps.begin(job.version_id, job.kind)
    if source is not None and of:
        source = await _derived(deps, source, of)
    if source is None:
        return

    async def ask(folder: Path) -> dict[str, Any]:
        async with deps.serve(source, context) as served:
            return await answer_of(command(served.url, folder), limits, Access(folder, served.port), served)

    await read_source(deps, context, job, source, ask, made)


async def read_source(deps: MediaDeps, context: JobContext, job: OnDemand, source: Source, ask: Ask, made: Made) -> None:
    """Store what comes of asking: what was made, or why nothing was."""
    prefix, total = keys.derived_prefix(source.version_id, job.kind, str(context.claimed.fence)), 0
    with deps.folder() as folder:
        facts = await ask(folder)
        if "refused" not in facts:
            total = await _store(deps, folder, prefix, made(facts))
    async with deps.database.write() as session:
        if "refused" in facts:
            await store_refusal(session, source, job.kind, facts.pop("refused"), facts)
        else:
            await store_made(session, source, job.kind, prefix, facts, total)
        await context.finish(session)


async def _store(deps: MediaDeps, folder: Path, prefix: str, files: Mapping[str, str]) -> int:
    """Put files into the store; how many bytes that is. Mapped, so that a large one is never in memory as a whole."""
    total = 0
    for name, media_type in files.items():
        with (folder / name).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            # Nothing can't be mapped.
            body = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) if size else b""
            await deps.store.put(deps.derived_bucket, f"{prefix}{name}", body, media_type, is_immutable=True)
        total += size
    return total


async def _derived(deps: MediaDeps, source: Source, kind: str) -> Source | None:
    """None where it went in the meantime."""
    async with deps.database.read() as session:
        row = await repository.derivative(session, source.version_id, kind)
    if row is None or row.state != "ready" or row.prefix is None:
        return None
    return replace(source, bucket=deps.derived_bucket, key=f"{row.prefix}{CONTENT}", size_bytes=row.bytes)


async def answer_of(command: list[str], limits: Limits, access: Access, served: Served | None = None) -> dict[str, Any]:
    """What a child prints. One that dies is an answer, too, unless it was the store that failed."""
    try:
        facts: dict[str, Any] = json.loads(await sandbox.run_module(command[0], command[1:], limits, access))
    except ChildTimedOut:
        return {"refused": "Reading this file takes too long."}
    except ChildFailed:
        if served is not None and served.failures:
            raise
        return {"refused": "This file makes our reader fail; it is probably damaged."}
    return facts
