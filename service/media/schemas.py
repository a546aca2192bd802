"""Wire types of media."""

from datetime import datetime
from uuid import UUID

import msgspec


class Playback(msgspec.Struct):
    """`done_s` of `total_s` seconds can be played; times in seconds."""

    master_url: str
    expires_at: datetime
    state: str
    done_s: float
    total_s: float


class PlaybackState(msgspec.Struct):
    state: str
    reason: str | None
    done_s: float
    total_s: float
    is_playable: bool


class JobView(msgspec.Struct):
    id: UUID
    tag: str
    queue: str
    state: str
    attempt: int
    max_attempts: int
    progress: float | None
    error: str | None
    file_id: UUID | None
    file_name: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobPage(msgspec.Struct):
    items: list[JobView]
    next_cursor: str | None


class DerivativeView(msgspec.Struct):
    kind: str
    state: str
    bytes: int
    error: str | None
    urls: dict[str, str]


class DerivativeList(msgspec.Struct):
    items: list[DerivativeView]
