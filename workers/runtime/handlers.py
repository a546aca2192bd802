"""Which function carries out which job, and who hears which event. Boot fails unless every job has exactly one handler."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from service.core.db import WriteSession
from service.files import subscribers as files
from service.files.events import FilePreviewed, FilesChanged, FilesPurged, FileStored
from service.files.jobs import (
    CleanDerived,
    CopyEntries,
    DigestFile,
    DrainDoomed,
    EmptyTrash,
    FixTypes,
    RecountQuota,
    VerifyFiles,
    WarnOfQuota,
)
from service.media import jobs as media_jobs
from service.media import subscribers as media
from service.outbox.base import Event, Job, JobFailed
from service.outbox.jobs import ForgetJobs
from service.projects.events import MembersChanged, ProjectChanged
from service.projects.jobs import PurgeProjects
from service.uploads.jobs import ScanStore
from workers.media.archive import index_archive, take_member
from workers.media.chunk import encode_chunk
from workers.media.finish import finish_transcode
from workers.media.pages import convert_office, read_pages, render_pages
from workers.media.plan import plan_media
from workers.media.probe import probe_file
from workers.media.sheets import read_sheets
from workers.media.stills import render_image, render_poster
from workers.media.through import read_through
from workers.media.waveform import render_waveform
from workers.upkeep.checking import fix_types, verify_files
from workers.upkeep.cleaning import clean_derived, drain_doomed, forget_jobs, scan_store
from workers.upkeep.copies import copy_entries
from workers.upkeep.digest import digest_file
from workers.upkeep.purge import purge_projects
from workers.upkeep.recount import recount_quota
from workers.upkeep.trash import empty_trash
from workers.upkeep.warning import warn_of_quota

# Each handler takes its own job type and its family's dependencies, which no common signature can say.
Handler = Callable[..., Awaitable[None]]
Subscriber = Callable[[WriteSession, Any], Awaitable[None]]

MEDIA: Sequence[tuple[type[Job], Handler]] = (
    (media_jobs.ProbeFile, probe_file),
    (media_jobs.PlanMedia, plan_media),
    (media_jobs.RenderPoster, render_poster),
    (media_jobs.RenderImage, render_image),
    (media_jobs.RenderWaveform, render_waveform),
    (media_jobs.EncodeChunk, encode_chunk),
    (media_jobs.EncodeFirstChunk, encode_chunk),
    (media_jobs.EncodeGpuChunk, encode_chunk),
    (media_jobs.EncodeFirstGpuChunk, encode_chunk),
    (media_jobs.ReadThrough, read_through),
    (media_jobs.FinishTranscode, finish_transcode),
    (media_jobs.IndexArchive, index_archive),
    (media_jobs.RenderPages, render_pages),
    (media_jobs.ReadPages, read_pages),
    (media_jobs.ReadSheets, read_sheets),
    (media_jobs.ConvertOffice, convert_office),
    (media_jobs.TakeMember, take_member),
)
UPKEEP: Sequence[tuple[type[Job], Handler]] = (
    (DrainDoomed, drain_doomed),
    (DigestFile, digest_file),
    (EmptyTrash, empty_trash),
    (FixTypes, fix_types),
    (VerifyFiles, verify_files),
    (CleanDerived, clean_derived),
    (CopyEntries, copy_entries),
    (ForgetJobs, forget_jobs),
    (ScanStore, scan_store),
    (PurgeProjects, purge_projects),
    (RecountQuota, recount_quota),
    (WarnOfQuota, warn_of_quota),
)


class IncompleteHandlers(Exception):
    """A job without a handler, or with two."""


def _tagged(base: type[Job]) -> Iterator[type[Job]]:
    for kind in base.__subclasses__():
        if kind.__struct_config__.tag:
            yield kind
        yield from _tagged(kind)


def check_handlers(pairs: Sequence[tuple[type[Job], Handler]]) -> dict[str, tuple[type[Job], Handler]]:
    """Handlers by tag. Raises IncompleteHandlers."""
    table: dict[str, tuple[type[Job], Handler]] = {}
    for kind, handler in pairs:
        if kind.tag() in table:
            message = f"{kind.tag()} has two handlers"
            raise IncompleteHandlers(message)
        table[kind.tag()] = (kind, handler)
    missing = {kind.tag() for kind in _tagged(Job)} - table.keys()
    if missing:
        message = f"no handler for {', '.join(sorted(missing))}"
        raise IncompleteHandlers(message)
    return table


def subscribers(derived_bucket: str, recovery_window_s: int) -> dict[str, tuple[type[Event], Sequence[Subscriber]]]:
    """Subscribers by event tag; they do not assume an order."""

    async def drop_derived(session: WriteSession, event: FilesPurged) -> None:
        await media.on_files_purged(session, event, derived_bucket)

    async def note_stored(session: WriteSession, event: FileStored) -> None:
        await files.on_file_stored(session, event, recovery_window_s)

    return {
        FileStored.tag(): (FileStored, [media.on_file_stored, note_stored]),
        FilesPurged.tag(): (FilesPurged, [drop_derived]),
        FilesChanged.tag(): (FilesChanged, []),
        FilePreviewed.tag(): (FilePreviewed, []),
        ProjectChanged.tag(): (ProjectChanged, []),
        MembersChanged.tag(): (MembersChanged, []),
        JobFailed.tag(): (JobFailed, [media.on_job_failed]),
    }
