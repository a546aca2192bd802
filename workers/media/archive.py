"""IndexArchive: what is in it?"""

import json
import sys

from service.media.archives.service import KIND, OBJECT
from service.media.jobs import IndexArchive
from service.media.on_demand import store_made, store_refusal
from service.media.service import source_of
from service.outbox.context import JobContext
from service.storage import keys
from workers.media.deps import MediaDeps
from workers.tools import sandbox
from workers.tools.confine import Access
from workers.tools.sandbox import ChildFailed, ChildTimedOut, Limits

LIMITS = Limits(memory_bytes=1 << 30, cpu_s=120, wall_s=240, output_bytes=4 << 20, file_bytes=1 << 30)


async def index_archive(job: IndexArchive, deps: MediaDeps, context: JobContext) -> None:
    """What the reader refuses is the answer; so is a reader that dies of the file."""
    async with deps.database.read() as session:
        source = await source_of(session, job.version_id)
    if source is None:
        return
    with deps.folder() as folder:
        target = folder / OBJECT
        async with deps.serve(source) as served:
            try:
                facts = json.loads(
                    await sandbox.run(
                        [sys.executable, "-m", "workers.tools.archive_child", job.form, served.url, str(target)],
                        LIMITS,
                        Access(folder, served.port),
                    )
                )
            except ChildTimedOut:
                facts = {"refused": "Listing this archive took too long."}
            except ChildFailed:
                if served.failures:
                    raise
                facts = {"refused": "This archive makes our readers fail; it is probably damaged."}
        context.result = {"read_bytes": served.bytes_sent}
        if "refused" in facts:
            async with deps.database.write() as session:
                await store_refusal(session, source, KIND, facts["refused"])
                await context.finish(session)
            return
        prefix = keys.derived_prefix(source.version_id, KIND, str(context.claimed.fence))
        body = target.read_bytes()
        await deps.store.put(deps.derived_bucket, f"{prefix}{OBJECT}", body, "application/octet-stream", is_immutable=True)
    async with deps.database.write() as session:
        await store_made(session, source, KIND, prefix, facts, len(body))
        await context.finish(session)
