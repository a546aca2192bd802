"""What media decides about a version: what it is, what is made of it, and what became of that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from service.core.db import ReadSession, WriteSession
from service.files import repository as files_repository
from service.files import service as files
from service.media import repository
from service.media.facts import SourceFacts
from service.media.jobs import PlanMedia, RenderImage, RenderPoster, RenderWaveform
from service.media.models import Derivative
from service.outbox import service as outbox
from service.outbox.base import Job

HLS, THUMBNAIL, POSTER, WAVEFORM = "hls", "thumbnail", "poster", "waveform"
# What makes each kind; all else is made when somebody looks.
MADE_BY: Mapping[str, type[PlanMedia] | type[RenderImage] | type[RenderPoster] | type[RenderWaveform]] = {
    HLS: PlanMedia,
    THUMBNAIL: RenderImage,
    POSTER: RenderPoster,
    WAVEFORM: RenderWaveform,
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a version's bytes are."""

    file_id: UUID
    version_id: UUID
    project_id: UUID
    bucket: str
    key: str
    size_bytes: int
    claimed_type: str
    name: str


async def source_of(session: ReadSession, version_id: UUID) -> Source | None:
    """None once the file is gone: its jobs end quietly."""
    version = await files_repository.version_by_id(session, version_id)
    found = await files_repository.file_by_id(session, version.file_id) if version is not None else None
    if version is None or found is None:
        return None
    return Source(
        found.id, version.id, found.project_id, version.bucket, version.key, version.size_bytes, version.claimed_type or "", found.name
    )


def kinds_for(facts: SourceFacts) -> list[str]:
    """What is made of a source as soon as it arrives."""
    if facts.kind == "video":
        return [HLS, POSTER]
    if facts.kind == "audio":
        return [HLS, WAVEFORM, *([POSTER] if facts.has_cover else [])]
    return [THUMBNAIL] if facts.kind == "image" else []


async def record_probe(session: WriteSession, source: Source, facts: SourceFacts) -> None:
    """Keep the facts and enqueue what follows from them."""
    await repository.put_probe(session, source.version_id, msgspec.to_builtins(facts))
    kinds = kinds_for(facts)
    await repository.want(session, source.version_id, kinds)
    # A film's poster comes once its first chunk shows that it can be decoded.
    at_once = [kind for kind in kinds if kind != POSTER or facts.kind != "video"]
    following: list[Job] = [MADE_BY[kind](source.file_id, source.version_id) for kind in at_once]
    preview: dict[str, object] = {"kind": facts.kind, "state": "processing" if following else "none", "reason": None}
    if facts.width:
        preview |= {"width": facts.width, "height": facts.height}
    if facts.duration_s:
        preview["duration_s"] = round(facts.duration_s, 3)
    await files.record_preview(session, source.version_id, preview, facts.media_type or None)
    outbox.enqueue(session, following)


async def store_derivative(session: WriteSession, source: Source, row: Derivative, preview: dict[str, object]) -> None:
    """Something is there: show it in lists, count its bytes."""
    replaced = await repository.put_derivative(session, row)
    await files.record_preview(session, source.version_id, preview)
    await files.count_derived(session, source.version_id, source.project_id, row.bytes - replaced)


async def give_up(session: WriteSession, version_id: UUID, reason: str, kinds: Sequence[str], transcode_id: UUID | None = None) -> None:
    """Processing failed for good: say why where the file is shown."""
    if transcode_id is not None:
        await repository.set_transcode(session, transcode_id, state="failed", reason=reason)
    await repository.set_state(session, version_id, kinds, "failed", reason)
    await files.record_preview(session, version_id, {"state": "failed", "reason": reason})
