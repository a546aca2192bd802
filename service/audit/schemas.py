"""Wire types of the access log."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from service.audit.models import AccessRow


class AccessView(msgspec.Struct):
    """`actor_kind`: user, token, link, anonymous or system; `outcome`: done or refused; `details` of changes: `before` and `after`."""

    id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    actor: str
    verb: str
    object_kind: str
    object_id: UUID | None
    object_name: str
    project_id: UUID | None
    address: str
    request_id: str
    outcome: str
    details: dict[str, Any]


class AccessPage(msgspec.Struct):
    items: list[AccessView]
    next_cursor: str | None


class ActivityView(msgspec.Struct):
    """What members see of the access log: no addresses."""

    id: UUID
    at: datetime
    actor_kind: str
    actor: str
    verb: str
    object_kind: str
    object_id: UUID | None
    object_name: str
    details: dict[str, Any]


class ActivityPage(msgspec.Struct):
    items: list[ActivityView]
    next_cursor: str | None


def access_view(row: AccessRow) -> AccessView:
    return AccessView(**{name: getattr(row, name) for name in AccessView.__struct_fields__})


def activity_view(row: AccessRow) -> ActivityView:
    return ActivityView(**{name: getattr(row, name) for name in ActivityView.__struct_fields__})
