"""Chunks on a GPU: what becomes of one that fails there. A film is never made in two modes; it is made anew in a lesser one."""

from service.media.errors import GpuBusy
from service.media.models import Transcode
from service.media.planning import MODES, Plan, does
from service.media.transcodes import plan_anew
from service.outbox.base import PermanentError
from service.outbox.context import JobContext
from workers.media.deps import MediaDeps
from workers.tools.gpu.proof import is_busy
from workers.tools.gpu.seat import Seat
from workers.tools.sandbox import ChildFailed

# On a GPU that proves well, a chunk is tried so often before the film is taken from it.
ATTEMPTS = 2


def can(seat: Seat, plan: Plan) -> bool:
    """Whether a GPU was proven to work in a plan's mode, and to decode what it has to."""
    return does(seat.mode, plan.mode) and (not plan.decoder or plan.decoder in seat.decodes)


def seat_for(deps: MediaDeps, plan: Plan) -> Seat | None:
    """This worker's GPU where the plan needs one. Raises GpuBusy where it can't do that mode (any more)."""
    if plan.mode == MODES[0]:
        return None
    if deps.gpu is None or not can(deps.gpu, plan):
        raise GpuBusy(internal=f"no GPU here that does {plan.mode} of {plan.decoder}")
    return deps.gpu


async def doubt(
    deps: MediaDeps, context: JobContext, transcode: Transcode, plan: Plan, seat: Seat, error: ChildFailed | PermanentError
) -> None:
    """After a failure on the GPU: wait for an encoder session, try once more, or have the film planned anew. Raises all but the last."""
    if isinstance(error, ChildFailed):
        if is_busy(error.said):
            seat.lose_slot()
            raise GpuBusy(internal=str(error)) from error
        await seat.prove()
        if context.claimed.attempt < ATTEMPTS and can(seat, plan):
            raise error
    lesser = MODES[MODES.index(plan.mode) - 1]
    context.result["planned_anew"] = f"{plan.mode} failed: {error}"[:500]
    async with deps.database.write() as session:
        await context.finish(session)
        await plan_anew(session, transcode, plan, best=lesser)
