"""Who is asking. Filled by `accounts`, read by everyone; carries no permission that could go stale."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    ADMIN = "admin"
    MEMBER = "member"


class Scope(StrEnum):
    """What a request needs where an API token is used; each route has one (`core.http.guards`)."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    # Passwords, sessions, tokens: only a person who signed in, never a token.
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person behind a valid access token or API token. `is_expired` is only ever true where a route allows it.

    `scopes` and `project_id` bound what an API token may do; None: as much as the person. `session_id` is the family of the
    sign-in, or the token's id.
    """

    user_id: UUID
    username: str
    role: Role
    session_id: UUID
    is_expired: bool = False
    scopes: frozenset[Scope] | None = None
    project_id: UUID | None = None

    @property
    def is_admin(self) -> bool:
        """An administrator, not through an API token that was not made for that."""
        return self.role is Role.ADMIN and (self.scopes is None or Scope.ADMIN in self.scopes)

    def reaches(self, project_id: UUID) -> bool:
        """Whether a token made for one project is used in that one."""
        return self.project_id in {None, project_id}


class Permission(StrEnum):
    """What a member may do in a project; `projects.policies` says which role has which."""

    VIEW = "view"
    ANNOTATE = "annotate"
    REVIEW = "review"
    UPLOAD = "upload"
    EDIT = "edit"
    MANAGE = "manage"
    OWN = "own"
