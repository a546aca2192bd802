"""Wire types of accounts."""

from typing import Annotated
from uuid import UUID

import msgspec

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class Credentials(msgspec.Struct, forbid_unknown_fields=True):
    username: Name
    password: Password


class RefreshRequest(msgspec.Struct, forbid_unknown_fields=True):
    refresh_token: Annotated[str, msgspec.Meta(max_length=256)] | None = None


class PasswordChange(msgspec.Struct, forbid_unknown_fields=True):
    current_password: Password
    new_password: Password


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


class Me(msgspec.Struct):
    id: UUID
    username: str
    role: str
    quota: QuotaView
    client_chunk_bytes: int
    max_upload_bytes: int
    # Above this size parts go straight to the store; null where this browser can't reach it.
    direct_upload_bytes: int | None
