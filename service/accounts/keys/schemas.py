"""Wire types of API tokens and S3 keys."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

MAX_DAYS = 3_650


class KeyCreate(msgspec.Struct, forbid_unknown_fields=True):
    """`scopes`: `read` what one may see, `write` what one may change, `admin` what administrators may. `expires_in_days` null: never.

    `kind`: a `token` goes along as a bearer; an `s3` key signs requests (AWS Signature Version 4).
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    scopes: Annotated[list[Literal["read", "write", "admin"]], msgspec.Meta(min_length=1, max_length=3)]
    kind: Literal["token", "s3"] = "token"
    project_id: UUID | None = None
    expires_in_days: Annotated[int, msgspec.Meta(ge=1, le=MAX_DAYS)] | None = 90


class KeyView(msgspec.Struct):
    """`hint` is the beginning of the token, or the id of the S3 key."""

    id: UUID
    kind: str
    name: str
    scopes: list[str]
    project_id: UUID | None
    hint: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewKey(KeyView):
    """With the token, or the S3 key's id and secret, shown this once."""

    token: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None


class KeyList(msgspec.Struct):
    items: list[KeyView]
    next_cursor: None = None
