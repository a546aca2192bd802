"""Making again what is missing, what failed, or everything."""

from service.core.db import WriteSession
from service.files import service as files
from service.files.repository import Found
from service.media import repository
from service.media.jobs import ProbeFile
from service.media.schemas import DeriveWanted
from service.media.service import HLS, MADE_BY, THUMBNAIL, kinds_for
from service.outbox import repository as jobs
from service.outbox import service as outbox

PROBE = "probe"
_PROCESSING: dict[str, object] = {"state": "processing", "reason": None}
# What is wanted or running already is left to itself.
_STATES = {"missing": {"missing"}, "failed": {"failed", "skipped"}, "all": {"missing", "failed", "skipped", "ready"}}


async def derive(session: WriteSession, found: Found, wanted: DeriveWanted) -> list[str]:
    """Enqueue what is asked for; returns its kinds. `probe` stands for all that follows from looking at the file.

    What is made when somebody looks (pages, indexes) is forgotten where it failed, and made at the next look.
    """
    version, file = found.version, found.file
    facts = await repository.facts_of(session, version.id)
    rows = {row.kind: row for row in await repository.derivatives_of(session, version.id)}
    if facts is None:
        # A file that is no media may still have been looked into.
        forgotten = [
            kind for kind, row in rows.items() if row.state in _STATES[wanted.which] - {"ready"} and kind in (wanted.kinds or [kind])
        ]
        if not wanted.is_dry_run:
            await repository.drop_derivatives(session, version.id, forgotten)
        return sorted(forgotten) + await _look_again(session, found, wanted)
    states = {kind: rows[kind].state if kind in rows else "missing" for kind in {*kinds_for(facts), *rows}}
    kinds = sorted(kind for kind, state in states.items() if state in _STATES[wanted.which] and (not wanted.kinds or kind in wanted.kinds))
    if wanted.is_dry_run or not kinds:
        return kinds
    by_jobs = [kind for kind in kinds if kind in MADE_BY]
    await repository.drop_derivatives(session, version.id, [kind for kind in kinds if kind not in MADE_BY and states[kind] != "ready"])
    await repository.want(session, version.id, by_jobs)
    if HLS in kinds or THUMBNAIL in kinds:
        await files.record_preview(session, version.id, _PROCESSING)
    outbox.enqueue(session, [MADE_BY[kind](file.id, version.id) for kind in by_jobs])
    return kinds


async def _look_again(session: WriteSession, found: Found, wanted: DeriveWanted) -> list[str]:
    """Nobody could say what the file is, or nobody has looked yet."""
    if (wanted.kinds and PROBE not in wanted.kinds) or await jobs.is_pending(session, ProbeFile.tag(), file_id=found.file.id):
        return []
    if not wanted.is_dry_run:
        await files.record_preview(session, found.version.id, _PROCESSING)
        outbox.enqueue(session, [ProbeFile(found.file.id, found.version.id)])
    return [PROBE]
