"""`/files/{id}/versions`."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.params import Parameter

from service.core.http.inject import Caller, Config, Cursor, Reading, Writing
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_cursor, encode_cursor
from service.files.schemas import VersionPage, VersionView
from service.files.service import CORRUPT, get_file
from service.files.versions import repository
from service.files.versions.service import delete_version, restore_version

Number = Annotated[int, Parameter(ge=1, le=1 << 30)]


class VersionController(Controller):
    path = "/files/{file_id:uuid}/versions"
    tags = ("files",)

    @get("/", summary="Versions of a file, newest first")
    async def page(self, file_id: UUID, principal: Caller, read: Reading, cursor: Cursor = None, limit: int = DEFAULT_LIMIT) -> VersionPage:
        found = await get_file(read, principal, file_id)
        below = int(decode_cursor(cursor, int)[0]) if cursor else None
        rows = await repository.page(read, file_id, below, check_limit(limit) + 1)
        items = [
            VersionView(
                row.id,
                row.no,
                row.size_bytes,
                row.sha256,
                row.state == CORRUPT,
                row.sha256 is not None and row.sha256 == row.expected_sha256,
                row.media_type or row.claimed_type,
                row.created_at,
                row.id == found.version.id,
            )
            for row in rows[:limit]
        ]
        return VersionPage(items, encode_cursor(items[-1].no) if len(rows) > limit else None)

    @post("/{no:int}/restore", status_code=204, summary="Make an old version the one that the file shows")
    async def restore(self, file_id: UUID, no: Number, principal: Caller, write: Writing) -> None:
        await restore_version(write, principal, file_id, no)

    @delete("/{no:int}", summary="Delete a version that is not the current one, for good")
    async def remove(self, file_id: UUID, no: Number, principal: Caller, write: Writing, settings: Config) -> None:
        await delete_version(write, principal, file_id, no, settings.server.recovery_window_s)
