"""Wire types of API tokens."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

MAX_DAYS = 3_650


class KeyCreate(msgspec.Struct, forbid_unknown_fields=True):
    """`scopes`: `read` what one may see, `write` what one may change, `admin` what administrators may. `expires_in_days` null: never."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    scopes: Annotated[list[Literal["read", "write", "admin"]], msgspec.Meta(min_length=1, max_length=3)]
    project_id: UUID | None = None
    expires_in_days: Annotated[int, msgspec.Meta(ge=1, le=MAX_DAYS)] | None = 90


class KeyView(msgspec.Struct):
    """`hint` is the beginning of the token."""

    id: UUID
    name: str
    scopes: list[str]
    project_id: UUID | None
    hint: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewKey(KeyView):
    """With the token itself, shown this once."""

    token: str


class KeyList(msgspec.Struct):
    items: list[KeyView]
    next_cursor: None = None
