"""Wire types of files."""

from datetime import date, datetime
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


class FolderDetails(msgspec.Struct):
    """`files` and `bytes` are those of all that is live in it and below."""

    id: UUID
    project_id: UUID
    parent_id: UUID | None
    name: str
    files: int
    bytes: int
    created_at: datetime
    trashed_at: datetime | None
    revision: int


class TreeFolder(msgspec.Struct):
    id: UUID
    name: str
    files: int
    bytes: int
    has_folders: bool


class TreePage(msgspec.Struct):
    items: list[TreeFolder]
    next_cursor: str | None


class TagCount(msgspec.Struct):
    tag: str
    files: int


class Daily(msgspec.Struct):
    day: date
    files: int
    bytes: int


class DailyList(msgspec.Struct):
    items: list[Daily]


class TagList(msgspec.Struct):
    items: list[TagCount]


OnConflict = Literal["fail", "rename", "replace"]


class FileChange(msgspec.Struct, forbid_unknown_fields=True):
    """A new name, another folder, or both; what is left out stays."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=1_024)] | None = None
    folder_id: UUID | None = None
    on_conflict: OnConflict = "fail"


class FolderChange(msgspec.Struct, forbid_unknown_fields=True):
    """A new name, another parent, or both; what is left out stays."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=1_024)] | None = None
    parent_id: UUID | None = None
    on_conflict: Literal["fail", "rename"] = "fail"


Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Ids = Annotated[list[UUID], msgspec.Meta(max_length=10_000)]


class TagChange(msgspec.Struct, forbid_unknown_fields=True):
    """All tags of the file, from now on."""

    tags: Annotated[list[Tag], msgspec.Meta(max_length=50)]


class Bulk(msgspec.Struct, forbid_unknown_fields=True):
    """Do `verb` to many things: those named, or with `all_in` everything that folder shows (under the filter `q`) but `exclude`.

    `move` and `copy` need `target`; `tag` and `untag` need `tags` and concern files. `purge` and `restore` are for what is in the trash.
    """

    verb: Literal["move", "copy", "trash", "restore", "purge", "tag", "untag", "favourite", "unfavourite"]
    files: Ids = []
    folders: Ids = []
    all_in: UUID | None = None
    q: Annotated[str, msgspec.Meta(max_length=200)] = ""
    exclude: Ids = []
    target: UUID | None = None
    target_project: UUID | None = None
    on_conflict: OnConflict = "rename"
    tags: Annotated[list[Tag], msgspec.Meta(max_length=50)] = []


class Refused(msgspec.Struct):
    """One thing that was left as it is, and why."""

    id: UUID
    code: str
    detail: str


class BulkOutcome(msgspec.Struct):
    """`is_running`: copies are made by a job, and appear one after the other."""

    done: int
    refused: list[Refused]
    is_running: bool = False


class TrashView(msgspec.Struct):
    """`parent` is the name of the folder it was in; empty for the project itself."""

    kind: Literal["folder", "file"]
    id: UUID
    name: str
    trashed_at: datetime
    size_bytes: int
    media_type: str | None
    trashed_by: str | None
    parent: str | None


class TrashPage(msgspec.Struct):
    items: list[TrashView]
    next_cursor: str | None


class ZipWanted(msgspec.Struct, forbid_unknown_fields=True):
    """What goes into the ZIP: files, and folders with all that is live below them; neither: the whole project."""

    files: Ids = []
    folders: Ids = []


class ZipLink(msgspec.Struct):
    """`url` begins the download at once and goes on with it by Range, until `expires_at`."""

    url: str
    name: str
    size_bytes: int
    entries: int
    expires_at: datetime


class Preview(msgspec.Struct):
    """What a list shows of a file. `state`: waiting, processing, ready, failed, or none where there is nothing to make; sizes in pixels.

    `placeholder`: a data URI of some pixels, to show until the picture is there.
    """

    kind: str = "other"
    state: str = "none"
    reason: str | None = None
    thumbnail_url: str | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    placeholder: str | None = None


class EntryView(msgspec.Struct):
    """A folder's `size_bytes` and `files` are those of all that is live in it and below; they follow within seconds."""

    kind: Literal["folder", "file"]
    id: UUID
    name: str
    changed_at: datetime
    size_bytes: int | None = None
    media_type: str | None = None
    preview: Preview | None = None
    is_corrupt: bool = False
    files: int | None = None
    is_favourite: bool = False


class EntryPage(msgspec.Struct):
    """`path` leads from the root to the folder shown."""

    items: list[EntryView]
    next_cursor: str | None
    path: list[FolderView]


class FileView(msgspec.Struct):
    """`sha256` (hex) is that of the stored bytes, null until it is computed; `is_corrupt`: it is not what the uploader promised.

    `media_type` is what the bytes are, `claimed_type` what the uploader said. `revision` is what `If-Match` compares. `location` is
    the path of its folder, in searches.
    """

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
    revision: int
    location: str
    tags: list[str]
    is_favourite: bool


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
