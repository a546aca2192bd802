"""Wire types of members."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from service.accounts.schemas import Name

RoleName = Literal["viewer", "annotator", "reviewer", "contributor", "manager", "owner"]


class MemberAdd(msgspec.Struct, forbid_unknown_fields=True):
    username: Name
    role: RoleName


class MemberChange(msgspec.Struct, forbid_unknown_fields=True):
    role: RoleName


class MemberView(msgspec.Struct):
    user_id: UUID
    username: str
    full_name: str
    role: str
    since: datetime


class MemberPage(msgspec.Struct):
    items: list[MemberView]
    next_cursor: str | None
