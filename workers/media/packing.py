"""From a folder of segments to one object per rung, with the byte ranges of its segments."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from service.media.models import HlsSegments
from workers.media.deps import MediaDeps
from workers.tools import fmp4

MEDIA_TYPE = "video/mp4"


async def store_piece(
    deps: MediaDeps, *, transcode_id: UUID, prefix: str, rung: str, no: int, init: bytes, segments: Sequence[tuple[Path, float]]
) -> HlsSegments:
    """Pack segment files (path, seconds), put the object and, for the first piece, the init segment; returns the row."""
    bodies = [path.read_bytes() for path, _ in segments]
    entries: list[dict[str, float]] = []
    position = 0
    for body, (_, seconds) in zip(bodies, segments, strict=True):
        entries.append({"duration": seconds, "offset": position, "bytes": len(body)})
        position += len(body)
    init_key = f"{prefix}{rung}/init.mp4"
    if no == 0:
        await deps.store.put(deps.derived_bucket, init_key, init, MEDIA_TYPE, is_immutable=True)
    key = f"{prefix}{rung}/{no:05d}.m4s"
    await deps.store.put(deps.derived_bucket, key, b"".join(bodies), MEDIA_TYPE, is_immutable=True)
    return HlsSegments(
        transcode_id=transcode_id,
        rung=rung,
        chunk_no=no,
        key=key,
        segments=entries,
        init_key=init_key,
        init_hash=hashlib.sha256(init).hexdigest(),
        codecs=fmp4.codecs(init),
        bytes=position + (len(init) if no == 0 else 0),
    )
