"""EmptyTrash: what was taken out of the trash for good, and what lay in it for long enough."""

from service.files.jobs import EmptyTrash
from service.files.trash import repository
from service.files.trash.service import end_files
from service.files.zips import repository as zips
from service.outbox.context import JobContext
from workers.upkeep.cleaning import UpkeepDeps

AT_ONCE = 500
MAX_STEPS = 100_000


async def empty_trash(job: EmptyTrash, deps: UpkeepDeps, context: JobContext) -> None:
    """In short transactions; what is cut short is gone on with by the next run."""
    keep_s = deps.trash_keep_s if job.keep_s is None else job.keep_s
    if job.is_dry_run:
        async with deps.database.read() as session:
            context.result = await repository.old(session, keep_s)
        return
    async with deps.database.statement() as session:
        await zips.forget_old(session)
    if keep_s or job.keep_s is not None:
        context.result = {"things": await _doom_old(deps, keep_s)}
    await _end_doomed(deps)


async def _doom_old(deps: UpkeepDeps, keep_s: int) -> int:
    done = 0
    for _step in range(MAX_STEPS):
        async with deps.database.write() as session:
            doomed = await repository.doom_old(session, keep_s, AT_ONCE)
        done += doomed
        if not doomed:
            break
    return done


async def _end_doomed(deps: UpkeepDeps) -> None:
    for _step in range(MAX_STEPS):
        async with deps.database.write() as session:
            doomed = await repository.doomed_files(session, AT_ONCE)
            if not doomed or not await end_files(session, doomed, deps.recovery_window_s):
                break
    for _step in range(MAX_STEPS):
        async with deps.database.write() as session:
            folder = await repository.doomed_folder(session)
            if folder is None:
                return
            inside = await repository.files_below(session, folder, AT_ONCE)
            if inside:
                await end_files(session, inside, deps.recovery_window_s)
            else:
                await repository.delete_folder(session, folder)
