"""Wire types of accounts."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from service.quota.repository import Usage

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
FullName = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Email = Annotated[str, msgspec.Meta(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class Credentials(msgspec.Struct, forbid_unknown_fields=True):
    username: Name
    password: Password


class RefreshRequest(msgspec.Struct, forbid_unknown_fields=True):
    refresh_token: Annotated[str, msgspec.Meta(max_length=256)] | None = None


class PasswordChange(msgspec.Struct, forbid_unknown_fields=True):
    current_password: Password
    new_password: Password


class ProfileChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is left out stays."""

    full_name: FullName | UnsetType = UNSET
    email: Email | UnsetType | None = UNSET


class SessionView(msgspec.Struct):
    """One sign-in: where from, since when, and when it last renewed its tokens."""

    id: UUID
    is_current: bool
    user_agent: str
    ip: str
    signed_in_at: datetime
    last_seen_at: datetime


class SessionList(msgspec.Struct):
    items: list[SessionView]
    next_cursor: None = None


class AccessGrant(msgspec.Struct):
    """For browsers: the refresh token is in an HttpOnly cookie."""

    access_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105  the name of a scheme


class TokenGrant(msgspec.Struct):
    """For programs. `expires_in` in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105  the name of a scheme


class QuotaView(msgspec.Struct):
    limit_bytes: int
    reserved_bytes: int
    used_bytes: int


def quota_view(usage: Usage) -> QuotaView:
    return QuotaView(usage.limit_bytes, usage.reserved_bytes, usage.used_bytes)


class Me(msgspec.Struct):
    id: UUID
    username: str
    full_name: str
    email: str | None
    role: str
    quota: QuotaView
    client_chunk_bytes: int
    max_upload_bytes: int
    # Above this size parts go straight to the store; null where this browser can't reach it.
    direct_upload_bytes: int | None
