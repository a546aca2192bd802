"""Wire types of media."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from service.media.facts import SourceFacts


class ChapterView(msgspec.Struct):
    """Start in s."""

    start_s: float
    title: str


class Playback(msgspec.Struct):
    """`done_s` of `total_s` seconds can be played; times in seconds. `storyboard_url`: WebVTT of stills for the seek bar, so far."""

    master_url: str
    storyboard_url: str | None
    chapters: list[ChapterView]
    expires_at: datetime
    state: str
    done_s: float
    total_s: float


class PlaybackState(msgspec.Struct):
    """`left_s`: how long the rest will probably take, in s, by the pace so far; nothing before there is a pace."""

    state: str
    reason: str | None
    done_s: float
    total_s: float
    left_s: float | None
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


DerivativeState = Literal["wanted", "running", "ready", "failed", "skipped"]


class DerivativeView(msgspec.Struct):
    """`error`: why it failed or was skipped."""

    kind: str
    state: DerivativeState
    bytes: int
    error: str | None
    urls: dict[str, str]


class DerivativeList(msgspec.Struct):
    items: list[DerivativeView]


class DeriveWanted(msgspec.Struct, forbid_unknown_fields=True):
    """`which`: what is missing, what failed, or all of it anew; `kinds`: only these; nothing: of any kind."""

    which: Literal["missing", "failed", "all"] = "missing"
    kinds: Annotated[list[Annotated[str, msgspec.Meta(max_length=80)]], msgspec.Meta(max_length=50)] = []
    is_dry_run: bool = False


class Derived(msgspec.Struct):
    """Kinds that are being made now, or would be in a dry run."""

    kinds: list[str]


class FileFacts(msgspec.Struct):
    """What the file says of itself; `tags` are its own words (EXIF, ID3, container metadata), some of them about where and when."""

    kind: str
    facts: SourceFacts | None


class Waveform(msgspec.Struct):
    """`peaks`: lowest and highest value of each stretch of `seconds_each` s in turn, -128 to 127."""

    seconds_each: float
    peaks: list[int]
