"""From a folder of segments to one object per rung, with the byte ranges of its segments."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.media.models import HlsSegments, Transcode
from workers.media.deps import MediaDeps
from workers.tools import fmp4

MEDIA_TYPE = "video/mp4"


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment file and how long it plays, in s."""

    path: Path
    seconds: float


async def store_piece(
    deps: MediaDeps, transcode: Transcode, rung: str, no: int, init: bytes, segments: Sequence[Segment], *, has_picture: bool
) -> HlsSegments:
    """Put segments as one object and, with the first piece, the init segment; returns the row. Entries: durations in s, bytes.

    `key` of an entry is how far its first picture reaches, for I-frame playlists.
    """
    bodies = [segment.path.read_bytes() for segment in segments]
    entries: list[dict[str, float]] = []
    position = 0
    for body, segment in zip(bodies, segments, strict=True):
        entry: dict[str, float] = {"duration": segment.seconds, "offset": position, "bytes": len(body)}
        entries.append(entry | ({"key": fmp4.first_sample_end(body)} if has_picture else {}))
        position += len(body)
    init_key = f"{transcode.prefix}{rung}/init.mp4"
    if no == 0:
        await deps.store.put(deps.derived_bucket, init_key, init, MEDIA_TYPE, is_immutable=True)
    row = await store_flat(deps, transcode, rung, no, b"".join(bodies), entries, ("m4s", MEDIA_TYPE))
    row.init_key, row.init_hash, row.codecs = init_key, hashlib.sha256(init).hexdigest(), fmp4.codecs(init)
    row.bytes += len(init) if no == 0 else 0
    return row


async def store_flat(
    deps: MediaDeps, transcode: Transcode, rung: str, no: int, body: bytes, entries: list[dict[str, float]], form: tuple[str, str]
) -> HlsSegments:
    """Put one object without an init segment; `form` is its suffix and media type."""
    suffix, media_type = form
    key = f"{transcode.prefix}{rung}/{no:05d}.{suffix}"
    await deps.store.put(deps.derived_bucket, key, body, media_type, is_immutable=True)
    return HlsSegments(
        transcode_id=transcode.id,
        rung=rung,
        chunk_no=no,
        key=key,
        segments=entries,
        init_key="",
        init_hash="",
        codecs="",
        bytes=len(body),
    )
