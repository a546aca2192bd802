"""Create and rename projects; the door to everything inside one."""

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
from service.projects.models import Project, ProjectMember
from service.projects.policies import may
from service.quota import service as quota

_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def slug_of(name: str, project_id: UUID) -> str:
    """A readable, unique name for URLs and buckets: letters and digits, then the id's last twelve, which are random."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = _NOT_SLUG.sub("-", ascii_name).strip("-")[:40]
    return f"{stem or 'project'}-{project_id.hex[-12:]}"


async def create_project(session: WriteSession, owner: UUID, name: str, quotas: QuotaSettings) -> Project:
    """Raises BadName."""
    project_id = new_id()
    project = Project(id=project_id, name=clean_name(name), slug=slug_of(name, project_id))
    session.add(project)
    await session.flush()
    session.add(ProjectMember(project_id=project_id, user_id=owner, role="owner"))
    quota.open_account(session, quota.PROJECT, project_id, quotas.project_bytes)
    await session.flush()
    return project


async def require(session: ReadSession, principal: Principal, project_id: UUID, permission: Permission) -> str:
    """Return the person's role. Raises Missing for a project they may not know of, Forbidden for one they may."""
    role = await repository.role_in(session, principal, project_id)
    if role is None:
        raise Missing
    if not may(role, permission):
        raise Forbidden
    return role


async def rename_project(session: WriteSession, principal: Principal, project_id: UUID, name: str) -> None:
    """Raises Missing, Forbidden, BadName."""
    await require(session, principal, project_id, Permission.MANAGE)
    await repository.rename(session, project_id, clean_name(name))
