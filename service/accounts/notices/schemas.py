"""Wire types of notices."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class NoticeView(msgspec.Struct):
    """`verb` as in the access log; `text` is whom or what it is about, `is_new` since the last look."""

    id: UUID
    at: datetime
    actor: str
    verb: str
    text: str
    project_id: UUID | None
    outcome: str
    details: dict[str, Any]
    is_new: bool


class NoticePage(msgspec.Struct):
    """`new` is how many came since the last look, 100 at most."""

    items: list[NoticeView]
    next_cursor: str | None
    new: int
