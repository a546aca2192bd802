"""Upkeep of the files slice."""

from uuid import UUID

import msgspec

from service.outbox.base import Job, Queue


class DrainDoomed(Job, frozen=True, tag="files.drain_doomed"):
    """Delete objects whose recovery window is over."""

    queue = Queue.UPKEEP


class EmptyTrash(Job, frozen=True, tag="files.empty_trash"):
    """End what lay in the trash for long enough (`keep_s`; None: as the settings say), and what people took out of it for good."""

    queue = Queue.UPKEEP
    keep_s: int | None = None
    is_dry_run: bool = False


class CopyFolder(msgspec.Struct, frozen=True):
    """What lies below `source` goes below `target`, which is there already."""

    source: UUID
    target: UUID


class CopyEntries(Job, frozen=True, tag="files.copy"):
    """Copy files and folders, at the store, into a folder of the same project or another."""

    queue = Queue.IO
    user_id: UUID
    project_id: UUID
    files: list[UUID]
    folders: list[CopyFolder]
    target_project_id: UUID
    target: UUID
    # Names what each copy is stored as, so that another attempt finds what an earlier one has done.
    seed: UUID


class FixTypes(Job, frozen=True, tag="files.fix_types"):
    """Look at the first bytes of every current version once more, and say what it is; of one project, or of all."""

    queue = Queue.UPKEEP
    priority = -5
    is_dry_run: bool
    project_id: UUID | None = None


class VerifyFiles(Job, frozen=True, tag="files.verify"):
    """Read every version from the store and compare it with its size and SHA-256; of one project, or of all."""

    queue = Queue.UPKEEP
    priority = -20
    is_dry_run: bool
    project_id: UUID | None = None


class CleanDerived(Job, frozen=True, tag="files.clean_derived"):
    """Delete what was made of versions that are gone."""

    queue = Queue.UPKEEP
    is_dry_run: bool
    min_age_s: int


class DigestFile(Job, frozen=True, tag="files.digest"):
    """Read a version once more and compute its SHA-256; one that was promised has to be equal."""

    queue = Queue.UPKEEP
    priority = -10
    file_id: UUID
    version_id: UUID

    def about_file(self) -> UUID | None:
        return self.file_id


class WarnOfQuota(Job, frozen=True, tag="files.warn_of_quota"):
    """Tell whoever has crossed 80 or 95 per cent of a quota since the last look."""

    queue = Queue.UPKEEP


class RecountQuota(Job, frozen=True, tag="files.recount_quota"):
    """Compare what is accounted with what is stored and reserved; mend and report what differs."""

    queue = Queue.UPKEEP
