"""Wire types of projects."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from service.accounts.schemas import QuotaView


class ProjectCreate(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class ProjectView(msgspec.Struct):
    id: UUID
    name: str
    slug: str
    role: str
    created_at: datetime
    derived_bytes: int
    quota: QuotaView


class ProjectPage(msgspec.Struct):
    items: list[ProjectView]
    next_cursor: str | None
