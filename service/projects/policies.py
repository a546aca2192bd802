"""Role → permissions. Pure; the only table of its kind, printed into docs/reference/permissions.md."""

from collections.abc import Mapping

from service.core.principal import Permission

MEANING: Mapping[Permission, str] = {
    Permission.VIEW: "see and download files, versions, activity and members",
    Permission.ANNOTATE: "work on batch items given to them",
    Permission.REVIEW: "accept work, or ask for changes",
    Permission.UPLOAD: "upload files, make folders",
    Permission.EDIT: "rename, move, copy, tag, trash, restore and delete files and folders",
    Permission.MANAGE: "rename the project, add and remove members up to manager, publish batches",
    Permission.OWN: "make owners, archive, delete and restore the project",
}
_VIEW = frozenset({Permission.VIEW})
_ANNOTATE = _VIEW | {Permission.ANNOTATE}
_REVIEW = _ANNOTATE | {Permission.REVIEW}
_EDIT = _VIEW | {Permission.UPLOAD, Permission.EDIT}
_MANAGE = _REVIEW | _EDIT | {Permission.MANAGE}

PERMISSIONS: Mapping[str, frozenset[Permission]] = {
    "viewer": _VIEW,
    "annotator": _ANNOTATE,
    "reviewer": _REVIEW,
    "contributor": _EDIT,
    "manager": _MANAGE,
    "owner": _MANAGE | {Permission.OWN},
}
# An archived project is looked at, and taken out of the archive; nothing in it changes.
WHILE_ARCHIVED = frozenset({Permission.VIEW, Permission.OWN})


def roles_with(permission: Permission) -> list[str]:
    return [role for role, permissions in PERMISSIONS.items() if permission in permissions]


def may(role: str, permission: Permission) -> bool:
    return permission in PERMISSIONS.get(role, frozenset())


def may_grant(granter: str, role: str) -> bool:
    """Whether a member may make somebody `role`, or take it away: nobody reaches above themselves."""
    return may(granter, Permission.OWN) or (may(granter, Permission.MANAGE) and not may(role, Permission.OWN))
