"""PurgeProjects: files go, uploads end, then the project itself. What is cut short is gone on with by the next run."""

from uuid import UUID

from service.files import repository as files
from service.files.trash.service import end_files
from service.outbox.context import JobContext
from service.projects import repository as projects
from service.projects.jobs import PurgeProjects
from service.uploads.upkeep import repository as uploads
from workers.upkeep.cleaning import UpkeepDeps

PROJECTS_AT_ONCE = 100
FILES_AT_ONCE = 500
MAX_STEPS = 100_000


async def purge_projects(_: PurgeProjects, deps: UpkeepDeps, __: JobContext) -> None:
    async with deps.database.read() as session:
        due = await projects.due_for_purge(session, deps.project_delete_delay_s, PROJECTS_AT_ONCE)
    for project_id in due:
        await _purge(project_id, deps)


async def _purge(project_id: UUID, deps: UpkeepDeps) -> None:
    """Waits for no upload: an open one expires now, the sweeper ends it, and a later run finds it ended."""
    async with deps.database.statement() as session:
        await uploads.expire_all_of(session, project_id)
    for _ in range(MAX_STEPS):
        async with deps.database.write() as session:
            if await end_files(session, await files.some_of(session, project_id, FILES_AT_ONCE), deps.recovery_window_s):
                continue
            # In one transaction with the look for files: an upload that just finished has left one.
            if await uploads.remove_all_of(session, project_id):
                await projects.remove(session, project_id)
            return
