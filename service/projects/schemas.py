"""Wire types of projects."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from service.accounts.schemas import QuotaView

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class ProjectCreate(msgspec.Struct, forbid_unknown_fields=True):
    name: Name


class ProjectChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is left out stays. Managers rename and say how many versions are kept (null: all); owners archive."""

    name: Name | UnsetType = UNSET
    keep_versions: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | UnsetType | None = UNSET
    is_archived: bool | UnsetType = UNSET


class ProjectView(msgspec.Struct):
    id: UUID
    name: str
    slug: str
    role: str
    permissions: list[str]
    created_at: datetime
    archived_at: datetime | None
    deleted_at: datetime | None
    derived_bytes: int
    quota: QuotaView
    keep_versions: int | None


class ProjectPage(msgspec.Struct):
    items: list[ProjectView]
    next_cursor: str | None


class ProjectQuotaChange(msgspec.Struct, forbid_unknown_fields=True):
    quota_bytes: Annotated[int, msgspec.Meta(ge=0, le=1 << 60)]


class ProjectOverview(msgspec.Struct):
    """What an administrator sees of anybody's project. `owner` is one of them."""

    id: UUID
    name: str
    owner: str | None
    members: int
    created_at: datetime
    archived_at: datetime | None
    deleted_at: datetime | None
    derived_bytes: int
    quota: QuotaView


class ProjectOverviewPage(msgspec.Struct):
    items: list[ProjectOverview]
    next_cursor: str | None
