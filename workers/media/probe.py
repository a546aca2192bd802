"""ProbeFile: what is it?"""

import json

import msgspec

from service.files.recognise import HEAD_BYTES, expected_kind, is_plain, sniff
from service.media.facts import SourceFacts
from service.media.jobs import ProbeFile
from service.media.service import Source, record_probe, source_of
from service.outbox.base import PermanentError
from service.outbox.context import JobContext
from workers.media.deps import MediaDeps
from workers.tools import sandbox
from workers.tools.confine import Access
from workers.tools.limits import Limits
from workers.tools.sandbox import ChildFailed, ChildTimedOut

LIMITS = Limits(memory_bytes=4 << 30, cpu_s=120, wall_s=180, output_bytes=1 << 20)


async def _head(deps: MediaDeps, source: Source) -> bytes:
    if source.size_bytes == 0:
        return b""
    return b"".join([chunk async for chunk in deps.store.read(source.bucket, source.key, 0, min(HEAD_BYTES, source.size_bytes))])


async def probe_file(job: ProbeFile, deps: MediaDeps, context: JobContext) -> None:
    """Runs every parser in a limited child; a child that crashes on the file is an answer about the file."""
    async with deps.database.read() as session:
        source = await source_of(session, job.version_id)
    if source is None:
        return
    head = await _head(deps, source)
    media_type = sniff(head, source.name, source.claimed_type)
    if is_plain(source.claimed_type, source.name, head):
        # Most files of a dataset are neither film nor picture: no parser is started for them.
        async with deps.database.write() as session:
            await record_probe(session, source, SourceFacts(kind="other", media_type=media_type))
            await context.finish(session)
        return
    async with deps.serve(source, context) as served:
        try:
            arguments = [served.url, expected_kind(source.claimed_type, source.name)]
            output = await sandbox.run_module("workers.tools.probe_child", arguments, LIMITS, Access(port=served.port))
        except ChildTimedOut as error:
            message = "Looking into this file took too long; it is probably damaged."
            raise PermanentError(message) from error
        except ChildFailed as error:
            if served.failures:
                raise
            message = "This file makes our readers fail; it is probably damaged."
            raise PermanentError(message) from error
    found = json.loads(output)
    if found["kind"] == "failed":
        raise PermanentError(found["reason"])
    facts = msgspec.convert(found, SourceFacts)
    if not facts.media_type:
        facts = msgspec.structs.replace(facts, media_type=media_type)
    async with deps.database.write() as session:
        await record_probe(session, source, facts)
        await context.finish(session)
