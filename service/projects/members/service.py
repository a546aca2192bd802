"""Add members, change their roles, let them go."""

import logging
from uuid import UUID

from service.accounts import repository as accounts
from service.core.db import ReadSession, WriteSession
from service.core.errors import Forbidden, Missing
from service.core.principal import Permission, Principal
from service.projects import repository as projects
from service.projects.errors import AlreadyMember, LastOwner, NobodyOfThatName
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
    _note("member added", principal, project_id, user.id, role)
    return user.id


async def change(session: WriteSession, principal: Principal, project_id: UUID, user_id: UUID, role: str) -> None:
    """Raises Missing, Forbidden, Archived, LastOwner."""
    granter = await _granter(session, principal, project_id)
    before = await _role_of(session, project_id, user_id)
    if not (may_grant(granter, before) and may_grant(granter, role)):
        raise Forbidden
    if role != projects.OWNER and await repository.lock_owners(session, project_id) == {user_id}:
        raise LastOwner
    await repository.set_role(session, project_id, user_id, role)
    _note("role changed", principal, project_id, user_id, role)


async def remove(session: WriteSession, principal: Principal, project_id: UUID, user_id: UUID) -> None:
    """Anybody may leave. Raises Missing, Forbidden, Archived, LastOwner."""
    leaves = user_id == principal.user_id
    granter = await require(session, principal, project_id, Permission.VIEW) if leaves else await _granter(session, principal, project_id)
    before = await _role_of(session, project_id, user_id)
    if not leaves and not may_grant(granter, before):
        raise Forbidden
    if await repository.lock_owners(session, project_id) == {user_id}:
        raise LastOwner
    await repository.remove(session, project_id, user_id)
    _note("member left" if leaves else "member removed", principal, project_id, user_id, before)


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


async def _role_of(session: WriteSession, project_id: UUID, user_id: UUID) -> str:
    found = await repository.one(session, project_id, user_id)
    if found is None:
        raise Missing
    return found[0].role


def _note(what: str, principal: Principal, project_id: UUID, user_id: UUID, role: str) -> None:
    log.info(what, extra={"project": str(project_id), "by": str(principal.user_id), "member": str(user_id), "role": role})
