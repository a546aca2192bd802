"""Who is asking. Filled by `accounts`, read by everyone; carries no permission that could go stale."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    ADMIN = "admin"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person behind a valid access token. `is_expired` is only ever true where a route allows it."""

    user_id: UUID
    username: str
    role: Role
    session_id: UUID
    is_expired: bool = False


class Permission(StrEnum):
    """What a member may do in a project; `projects.policies` says which role has which."""

    VIEW = "view"
    UPLOAD = "upload"
    EDIT = "edit"
    MANAGE = "manage"
