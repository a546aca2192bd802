"""Every statement on projects and members."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Row, exists, select, text, update
from sqlalchemy.orm import InstrumentedAttribute

from service.core.db import ReadSession, WriteSession
from service.core.principal import Principal
from service.projects.models import Project, ProjectMember


def visible_to(principal: Principal, project_id: ColumnElement[UUID] | InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Condition: the project is alive and the person is a member of it."""
    return exists().where(
        ProjectMember.project_id == project_id,
        ProjectMember.user_id == principal.user_id,
        Project.id == project_id,
        Project.deleted_at.is_(None),
    )


# The CTE of a member who has one of `:roles`, for statements of others.
ROLE = """
    role AS (
        SELECT m.role FROM project_members m JOIN projects p ON p.id = m.project_id
        WHERE m.project_id = :project_id AND m.user_id = :user_id AND p.deleted_at IS NULL AND m.role = ANY(:roles))"""


async def role_in(session: ReadSession, principal: Principal, project_id: UUID) -> str | None:
    query = (
        select(ProjectMember.role)
        .join(Project, Project.id == ProjectMember.project_id)
        .where(ProjectMember.project_id == project_id, ProjectMember.user_id == principal.user_id, Project.deleted_at.is_(None))
    )
    return (await session.scalars(query)).one_or_none()


async def page_of(session: ReadSession, principal: Principal, after: tuple[str, UUID] | None, limit: int) -> Sequence[Row[Project, str]]:
    query = (
        select(Project, ProjectMember.role)
        .join(ProjectMember, ProjectMember.project_id == Project.id)
        .where(ProjectMember.user_id == principal.user_id, Project.deleted_at.is_(None))
        .order_by(Project.name, Project.id)
        .limit(limit)
    )
    if after is not None:
        name, project_id = after
        query = query.where((Project.name > name) | ((Project.name == name) & (Project.id > project_id)))
    return (await session.execute(query)).all()


async def one_of(session: ReadSession, principal: Principal, project_id: UUID) -> Row[Project, str] | None:
    query = (
        select(Project, ProjectMember.role)
        .join(ProjectMember, ProjectMember.project_id == Project.id)
        .where(ProjectMember.user_id == principal.user_id, Project.deleted_at.is_(None), Project.id == project_id)
    )
    return (await session.execute(query)).one_or_none()


async def rename(session: WriteSession, project_id: UUID, name: str) -> None:
    await session.execute(update(Project).where(Project.id == project_id).values(name=name, revision=Project.revision + 1))


async def add_derived(session: WriteSession, project_id: UUID, delta_bytes: int) -> None:
    """Count derived bytes apart from the quota."""
    await session.execute(
        text("UPDATE projects SET derived_bytes = greatest(0, derived_bytes + :delta) WHERE id = :id"),
        {"id": project_id, "delta": delta_bytes},
    )
