"""`/projects`."""

from uuid import UUID

from litestar import Controller, get, patch, post

from service.accounts.schemas import QuotaView
from service.core.db import ReadSession
from service.core.errors import Missing
from service.core.http.inject import Caller, Config, Reading, Writing
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_cursor, encode_cursor
from service.core.principal import Principal
from service.projects import repository
from service.projects.models import Project
from service.projects.schemas import ProjectCreate, ProjectPage, ProjectView
from service.projects.service import create_project, rename_project
from service.quota import service as quota


async def _view(session: ReadSession, project: Project, role: str) -> ProjectView:
    usage = await quota.usage_of(session, quota.PROJECT, project.id)
    view = QuotaView(usage.limit_bytes, usage.reserved_bytes, usage.used_bytes)
    return ProjectView(project.id, project.name, project.slug, role, project.created_at, project.derived_bytes, view)


async def _one(session: ReadSession, principal: Principal, project_id: UUID) -> ProjectView:
    row = await repository.one_of(session, principal, project_id)
    if row is None:
        raise Missing
    project, role = row
    return await _view(session, project, role)


class ProjectController(Controller):
    path = "/projects"
    tags = ("projects",)

    @get("/", summary="Projects I am a member of, by name")
    async def page(
        self,
        principal: Caller,
        read: Reading,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> ProjectPage:
        after = None
        if cursor:
            name, project_id = decode_cursor(cursor, str, str)
            after = (str(name), UUID(str(project_id)))
        rows = await repository.page_of(read, principal, after, check_limit(limit) + 1)
        items = [await _view(read, project, role) for project, role in rows[:limit]]
        more = encode_cursor(items[-1].name, str(items[-1].id)) if len(rows) > limit else None
        return ProjectPage(items, more)

    @post("/", summary="Create a project; I become its owner")
    async def create(
        self,
        data: ProjectCreate,
        principal: Caller,
        write: Writing,
        settings: Config,
    ) -> ProjectView:
        project = await create_project(write, principal.user_id, data.name, settings.quota)
        return await _one(write, principal, project.id)

    @get("/{project_id:uuid}", summary="One project")
    async def one(self, project_id: UUID, principal: Caller, read: Reading) -> ProjectView:
        return await _one(read, principal, project_id)

    @patch("/{project_id:uuid}", summary="Rename a project")
    async def rename(self, project_id: UUID, data: ProjectCreate, principal: Caller, write: Writing) -> ProjectView:
        await rename_project(write, principal, project_id, data.name)
        return await _one(write, principal, project_id)
