"""Every statement on members."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Row, delete, func, select, update

from service.accounts.models import User
from service.core.db import ReadSession, WriteSession
from service.projects.models import Project, ProjectMember
from service.projects.repository import OWNER

_MEMBERS = select(ProjectMember, User).join(User, User.id == ProjectMember.user_id)


async def page(session: ReadSession, project_id: UUID, after: str | None, limit: int) -> Sequence[Row[ProjectMember, User]]:
    """By name."""
    query = _MEMBERS.where(ProjectMember.project_id == project_id).order_by(func.lower(User.username)).limit(limit)
    if after is not None:
        query = query.where(func.lower(User.username) > after)
    return (await session.execute(query)).all()


async def one(session: ReadSession, project_id: UUID, user_id: UUID) -> Row[ProjectMember, User] | None:
    query = _MEMBERS.where(ProjectMember.project_id == project_id, ProjectMember.user_id == user_id)
    return (await session.execute(query)).one_or_none()


async def with_roles(session: ReadSession, project_id: UUID, roles: Collection[str]) -> Sequence[Row[UUID, str]]:
    """Whom and of what project's name; nobody of one that is deleted."""
    query = (
        select(ProjectMember.user_id, Project.name)
        .join(Project, Project.id == ProjectMember.project_id)
        .where(ProjectMember.project_id == project_id, ProjectMember.role.in_(roles), Project.deleted_at.is_(None))
    )
    return (await session.execute(query)).all()


async def lock_owners(session: WriteSession, project_id: UUID) -> set[UUID]:
    """Locked, so that two owners cannot leave at once."""
    query = (
        select(ProjectMember.user_id)
        .where(ProjectMember.project_id == project_id, ProjectMember.role == OWNER)
        .order_by(ProjectMember.user_id)
        .with_for_update()
    )
    return set((await session.scalars(query)).all())


async def set_role(session: WriteSession, project_id: UUID, user_id: UUID, role: str) -> None:
    statement = update(ProjectMember).where(ProjectMember.project_id == project_id, ProjectMember.user_id == user_id)
    await session.execute(statement.values(role=role))


async def remove(session: WriteSession, project_id: UUID, user_id: UUID) -> None:
    await session.execute(delete(ProjectMember).where(ProjectMember.project_id == project_id, ProjectMember.user_id == user_id))
