"""Upkeep of the files slice."""

from uuid import UUID

from service.outbox.base import Job, Queue


class DrainDoomed(Job, frozen=True, tag="files.drain_doomed"):
    """Delete objects whose recovery window is over."""

    queue = Queue.UPKEEP


class DigestFile(Job, frozen=True, tag="files.digest"):
    """Read a version once more and compute its SHA-256; one that was promised has to be equal."""

    queue = Queue.UPKEEP
    priority = -10
    file_id: UUID
    version_id: UUID

    def about_file(self) -> UUID | None:
        return self.file_id


class RecountQuota(Job, frozen=True, tag="files.recount_quota"):
    """Compare what is accounted with what is stored and reserved; mend and report what differs."""

    queue = Queue.UPKEEP
