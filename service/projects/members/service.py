"""Add members, change their roles, let them go."""

import logging
from uuid import UUID

from service.accounts import repository as accounts
from service.accounts.models import User
from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import ReadSession, WriteSession
from service.core.errors import Forbidden, Missing
from service.core.principal import Permission, Principal
from service.outbox import service as outbox
from service.projects import repository as projects
from service.projects.errors import AlreadyMember, LastOwner, NobodyOfThatName
from service.projects.events import MembersChanged
from service.projects.members import repository
from service.projects.models import ProjectMember
from service.projects.policies import may_grant
from service.projects.service import require

log = logging.getLogger("stowage.projects")


async def add(session: WriteSession, principal: Principal, project_id: UUID, username: str, role: str) -> UUID:
    """The new member's id. Raises Missing, Forbidden, Archived, NobodyOfThatName, AlreadyMember."""
    granter = await _granter(session, principal, project_id)
    if not may_grant(granter, role):
        raise Forbidden
    user = await accounts.user_by_name(session, username)
    if user is None:
        raise NobodyOfThatName
    if await repository.one(session, project_id, user.id) is not None:
        raise AlreadyMember
    session.add(ProjectMember(project_id=project_id, user_id=user.id, role=role))
    await session.flush()
    _note(session, "add", principal, project_id, user, before=None, after=role)
    return user.id


async def change(session: WriteSession, principal: Principal, project_id: UUID, user_id: UUID, role: str) -> None:
    """Raises Missing, Forbidden, Archived, LastOwner."""
    granter = await _granter(session, principal, project_id)
    before, user = await _member(session, project_id, user_id)
    if not (may_grant(granter, before) and may_grant(granter, role)):
        raise Forbidden
    if role != projects.OWNER and await repository.lock_owners(session, project_id) == {user_id}:
        raise LastOwner
    await repository.set_role(session, project_id, user_id, role)
    _note(session, "change", principal, project_id, user, before=before, after=role)


async def remove(session: WriteSession, principal: Principal, project_id: UUID, user_id: UUID) -> None:
    """Anybody may leave. Raises Missing, Forbidden, Archived, LastOwner."""
    leaves = user_id == principal.user_id
    granter = await require(session, principal, project_id, Permission.VIEW) if leaves else await _granter(session, principal, project_id)
    before, user = await _member(session, project_id, user_id)
    if not leaves and not may_grant(granter, before):
        raise Forbidden
    if await repository.lock_owners(session, project_id) == {user_id}:
        raise LastOwner
    await repository.remove(session, project_id, user_id)
    _note(session, "leave" if leaves else "remove", principal, project_id, user, before=before, after=None)


async def require_sight(session: ReadSession, principal: Principal, project_id: UUID) -> None:
    """Members see each other; administrators, everybody. Raises Missing."""
    if _is_admin(principal, project_id):
        if not await projects.is_living(session, project_id):
            raise Missing
        return
    await require(session, principal, project_id, Permission.VIEW)


async def _granter(session: WriteSession, principal: Principal, project_id: UUID) -> str:
    """The role in whose name this is done. An administrator acts as an owner: a project whose people left is not lost."""
    if _is_admin(principal, project_id):
        if not await projects.is_living(session, project_id):
            raise Missing
        return projects.OWNER
    return await require(session, principal, project_id, Permission.MANAGE)


def _is_admin(principal: Principal, project_id: UUID) -> bool:
    return principal.is_admin and principal.reaches(project_id)


async def _member(session: WriteSession, project_id: UUID, user_id: UUID) -> tuple[str, User]:
    """(role, person). Raises Missing."""
    found = await repository.one(session, project_id, user_id)
    if found is None:
        raise Missing
    return found[0].role, found[1]


def _note(
    session: WriteSession, verb: str, principal: Principal, project_id: UUID, user: User, *, before: str | None, after: str | None
) -> None:
    thing = Thing("member", user.id, user.username, project_id)
    audit.record(session, principal, f"members.{verb}", thing, before={"role": before}, after={"role": after})
    outbox.publish_later(session, MembersChanged(project_id, user.id))
    log.info("members.%s", verb, extra={"project": str(project_id), "by": str(principal.user_id), "member": str(user.id), "role": after})
