"""What the files slice tells others."""

from uuid import UUID

from service.outbox.base import Event


class FileStored(Event, frozen=True, tag="files.stored"):
    """A version's bytes are proven to be in the store and it is listed. `is_plain`: its first bytes show that it is no media; `is_first`: the file has no earlier ones."""

    project_id: UUID
    file_id: UUID
    version_id: UUID
    is_plain: bool = False
    is_first: bool = False


class FilesChanged(Event, frozen=True, tag="files.changed"):
    """Names, places or the trash of a project changed: who shows its folders asks again."""

    project_id: UUID


class FilePreviewed(Event, frozen=True, tag="files.previewed"):
    """More is known of what a file shows: its type, a thumbnail, that it plays."""

    project_id: UUID
    file_id: UUID


class FilesPurged(Event, frozen=True, tag="files.purged"):
    """These versions are gone for good; others may drop what they made of them."""

    project_id: UUID
    version_ids: list[UUID]
