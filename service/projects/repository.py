"""Every statement on projects and members."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, delete, exists, func, select, text, update
from sqlalchemy.orm import InstrumentedAttribute

from service.core.db import ReadSession, WriteSession
from service.core.principal import Principal
from service.projects.models import Project, ProjectMember
from service.quota.models import QuotaSlot
from service.quota.repository import Usage
from service.quota.service import PROJECT

OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Everyones:
    """What an administrator sees of a project: no content."""

    id: UUID
    name: str
    owner: str | None
    members: int
    created_at: datetime
    archived_at: datetime | None
    deleted_at: datetime | None
    derived_bytes: int
    limit_bytes: int
    reserved_bytes: int
    used_bytes: int


_EVERYONES = text("""
    SELECT p.id, p.name, o.username, (SELECT count(*) FROM project_members WHERE project_id = p.id),
           p.created_at, p.archived_at, p.deleted_at, p.derived_bytes, q.limit_bytes, q.reserved_bytes, q.used_bytes
    FROM projects p
    JOIN quota_slots q ON q.owner_kind = 'project' AND q.owner_id = p.id AND q.slot = 0
    LEFT JOIN LATERAL (
        SELECT u.username FROM project_members m JOIN users u ON u.id = m.user_id
        WHERE m.project_id = p.id AND m.role = 'owner' ORDER BY m.created_at LIMIT 1) o ON true
    WHERE (CAST(:after AS uuid) IS NULL OR p.id < :after) AND (CAST(:wanted AS text) IS NULL OR p.name ILIKE :wanted)
    ORDER BY p.id DESC LIMIT :limit""")


def membership(principal: Principal, project_id: ColumnElement[UUID] | InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Condition on a joined `ProjectMember`: the person's, in this project, where an API token reaches it."""
    mine = (ProjectMember.project_id == project_id) & (ProjectMember.user_id == principal.user_id)
    return mine if principal.project_id is None else mine & (ProjectMember.project_id == principal.project_id)


def visible_to(principal: Principal, project_id: ColumnElement[UUID] | InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Condition: the project is alive and the person is a member of it."""
    return exists().where(membership(principal, project_id), Project.id == project_id, Project.deleted_at.is_(None))


# The CTE of a member who has one of `:roles`, for statements of others that change something.
ROLE = """
    role AS (
        SELECT m.role FROM project_members m JOIN projects p ON p.id = m.project_id
        WHERE m.project_id = :project_id AND m.user_id = :user_id AND p.deleted_at IS NULL AND p.archived_at IS NULL
          AND m.role = ANY(:roles))"""


async def ids_of(session: ReadSession, principal: Principal) -> set[UUID]:
    """All projects that somebody may see."""
    query = select(Project.id).join(ProjectMember, membership(principal, Project.id)).where(Project.deleted_at.is_(None))
    return set((await session.scalars(query)).all())


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's role in a project, and whether that is archived."""

    role: str
    is_archived: bool


async def standing_in(session: ReadSession, principal: Principal, project_id: UUID) -> Standing | None:
    query = (
        select(ProjectMember.role, Project.archived_at.is_not(None))
        .join(Project, Project.id == ProjectMember.project_id)
        .where(membership(principal, Project.id), Project.id == project_id, Project.deleted_at.is_(None))
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else Standing(*row)


def _with_role(principal: Principal) -> Select[Project, str, int, int, int]:
    """Projects of a person with the role there and the quota's limit, reserved and used bytes."""
    return (
        select(Project, ProjectMember.role, QuotaSlot.limit_bytes, QuotaSlot.reserved_bytes, QuotaSlot.used_bytes)
        .join(ProjectMember, membership(principal, Project.id))
        .join(QuotaSlot, (QuotaSlot.owner_id == Project.id) & (QuotaSlot.owner_kind == PROJECT) & (QuotaSlot.slot == 0))
    )


@dataclass(frozen=True, slots=True)
class Mine:
    """A project, the role of who asks, and its quota."""

    project: Project
    role: str
    usage: Usage


def _mine(row: Row[Project, str, int, int, int]) -> Mine:
    project, role, limit, reserved, used = row
    return Mine(project, role, Usage(limit, reserved, used))


async def page_of(
    session: ReadSession, principal: Principal, after: tuple[str, UUID] | None, limit: int, *, deleted: bool = False
) -> Sequence[Mine]:
    """By name; of the deleted ones only those that the person can restore."""
    query = _with_role(principal).order_by(Project.name, Project.id).limit(limit)
    if deleted:
        query = query.where(Project.deleted_at.is_not(None), ProjectMember.role == OWNER)
    else:
        query = query.where(Project.deleted_at.is_(None))
    if after is not None:
        name, project_id = after
        query = query.where((Project.name > name) | ((Project.name == name) & (Project.id > project_id)))
    return [_mine(row) for row in await session.execute(query)]


async def one_of(session: ReadSession, principal: Principal, project_id: UUID) -> Mine | None:
    query = _with_role(principal).where(Project.deleted_at.is_(None), Project.id == project_id)
    row = (await session.execute(query)).one_or_none()
    return None if row is None else _mine(row)


async def everyones(session: ReadSession, after: UUID | None, limit: int, wanted: str) -> Sequence[Everyones]:
    """For administrators: all projects, newest first, with an owner each; `wanted` is a part of the name."""
    parameters = {"after": after, "limit": limit, "wanted": f"%{wanted}%" if wanted else None}
    return [Everyones(*row) for row in await session.execute(_EVERYONES, parameters)]


async def is_living(session: ReadSession, project_id: UUID) -> bool:
    """Whether there is such a project, for whoever may know."""
    query = select(Project.id).where(Project.id == project_id, Project.deleted_at.is_(None))
    return (await session.scalars(query)).one_or_none() is not None


async def set_archived(session: WriteSession, project_id: UUID, *, is_archived: bool) -> None:
    archived_at = func.coalesce(Project.archived_at, func.now()) if is_archived else None
    await session.execute(update(Project).where(Project.id == project_id).values(archived_at=archived_at, revision=Project.revision + 1))


async def mark_deleted(session: WriteSession, project_id: UUID) -> None:
    await session.execute(update(Project).where(Project.id == project_id, Project.deleted_at.is_(None)).values(deleted_at=func.now()))


async def restore(session: WriteSession, principal: Principal, project_id: UUID) -> bool:
    """By an owner, while it is only marked."""
    is_owner = exists().where(membership(principal, Project.id), ProjectMember.role == OWNER)
    statement = update(Project).where(Project.id == project_id, Project.deleted_at.is_not(None), is_owner).values(deleted_at=None)
    return (await session.scalars(statement.returning(Project.id))).one_or_none() is not None


async def due_for_purge(session: ReadSession, delay_s: int, limit: int) -> Sequence[UUID]:
    query = text("SELECT id FROM projects WHERE deleted_at < now() - make_interval(secs => :delay) ORDER BY deleted_at LIMIT :limit")
    return list((await session.scalars(query, {"delay": delay_s, "limit": limit})).all())


async def remove(session: WriteSession, project_id: UUID) -> None:
    """The row and all that hangs on it, after its files are gone."""
    await session.execute(text("DELETE FROM quota_slots WHERE owner_kind = 'project' AND owner_id = :id"), {"id": project_id})
    await session.execute(delete(Project).where(Project.id == project_id, Project.deleted_at.is_not(None)))


async def rename(session: WriteSession, project_id: UUID, name: str) -> str:
    """The name it had."""
    before = (await session.scalars(select(Project.name).where(Project.id == project_id).with_for_update())).one()
    await session.execute(update(Project).where(Project.id == project_id).values(name=name, revision=Project.revision + 1))
    return before


async def set_keep_versions(session: WriteSession, project_id: UUID, number: int | None) -> None:
    await session.execute(update(Project).where(Project.id == project_id).values(keep_versions=number, revision=Project.revision + 1))


async def add_derived(session: WriteSession, project_id: UUID, delta_bytes: int) -> None:
    """Count derived bytes apart from the quota."""
    await session.execute(
        text("UPDATE projects SET derived_bytes = greatest(0, derived_bytes + :delta) WHERE id = :id"),
        {"id": project_id, "delta": delta_bytes},
    )
