"""Wire types of people and links."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from service.accounts.schemas import Email, FullName, Name, Password, QuotaView

Bytes = Annotated[int, msgspec.Meta(ge=0, le=1 << 60)]
RoleName = Literal["admin", "member"]
State = Literal["active", "disabled"]


class PersonCreate(msgspec.Struct, forbid_unknown_fields=True):
    username: Name
    password: Password
    role: RoleName = "member"
    full_name: FullName = ""
    email: Email | None = None
    quota_bytes: Bytes | None = None


class PersonChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is left out stays."""

    role: RoleName | UnsetType = UNSET
    state: State | UnsetType = UNSET
    full_name: FullName | UnsetType = UNSET
    email: Email | UnsetType | None = UNSET
    quota_bytes: Bytes | UnsetType = UNSET


class PersonView(msgspec.Struct):
    id: UUID
    username: str
    full_name: str
    email: str | None
    role: str
    state: str
    created_at: datetime
    last_sign_in_at: datetime | None
    quota: QuotaView


class PersonPage(msgspec.Struct):
    items: list[PersonView]
    next_cursor: str | None


class Invitation(msgspec.Struct, forbid_unknown_fields=True):
    role: RoleName = "member"
    email: Email | None = None
    quota_bytes: Bytes | None = None


class LinkView(msgspec.Struct):
    """An open one-time link. `username` is whose password it resets; null: it is an invitation."""

    id: UUID
    role: str
    email: str | None
    username: str | None
    created_at: datetime
    expires_at: datetime


class LinkPage(msgspec.Struct):
    items: list[LinkView]
    next_cursor: str | None


class NewLink(msgspec.Struct):
    """Shown this once; the token follows the `#` of the URL, which no server is ever sent."""

    id: UUID
    url: str
    expires_at: datetime


class LinkToken(msgspec.Struct, forbid_unknown_fields=True):
    token: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class LinkFacts(msgspec.Struct):
    """What the link is for: the account named by `username`, or a new one where it is null."""

    username: str | None
    email: str | None


class LinkAccept(msgspec.Struct, forbid_unknown_fields=True):
    token: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    password: Password
    # Needed for an invitation.
    username: Name | None = None
