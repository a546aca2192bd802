"""PlanMedia: the frame grid, rungs and chunks of a film."""

from service.media import repository
from service.media.gpus import repository as gpus
from service.media.gpus.decoders import decoder_for
from service.media.jobs import PlanMedia
from service.media.planning import MODES, Unplannable, make_plan
from service.media.service import source_of
from service.media.transcodes import start_transcode
from service.outbox.base import PermanentError
from service.outbox.context import JobContext
from workers.media.deps import MediaDeps
from workers.tools import ffmpeg
from workers.tools.ffmpeg_chunk import CPU, ENCODERS


async def plan_media(job: PlanMedia, deps: MediaDeps, context: JobContext) -> None:
    async with deps.database.read() as session:
        source = await source_of(session, job.version_id)
        facts = await repository.facts_of(session, job.version_id)
        if source is None or facts is None:
            return
        decoder = decoder_for(facts)
        best = min(await gpus.best_mode(session, decoder), job.best_mode, key=MODES.index) if decoder else CPU
    build = ffmpeg.build_of(ffmpeg.executable(deps.settings.ffmpeg))
    try:
        plan = make_plan(
            facts,
            ffmpeg=build,
            encoder=ENCODERS[best],
            chunk_s=deps.settings.chunk_s,
            largest=deps.settings.largest_rung,
            may_remux=job.may_remux,
            may_cut_sound=job.may_cut_sound,
            decoder=decoder if best != CPU else "",
        )
    except Unplannable as error:
        raise PermanentError(str(error)) from error
    async with deps.database.write() as session:
        await start_transcode(session, source, plan)
        await context.finish(session)
