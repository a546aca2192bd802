"""`/projects/{id}/members`."""

from uuid import UUID

from litestar import Controller, delete, get, patch, post
from sqlalchemy import Row

from service.accounts.models import User
from service.core.db import ReadSession
from service.core.errors import Missing
from service.core.http.inject import Caller, Reading, Writing
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_cursor, encode_cursor
from service.projects.members import repository, service
from service.projects.members.schemas import MemberAdd, MemberChange, MemberPage, MemberView
from service.projects.models import ProjectMember


def _view(row: Row[ProjectMember, User]) -> MemberView:
    member, user = row
    return MemberView(user.id, user.username, user.full_name, member.role, member.created_at)


async def _one(session: ReadSession, project_id: UUID, user_id: UUID) -> MemberView:
    row = await repository.one(session, project_id, user_id)
    if row is None:
        raise Missing
    return _view(row)


class MemberController(Controller):
    path = "/projects/{project_id:uuid}/members"
    tags = ("projects",)

    @get("/", summary="Members by name")
    async def page(
        self, project_id: UUID, principal: Caller, read: Reading, cursor: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> MemberPage:
        await service.require_sight(read, principal, project_id)
        after = str(decode_cursor(cursor, str)[0]) if cursor else None
        rows = await repository.page(read, project_id, after, check_limit(limit) + 1)
        items = [_view(row) for row in rows[:limit]]
        return MemberPage(items, encode_cursor(items[-1].username.lower()) if len(rows) > limit else None)

    @post("/", summary="Add somebody by name")
    async def add(self, project_id: UUID, data: MemberAdd, principal: Caller, write: Writing) -> MemberView:
        user_id = await service.add(write, principal, project_id, data.username, data.role)
        return await _one(write, project_id, user_id)

    @patch("/{user_id:uuid}", summary="Change a member's role; an owner hands a project over by making another one")
    async def change(self, project_id: UUID, user_id: UUID, data: MemberChange, principal: Caller, write: Writing) -> MemberView:
        await service.change(write, principal, project_id, user_id, data.role)
        return await _one(write, project_id, user_id)

    @delete("/{user_id:uuid}", summary="Remove a member, or leave")
    async def remove(self, project_id: UUID, user_id: UUID, principal: Caller, write: Writing) -> None:
        await service.remove(write, principal, project_id, user_id)
