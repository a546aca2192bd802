"""FinishTranscode: the pieces fit together, EVENT becomes VOD."""

from service.media.jobs import FinishTranscode
from service.media.transcodes import finish_transcode as close_transcode
from service.outbox.base import PermanentError
from service.outbox.context import JobContext
from workers.media.deps import MediaDeps


async def finish_transcode(job: FinishTranscode, deps: MediaDeps, context: JobContext) -> None:
    try:
        async with deps.database.write() as session:
            await close_transcode(session, job.transcode_id)
            await context.finish(session)
    except ValueError as error:
        raise PermanentError(str(error)) from error
