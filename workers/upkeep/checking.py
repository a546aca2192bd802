"""FixTypes and VerifyFiles: every version looked at once more, from the store."""

import hashlib
import logging
from collections.abc import AsyncIterator
from uuid import UUID

from service.audit import service as audit
from service.audit.service import Thing
from service.files import repository as files
from service.files.checking import repository
from service.files.checking.repository import Checked
from service.files.jobs import FixTypes, VerifyFiles
from service.files.recognise import HEAD_BYTES, sniff
from service.outbox.context import JobContext
from service.storage.port import ObjectMissing
from workers.upkeep.cleaning import UpkeepDeps

log = logging.getLogger("stowage.files")

PAGE = 200
MAX_PAGES = 1_000_000
SHOWN = 50
# What a parser of media said of a file is better than its first bytes.
_PROBED = frozenset({"video", "audio", "image"})


async def _versions(deps: UpkeepDeps, project_id: UUID | None, *, current_only: bool) -> AsyncIterator[Checked]:
    after = UUID(int=0)
    for _ in range(MAX_PAGES):
        async with deps.database.read() as session:
            page = await repository.page(session, project_id, after, PAGE, current_only=current_only)
        for version in page:
            yield version
        if len(page) < PAGE:
            return
        after = page[-1].id


async def fix_types(job: FixTypes, deps: UpkeepDeps, context: JobContext) -> None:
    looked = changed = missing = 0
    examples: list[dict[str, str | None]] = []
    async for version in _versions(deps, job.project_id, current_only=True):
        looked += 1
        if version.kind in _PROBED:
            continue
        try:
            head = b"" if not version.size_bytes else await _read(deps, version, min(HEAD_BYTES, version.size_bytes))
        except ObjectMissing:
            missing += 1
            continue
        media_type = sniff(head, version.name, version.claimed_type or "")
        if media_type == version.media_type:
            continue
        changed += 1
        if len(examples) < SHOWN:
            examples.append({"file": str(version.file_id), "name": version.name, "was": version.media_type, "is": media_type})
        if not job.is_dry_run:
            async with deps.database.write() as session:
                await files.merge_preview(session, version.id, {}, media_type)
    context.result = {"looked_at": looked, "changed": changed, "missing": missing, "examples": examples}


async def _read(deps: UpkeepDeps, version: Checked, end: int) -> bytes:
    return b"".join([piece async for piece in deps.store.read(version.bucket, version.key, 0, end)])


async def verify_files(job: VerifyFiles, deps: UpkeepDeps, context: JobContext) -> None:
    """What differs is marked corrupt, unless it is a dry run; what is missing is said. Without a digest of its own only the size counts."""
    verified = size_bytes = unknown = 0
    bad: list[dict[str, object]] = []
    async for version in _versions(deps, job.project_id, current_only=False):
        wrong = await _wrong(deps, version)
        verified, size_bytes, unknown = verified + 1, size_bytes + version.size_bytes, unknown + (version.sha256 is None)
        if wrong is None:
            continue
        log.error("ALARM: a stored version is not what it was", extra={"file": str(version.file_id), "no": version.no, "wrong": wrong})
        bad.append({"file": str(version.file_id), "name": version.name, "version": version.no, "wrong": wrong})
        if not job.is_dry_run:
            await _mark(deps, version, wrong)
    context.result = {"verified": verified, "bytes": size_bytes, "without_digest": unknown, "bad": len(bad), "examples": bad[:SHOWN]}


async def _wrong(deps: UpkeepDeps, version: Checked) -> str | None:
    digest, size = hashlib.sha256(), 0
    try:
        if version.size_bytes:
            async for piece in deps.store.read(version.bucket, version.key):
                digest.update(piece)
                size += len(piece)
        elif await deps.store.head(version.bucket, version.key) is None:
            return "missing"
    except ObjectMissing:
        return "missing"
    if size != version.size_bytes:
        return "size"
    return "digest" if version.sha256 is not None and digest.hexdigest() != version.sha256 else None


async def _mark(deps: UpkeepDeps, version: Checked, wrong: str) -> None:
    async with deps.database.write() as session:
        row = await files.lock_version(session, version.id)
        if row is None:
            return
        await repository.mark_corrupt(session, version.id)
        await files.leave_corrupt(session, row)
        thing = Thing("file", version.file_id, version.name, version.project_id)
        audit.record(session, None, "files.found_corrupt", thing, version=version.no, wrong=wrong)
