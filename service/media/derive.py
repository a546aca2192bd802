"""Making again what is missing, what failed, or everything."""

from service.core.db import WriteSession
from service.files import service as files
from service.files.repository import Found
from service.media import repository
from service.media.jobs import PlanMedia, ProbeFile, RenderImage, RenderPoster, RenderWaveform
from service.media.schemas import DeriveWanted
from service.media.service import HLS, POSTER, THUMBNAIL, WAVEFORM, kinds_for
from service.outbox import repository as jobs
from service.outbox import service as outbox
from service.outbox.base import Job

PROBE = "probe"
_JOBS: dict[str, type[PlanMedia] | type[RenderImage] | type[RenderPoster] | type[RenderWaveform]] = {
    HLS: PlanMedia,
    THUMBNAIL: RenderImage,
    POSTER: RenderPoster,
    WAVEFORM: RenderWaveform,
}
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
        kinds = [PROBE] if not wanted.kinds or PROBE in wanted.kinds else []
        todo: list[Job] = [ProbeFile(file.id, version.id)]
        if await jobs.is_pending(session, ProbeFile.tag(), file_id=file.id):
            return []
    else:
        states = {kind: rows[kind].state if kind in rows else "missing" for kind in {*kinds_for(facts), *rows}}
        kinds = sorted(
            kind for kind, state in states.items() if state in _STATES[wanted.which] and (not wanted.kinds or kind in wanted.kinds)
        )
        todo = [_JOBS[kind](file.id, version.id) for kind in kinds if kind in _JOBS]
    if wanted.is_dry_run or not kinds:
        return kinds
    made_by_jobs = [kind for kind in kinds if kind in _JOBS]
    await repository.drop_derivatives(
        session, version.id, [kind for kind in kinds if kind not in _JOBS and rows[kind].state != "ready"] if facts else []
    )
    await repository.want(session, version.id, made_by_jobs)
    if facts is None or HLS in kinds or THUMBNAIL in kinds:
        await files.record_preview(session, version.id, {"state": "processing", "reason": None})
    outbox.enqueue(session, todo)
    return kinds
