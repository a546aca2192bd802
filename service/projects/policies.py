"""Role → permissions. Pure; the only table of its kind."""

from service.core.principal import Permission

_VIEW = frozenset({Permission.VIEW})
_UPLOAD = _VIEW | {Permission.UPLOAD}
_EDIT = _UPLOAD | {Permission.EDIT}
_ALL = _EDIT | {Permission.MANAGE}

PERMISSIONS: dict[str, frozenset[Permission]] = {
    "viewer": _VIEW,
    "annotator": _VIEW,
    "reviewer": _VIEW,
    "contributor": _EDIT,
    "manager": _ALL,
    "owner": _ALL,
}


def roles_with(permission: Permission) -> list[str]:
    return [role for role, permissions in PERMISSIONS.items() if permission in permissions]


def may(role: str, permission: Permission) -> bool:
    return permission in PERMISSIONS.get(role, frozenset())
