"""Wire types of uploads (the tus face speaks in headers)."""

from datetime import datetime
from uuid import UUID

import msgspec


class UploadView(msgspec.Struct):
    """`url` is where tus goes on; asking here disturbs no writer."""

    id: UUID
    url: str
    project_id: UUID
    folder_id: UUID
    name: str
    length_bytes: int | None
    offset_bytes: int
    part_bytes: int
    state: str
    protocol: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    file_id: UUID | None


class OpenUpload(msgspec.Struct):
    """An unfinished upload as an administrator sees it.

    `is_receiving`: the node `holder` writes to it now, at `bytes_per_s` since it began to; else `holder` is who did last.
    """

    id: UUID
    username: str
    project_id: UUID
    project: str
    name: str
    protocol: str
    kind: str
    state: str
    length_bytes: int | None
    offset_bytes: int
    reserved_bytes: int
    is_receiving: bool
    holder: str | None
    bytes_per_s: float
    age_s: int
    untouched_s: int
    expires_at: datetime


class OpenUploadPage(msgspec.Struct):
    items: list[OpenUpload]
    next_cursor: str | None


class UploadPage(msgspec.Struct):
    items: list[UploadView]
    next_cursor: str | None
