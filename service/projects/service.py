"""Create and rename projects; the door to everything inside one."""

import logging
import re
import unicodedata
from uuid import UUID

from service.core.db import ReadSession, WriteSession
from service.core.errors import Forbidden, Missing
from service.core.ids import new_id
from service.core.names import clean_name
from service.core.principal import Permission, Principal
from service.core.settings import QuotaSettings
from service.projects import repository
from service.projects.errors import Archived, NotDeleted
from service.projects.models import Project, ProjectMember
from service.projects.policies import WHILE_ARCHIVED, may
from service.quota import service as quota

log = logging.getLogger("stowage.projects")

_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def slug_of(name: str, project_id: UUID) -> str:
    """A readable, unique name for URLs and buckets: letters and digits, then the id's last twelve, which are random."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = _NOT_SLUG.sub("-", ascii_name).strip("-")[:40]
    return f"{stem or 'project'}-{project_id.hex[-12:]}"


async def create_project(session: WriteSession, owner: Principal, name: str, quotas: QuotaSettings) -> Project:
    """Raises BadName, Forbidden."""
    if owner.project_id is not None:
        # A token made for one project makes no others.
        raise Forbidden
    return await found_project(session, owner.user_id, name, quotas)


async def found_project(session: WriteSession, owner: UUID, name: str, quotas: QuotaSettings) -> Project:
    """For somebody. Raises BadName."""
    project_id = new_id()
    project = Project(id=project_id, name=clean_name(name), slug=slug_of(name, project_id))
    session.add(project)
    await session.flush()
    session.add(ProjectMember(project_id=project_id, user_id=owner, role=repository.OWNER))
    quota.open_account(session, quota.PROJECT, project_id, quotas.project_bytes)
    await session.flush()
    return project


async def require(session: ReadSession, principal: Principal, project_id: UUID, permission: Permission) -> str:
    """Return the person's role. Raises Missing for a project they may not know of, Forbidden and Archived for one they may."""
    standing = await repository.standing_in(session, principal, project_id)
    if standing is None:
        raise Missing
    if not may(standing.role, permission):
        raise Forbidden
    if standing.is_archived and permission not in WHILE_ARCHIVED:
        raise Archived
    return standing.role


async def rename_project(session: WriteSession, principal: Principal, project_id: UUID, name: str) -> None:
    """Raises Missing, Forbidden, Archived, BadName."""
    await require(session, principal, project_id, Permission.MANAGE)
    await repository.rename(session, project_id, clean_name(name))


async def archive_project(session: WriteSession, principal: Principal, project_id: UUID, *, is_archived: bool) -> None:
    """Raises Missing, Forbidden."""
    await require(session, principal, project_id, Permission.OWN)
    await repository.set_archived(session, project_id, is_archived=is_archived)


async def delete_project(session: WriteSession, principal: Principal, project_id: UUID) -> None:
    """Out of everybody's sight now, for good after the delay. Raises Missing, Forbidden."""
    await require(session, principal, project_id, Permission.OWN)
    await repository.mark_deleted(session, project_id)
    log.info("project deleted", extra={"project": str(project_id), "user": str(principal.user_id)})


async def restore_project(session: WriteSession, principal: Principal, project_id: UUID) -> None:
    """Raises NotDeleted, also for one that is another's."""
    if not await repository.restore(session, principal, project_id):
        raise NotDeleted
    log.info("project restored", extra={"project": str(project_id), "user": str(principal.user_id)})
