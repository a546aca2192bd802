"""Create and rename projects; the door to everything inside one."""

import logging
import re
import unicodedata
from typing import Any
from uuid import UUID

from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import ReadSession, WriteSession
from service.core.errors import Forbidden, Missing
from service.core.ids import new_id
from service.core.names import clean_name
from service.core.principal import Permission, Principal
from service.core.settings import QuotaSettings
from service.outbox import service as outbox
from service.projects import repository
from service.projects.errors import Archived, NotDeleted
from service.projects.events import ProjectChanged
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
    project = await found_project(session, owner.user_id, name, quotas)
    audit.record(session, owner, "projects.create", _thing(project.id, project.name))
    return project


def _thing(project_id: UUID, name: str = "") -> Thing:
    return Thing("project", project_id, name, project_id)


def _note(session: WriteSession, principal: Principal, verb: str, project_id: UUID, **details: Any) -> None:
    """A line in the access log, an event, and one in the log."""
    audit.record(session, principal, f"projects.{verb}", _thing(project_id), **details)
    outbox.publish_later(session, ProjectChanged(project_id))
    log.info("projects.%s", verb, extra={"project": str(project_id), "user": str(principal.user_id)})


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
    before = await repository.rename(session, project_id, clean_name(name))
    _note(session, principal, "rename", project_id, before={"name": before}, after={"name": clean_name(name)})


async def keep_versions(session: WriteSession, principal: Principal, project_id: UUID, number: int | None) -> None:
    """Of each file so many versions are kept from now on, the current one among them; None: all. Raises Missing, Forbidden, Archived."""
    await require(session, principal, project_id, Permission.MANAGE)
    await repository.set_keep_versions(session, project_id, number)
    _note(session, principal, "keep_versions", project_id, after={"keep_versions": number})


async def set_quota(session: WriteSession, principal: Principal, project_id: UUID, limit_bytes: int) -> None:
    """For administrators. Raises Missing."""
    if not await repository.is_living(session, project_id):
        raise Missing
    before = (await quota.usage_of(session, quota.PROJECT, project_id)).limit_bytes
    await quota.set_limit(session, quota.PROJECT, project_id, limit_bytes)
    _note(session, principal, "set_quota", project_id, before={"quota_bytes": before}, after={"quota_bytes": limit_bytes})


async def archive_project(session: WriteSession, principal: Principal, project_id: UUID, *, is_archived: bool) -> None:
    """Raises Missing, Forbidden."""
    await require(session, principal, project_id, Permission.OWN)
    await repository.set_archived(session, project_id, is_archived=is_archived)
    _note(session, principal, "archive" if is_archived else "unarchive", project_id)


async def delete_project(session: WriteSession, principal: Principal, project_id: UUID) -> None:
    """Out of everybody's sight now, for good after the delay. Raises Missing, Forbidden."""
    await require(session, principal, project_id, Permission.OWN)
    await repository.mark_deleted(session, project_id)
    _note(session, principal, "delete", project_id)


async def restore_project(session: WriteSession, principal: Principal, project_id: UUID) -> None:
    """Raises NotDeleted, also for one that is another's."""
    if not await repository.restore(session, principal, project_id):
        raise NotDeleted
    _note(session, principal, "restore", project_id)
