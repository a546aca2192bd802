"""What media does when others tell it something."""

from uuid import UUID

from service.core.db import WriteSession
from service.files import repository as files_repository
from service.files.events import FilesPurged, FileStored
from service.media import repository
from service.media.jobs import ProbeFile
from service.media.on_demand import store_refusal
from service.media.service import HLS, MADE_BY, POSTER, WAVEFORM, give_up, source_of
from service.outbox import service as outbox
from service.outbox.base import JobFailed

LATE_WRITES_S = 900
UNREADABLE = "This could not be looked through: the reader failed each time it was tried."


async def on_file_stored(session: WriteSession, event: FileStored) -> None:
    if not event.is_plain:
        outbox.enqueue(session, [ProbeFile(event.file_id, event.version_id)])


# What each job makes; the rest are about the film as a whole.
_MAKES = {job.tag(): kind for kind, job in MADE_BY.items()}


async def on_job_failed(session: WriteSession, event: JobFailed) -> None:
    """A job of ours was given up: the file says why."""
    if not event.job_tag.startswith("media."):
        return
    transcode_id = event.payload.get("transcode_id")
    version_id = event.payload.get("version_id")
    if (on_demand := event.payload.get("kind")) is not None:
        # Made on demand: the file itself is none the worse for it.
        source = await source_of(session, UUID(str(version_id)))
        if source is not None:
            await store_refusal(session, source, str(on_demand), UNREADABLE)
        return
    kind = _MAKES.get(event.job_tag, HLS)
    if kind in {POSTER, WAVEFORM}:
        # A film plays without its still.
        await repository.set_state(session, UUID(str(version_id)), [kind], "failed", event.reason)
        return
    if transcode_id is not None:
        transcode = await repository.transcode(session, UUID(str(transcode_id)))
        version_id = transcode.version_id if transcode is not None else None
    if version_id is not None:
        await give_up(session, UUID(str(version_id)), event.reason, [kind], UUID(str(transcode_id)) if transcode_id else None)


async def on_files_purged(session: WriteSession, event: FilesPurged, derived_bucket: str) -> None:
    """Rows went with their version; objects follow through doomed_objects, late enough to catch a worker's last write."""
    due = await files_repository.after_seconds(session, LATE_WRITES_S)
    for version_id in event.version_ids:
        files_repository.doom(session, derived_bucket, f"d/{version_id}/", is_prefix=True, not_before=due)
