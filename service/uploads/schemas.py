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
    state: str
    protocol: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    file_id: UUID | None


class UploadPage(msgspec.Struct):
    items: list[UploadView]
    next_cursor: str | None
