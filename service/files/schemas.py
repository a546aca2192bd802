"""Wire types of files."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec


class FolderCreate(msgspec.Struct, forbid_unknown_fields=True):
    """`path` is made below `parent_id` (or the root), with all folders on the way."""

    project_id: UUID
    path: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    parent_id: UUID | None = None


class PathList(msgspec.Struct, forbid_unknown_fields=True):
    """Paths of files below `folder` (or the root), as an upload would name them."""

    paths: Annotated[list[Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]], msgspec.Meta(max_length=1_000)]
    folder: UUID | None = None


class TakenPaths(msgspec.Struct):
    """Those of the paths that are files already."""

    taken: list[str]


class FolderView(msgspec.Struct):
    id: UUID
    project_id: UUID
    parent_id: UUID | None
    name: str


class Preview(msgspec.Struct):
    """What a list shows of a file. `state`: waiting, processing, ready, failed, or none where there is nothing to make; sizes in pixels."""

    kind: str = "other"
    state: str = "none"
    reason: str | None = None
    thumbnail_url: str | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None


class EntryView(msgspec.Struct):
    kind: Literal["folder", "file"]
    id: UUID
    name: str
    changed_at: datetime
    size_bytes: int | None = None
    media_type: str | None = None
    preview: Preview | None = None
    is_corrupt: bool = False


class EntryPage(msgspec.Struct):
    """`path` leads from the root to the folder shown."""

    items: list[EntryView]
    next_cursor: str | None
    path: list[FolderView]


class FileView(msgspec.Struct):
    """`sha256` (hex) is that of the stored bytes, null until it is computed; `is_corrupt`: it is not what the uploader promised."""

    id: UUID
    project_id: UUID
    folder_id: UUID
    name: str
    size_bytes: int
    media_type: str | None
    claimed_type: str | None
    etag: str
    sha256: str | None
    is_corrupt: bool
    version_no: int
    version_id: UUID
    created_at: datetime
    changed_at: datetime
    trashed_at: datetime | None
    created_by: str | None
    preview: Preview


class FilePage(msgspec.Struct):
    items: list[FileView]
    next_cursor: str | None


class VersionView(msgspec.Struct):
    """`is_verified`: the uploader gave a checksum of the whole, and it is the one of the stored bytes."""

    id: UUID
    no: int
    size_bytes: int
    sha256: str | None
    is_corrupt: bool
    is_verified: bool
    media_type: str | None
    created_at: datetime
    is_current: bool


class VersionPage(msgspec.Struct):
    items: list[VersionView]
    next_cursor: str | None


class CorruptView(msgspec.Struct):
    """A version that arrived other than its uploader said."""

    id: UUID
    no: int
    file_id: UUID
    project_id: UUID
    name: str
    size_bytes: int
    sha256: str
    expected_sha256: str
    created_at: datetime


class CorruptPage(msgspec.Struct):
    items: list[CorruptView]
    next_cursor: str | None
