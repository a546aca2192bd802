"""Jobs of the media slice; `workers/media` carries them out."""

from typing import Any
from uuid import UUID

from service.outbox.base import Job, Queue


class _FileJob(Job, frozen=True):
    file_id: UUID
    version_id: UUID

    def about_file(self) -> UUID | None:
        return self.file_id


class ProbeFile(_FileJob, frozen=True, tag="media.probe"):
    """Find out what the bytes are, and what to make of them."""

    queue = Queue.IO
    priority = 20


class PlanMedia(_FileJob, frozen=True, tag="media.plan"):
    """Settle the frame grid, rungs and chunks of a film, and enqueue them."""

    queue = Queue.IO
    priority = 20
    may_remux: bool = True
    best_mode: str = "full"
    may_cut_sound: bool = True


class RenderPoster(_FileJob, frozen=True, tag="media.poster"):
    """A still of a film."""

    queue = Queue.IO
    priority = 5


class RenderWaveform(_FileJob, frozen=True, tag="media.waveform"):
    """The loudness of a sound file over its length."""

    queue = Queue.IO
    priority = 10


class RenderImage(_FileJob, frozen=True, tag="media.image"):
    """Previews of a picture."""

    queue = Queue.CPU
    priority = 15


class OnDemand(_FileJob, frozen=True):
    """Makes the derivative `kind`, because somebody is looking at it."""

    queue = Queue.IO
    priority = 40
    kind: str


class IndexArchive(OnDemand, frozen=True, tag="media.index_archive"):
    """List what is in an archive of `form` (zip, tar, 7z, rar). `of` is the derivative that it is, where it lies in another archive;
    `locked` its password, encrypted.
    """

    form: str
    of: str = ""
    locked: str = ""


class TakeMember(OnDemand, frozen=True, tag="media.take_member"):
    """Take one member out of an archive: `wanted` is what the index says of it; the rest as in IndexArchive."""

    form: str
    of: str
    locked: str
    wanted: dict[str, Any]


class RenderPages(OnDemand, frozen=True, tag="media.render_pages"):
    """Pictures of some pages of a PDF, from `first` (1) on; `of` is the derivative that it is, where it is not the file."""

    first: int
    of: str = ""


class ReadPages(OnDemand, frozen=True, tag="media.read_pages"):
    """What is written on all pages of a PDF."""

    of: str = ""


class ReadSheets(OnDemand, frozen=True, tag="media.read_sheets"):
    """The sheets of a workbook as tables."""


class ConvertOffice(OnDemand, frozen=True, tag="media.convert_office"):
    """An office document as PDF; its `suffix` tells LibreOffice what it is."""

    queue = Queue.CPU
    suffix: str


class EncodeChunk(Job, frozen=True, tag="media.encode_chunk"):
    """All rungs of one chunk. The first ones of a film go before everything else."""

    queue = Queue.CPU
    file_id: UUID
    transcode_id: UUID
    no: int

    def about_file(self) -> UUID | None:
        return self.file_id


class EncodeFirstChunk(EncodeChunk, frozen=True, tag="media.encode_first_chunk"):
    """The same for the chunks that make a film playable."""

    priority = 30


class EncodeGpuChunk(EncodeChunk, frozen=True, tag="media.encode_gpu_chunk"):
    """The same on a GPU."""

    queue = Queue.GPU


class EncodeFirstGpuChunk(EncodeFirstChunk, frozen=True, tag="media.encode_first_gpu_chunk"):
    """The first chunks on a GPU."""

    queue = Queue.GPU


class ReadThrough(Job, frozen=True, tag="media.read_through"):
    """Sound, subtitles and the picture that is only copied: one pass over the source, published as it goes."""

    queue = Queue.IO
    priority = 25
    file_id: UUID
    transcode_id: UUID

    def about_file(self) -> UUID | None:
        return self.file_id


class FinishTranscode(Job, frozen=True, tag="media.finish"):
    """Check that the pieces fit, and turn EVENT into VOD."""

    queue = Queue.IO
    priority = 25
    file_id: UUID
    transcode_id: UUID

    def about_file(self) -> UUID | None:
        return self.file_id
