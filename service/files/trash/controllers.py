"""`/projects/{id}/trash`."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Controller, delete, get

from service.core.http.inject import Caller, Config, Cursor, Reading, Writing
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_moment, encode_cursor
from service.core.principal import Permission
from service.files.schemas import TrashPage, TrashView
from service.files.trash import repository, service
from service.projects import service as projects


class TrashController(Controller):
    path = "/projects/{project_id:uuid}/trash"
    tags = ("files",)

    @get("/", summary="What was thrown away in a project, newest first")
    async def page(
        self, project_id: UUID, principal: Caller, read: Reading, cursor: Cursor = None, limit: int = DEFAULT_LIMIT
    ) -> TrashPage:
        await projects.require(read, principal, project_id, Permission.VIEW)
        before: tuple[datetime, UUID] | None = decode_moment(cursor)
        rows = await repository.page(read, project_id, before, check_limit(limit) + 1)
        items = [msgspec.convert(row, TrashView, from_attributes=True) for row in rows[:limit]]
        more = len(rows) > limit
        return TrashPage(items, encode_cursor(items[-1].trashed_at.isoformat(), str(items[-1].id)) if more else None)

    @delete("/", summary="Empty the trash: everything in it is deleted for good")
    async def empty(self, project_id: UUID, principal: Caller, write: Writing, settings: Config) -> None:
        await service.purge(write, principal, project_id, settings.server.recovery_window_s, files=None, folders=None)
