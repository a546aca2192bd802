"""RecountQuota: the books against the rows they are kept for."""

import logging
from collections.abc import Iterator
from uuid import UUID

from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import ReadSession
from service.files import repository as files
from service.files.jobs import RecountQuota
from service.outbox.context import JobContext
from service.quota import repository as quota
from service.quota.repository import Usage
from service.quota.service import PROJECT, USER
from service.uploads.upkeep import repository as uploads
from workers.upkeep.cleaning import UpkeepDeps

log = logging.getLogger("stowage.quota")


async def recount_quota(_: RecountQuota, deps: UpkeepDeps, context: JobContext) -> None:
    mended = 0
    for kind in (USER, PROJECT):
        async with deps.database.read() as session:
            suspects = list(_differing(await quota.all_usage(session, kind), await _count(session, kind)))
        for owner in suspects:
            mended += await _mend(kind, owner, deps)
    context.result = {"mended": mended}


async def _count(session: ReadSession, kind: str, owner: UUID | None = None) -> dict[UUID, tuple[int, int]]:
    """(reserved, used) bytes by owner."""
    by_project = kind == PROJECT
    stored = await files.stored_bytes(session, by_project=by_project, owner=owner)
    reserved = await uploads.reserved_bytes(session, by_project=by_project, owner=owner)
    return {found: (reserved.get(found, 0), stored.get(found, 0)) for found in stored.keys() | reserved.keys()}


def _differing(accounted: dict[UUID, Usage], counted: dict[UUID, tuple[int, int]]) -> Iterator[UUID]:
    for owner, usage in accounted.items():
        if (usage.reserved_bytes, usage.used_bytes) != counted.get(owner, (0, 0)):
            yield owner


async def _mend(kind: str, owner: UUID, deps: UpkeepDeps) -> bool:
    """Counted again under the lock that every change of the books needs: what only looked different while work went on is left."""
    async with deps.database.write() as session:
        usage = await quota.lock_usage(session, kind, owner)
        reserved, used = (await _count(session, kind, owner)).get(owner, (0, 0))
        if usage is None or (usage.reserved_bytes, usage.used_bytes) == (reserved, used):
            return False
        await quota.correct(session, kind, owner, reserved_bytes=reserved, used_bytes=used)
        before = {"reserved_bytes": usage.reserved_bytes, "used_bytes": usage.used_bytes}
        after = {"reserved_bytes": reserved, "used_bytes": used}
        audit.record(session, None, "quota.mend", Thing(kind, owner), before=before, after=after)
    log.error(
        "ALARM: quota drifted, mended",
        extra={
            "kind": kind,
            "owner": str(owner),
            "reserved_was": usage.reserved_bytes,
            "reserved": reserved,
            "used_was": usage.used_bytes,
            "used": used,
        },
    )
    return True
