"""`/projects`, and what administrators see of them."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.params import Parameter
from msgspec import UNSET

from service.accounts.schemas import QuotaView, quota_view
from service.audit.controllers import activity
from service.audit.repository import Filters
from service.audit.schemas import ActivityPage
from service.core.db import ReadSession
from service.core.errors import Missing
from service.core.http.guards import SCOPE, require_admin
from service.core.http.inject import Caller, Config, Cursor, Reading, Writing
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_cursor, decode_id, decode_uuid, encode_cursor
from service.core.principal import Permission, Principal, Scope
from service.projects import repository, service
from service.projects.policies import PERMISSIONS, WHILE_ARCHIVED
from service.projects.schemas import (
    ProjectChange,
    ProjectCreate,
    ProjectOverview,
    ProjectOverviewPage,
    ProjectPage,
    ProjectQuotaChange,
    ProjectView,
)


def _view(mine: repository.Mine) -> ProjectView:
    project = mine.project
    permissions = PERMISSIONS[mine.role]
    if project.archived_at is not None:
        permissions &= WHILE_ARCHIVED
    return ProjectView(
        project.id,
        project.name,
        project.slug,
        mine.role,
        sorted(permissions),
        project.created_at,
        project.archived_at,
        project.deleted_at,
        project.derived_bytes,
        quota_view(mine.usage),
        project.keep_versions,
    )


async def _one(session: ReadSession, principal: Principal, project_id: UUID) -> ProjectView:
    mine = await repository.one_of(session, principal, project_id)
    if mine is None:
        raise Missing
    return _view(mine)


class ProjectController(Controller):
    path = "/projects"
    tags = ("projects",)

    @get("/", summary="Projects I am a member of, by name; `deleted`: those I can still restore")
    async def page(
        self,
        principal: Caller,
        read: Reading,
        deleted: bool = False,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> ProjectPage:
        after = None
        if cursor:
            name, project_id = decode_cursor(cursor, str, str)
            after = (str(name), decode_uuid(project_id))
        rows = await repository.page_of(read, principal, after, check_limit(limit) + 1, deleted=deleted)
        items = [_view(mine) for mine in rows[:limit]]
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
        project = await service.create_project(write, principal, data.name, settings.quota)
        return await _one(write, principal, project.id)

    @get("/{project_id:uuid}", summary="One project")
    async def one(self, project_id: UUID, principal: Caller, read: Reading) -> ProjectView:
        return await _one(read, principal, project_id)

    @patch("/{project_id:uuid}", summary="Rename a project; put it into the archive or take it out")
    async def change(self, project_id: UUID, data: ProjectChange, principal: Caller, write: Writing) -> ProjectView:
        # Out of the archive first, so that both can be said at once.
        if data.is_archived is False:
            await service.archive_project(write, principal, project_id, is_archived=False)
        if data.name is not UNSET:
            await service.rename_project(write, principal, project_id, data.name)
        if data.keep_versions is not UNSET:
            await service.keep_versions(write, principal, project_id, data.keep_versions)
        if data.is_archived is True:
            await service.archive_project(write, principal, project_id, is_archived=True)
        return await _one(write, principal, project_id)

    @get("/{project_id:uuid}/activity", summary="What happened in a project, newest first")
    async def activity(
        self,
        project_id: UUID,
        principal: Caller,
        read: Reading,
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> ActivityPage:
        await service.require(read, principal, project_id, Permission.VIEW)
        return await activity(read, Filters(project_id=project_id), cursor, limit)

    @delete("/{project_id:uuid}", summary="Delete a project: out of sight now, for good after STOWAGE_PROJECT_DELETE_DELAY")
    async def remove(self, project_id: UUID, principal: Caller, write: Writing) -> None:
        await service.delete_project(write, principal, project_id)

    @post("/{project_id:uuid}/restore", status_code=200, summary="Take a deleted project back")
    async def restore(self, project_id: UUID, principal: Caller, write: Writing) -> ProjectView:
        await service.restore_project(write, principal, project_id)
        return await _one(write, principal, project_id)


class AllProjectsController(Controller):
    """For administrators: everybody's, without their content."""

    path = "/system/projects"
    tags = ("system",)
    guards = (require_admin,)
    opt = {SCOPE: Scope.ADMIN}  # noqa: RUF012  Litestar's own shape

    @get("/", summary="Everybody's projects, newest first")
    async def page(
        self,
        read: Reading,
        q: Annotated[str, Parameter(max_length=200)] = "",
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> ProjectOverviewPage:
        after = decode_id(cursor)
        rows = await repository.everyones(read, after, check_limit(limit) + 1, q.strip())
        items = [
            ProjectOverview(
                row.id,
                row.name,
                row.owner,
                row.members,
                row.created_at,
                row.archived_at,
                row.deleted_at,
                row.derived_bytes,
                QuotaView(row.limit_bytes, row.reserved_bytes, row.used_bytes),
            )
            for row in rows[:limit]
        ]
        return ProjectOverviewPage(items, encode_cursor(str(items[-1].id)) if len(rows) > limit else None)

    @patch("/{project_id:uuid}", status_code=204, summary="Change a project's quota")
    async def change(self, project_id: UUID, data: ProjectQuotaChange, principal: Caller, write: Writing) -> None:
        await service.set_quota(write, principal, project_id, data.quota_bytes)
