"""GPUs as administrators see them, and films that wait for one in vain."""

from typing import Any

import msgspec

from service.core.db import ReadSession, WriteSession
from service.media import repository as transcodes
from service.media.gpus import repository
from service.media.gpus.schemas import GpuFigures, GpuJob, GpuMinute, Gpus, GpuView, WithoutGpu
from service.media.models import Gpu
from service.media.planning import Plan, does
from service.media.transcodes import plan_anew
from service.outbox.base import Queue
from service.outbox.models import JobRow
from service.outbox.workers import repository as workers

# Films wait so long for a GPU that was there when they were planned.
PATIENCE_S = 60
_OF_DEVICE = (*repository.GpuFacts.__struct_fields__, "proven_at", "seen_at")


def _job(row: JobRow, figures: dict[str, Any]) -> GpuJob:
    share = figures.get("jobs", {}).get(str(row.id), {})
    return GpuJob(row.id, row.tag, row.file_id, row.progress, row.started_at, **share)


async def overview(session: ReadSession) -> Gpus:
    """All GPUs of living workers with their last hour, and the workers that have none."""
    items = await devices(session)
    minutes = await repository.minutes(session, [gpu.id for gpu in items])
    for gpu in items:
        gpu.last_hour = [GpuMinute(**minute) for minute in minutes.get(gpu.id, [])]
    without = [WithoutGpu(row.id, row.host, row.gpu) for row in await workers.present(session) if row.gpu]
    return Gpus(await repository.best_mode(session), items, without)


async def devices(session: ReadSession) -> list[GpuView]:
    """All GPUs of living workers as they are now, without what was before."""
    rows = await repository.present(session)
    latest = await repository.latest(session, [row.id for row in rows])
    jobs = await repository.jobs_of(session, [row.worker for row in rows])

    def view(row: Gpu) -> GpuView:
        figures = latest.get(row.id)
        return GpuView(
            **{name: getattr(row, name) for name in _OF_DEVICE},
            figures=msgspec.convert(figures, GpuFigures) if figures else None,
            jobs=[_job(job, figures or {}) for job in jobs if job.worker == row.worker],
            last_hour=[],
        )

    return [view(row) for row in rows]


async def reroute(session: WriteSession) -> int:
    """Films whose chunks wait for a GPU that is not there any more are planned anew, for what is there. Returns how many."""
    waiting = await repository.stranded(session, Queue.GPU, PATIENCE_S)
    rerouted = 0
    for transcode_id in waiting:
        transcode = await transcodes.lock_transcode(session, transcode_id)
        if transcode is None or transcode.state != "running":
            continue
        plan = msgspec.convert(transcode.plan, Plan)
        best = await repository.best_mode(session, plan.decoder)
        if not does(best, plan.mode):
            await plan_anew(session, transcode, plan, best=best)
            rerouted += 1
    return rerouted
