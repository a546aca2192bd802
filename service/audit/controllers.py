"""`/system/audit`: the access log for administrators, a page at a time or as a whole."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.di import Provide
from litestar.params import Parameter
from litestar.response import Stream

from service.audit import repository
from service.audit.models import AccessRow
from service.audit.repository import Filters
from service.audit.schemas import AccessPage, AccessView, ActivityPage, access_view, activity_view
from service.core.db import Database, ReadSession
from service.core.http.guards import SCOPE, require_admin
from service.core.http.inject import Cursor, Db, Injected, Reading
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_moment, encode_cursor
from service.core.principal import Scope

EXPORT_PAGE = 1_000
MAX_EXPORT_PAGES = 10_000
Short = Annotated[str, Parameter(max_length=100)]


def _next(rows: list[AccessRow], limit: int) -> str | None:
    return encode_cursor(rows[limit - 1].at.isoformat(), str(rows[limit - 1].id)) if len(rows) > limit else None


async def activity(read: ReadSession, filters: Filters, cursor: str | None, limit: int) -> ActivityPage:
    """One page for people who may see what it is about; whoever calls has asked."""
    rows = list(await repository.page(read, filters, decode_moment(cursor), check_limit(limit) + 1))
    return ActivityPage([activity_view(row) for row in rows[:limit]], _next(rows, limit))


def provide_filters(
    actor: Short = "",
    verb: Short = "",
    object_id: UUID | None = None,
    project_id: UUID | None = None,
    outcome: Short = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Filters:
    """Dependency `filters`: what the query says."""
    return Filters(actor, verb, object_id, project_id, outcome, since, until)


class AuditController(Controller):
    path = "/system/audit"
    dependencies = {"filters": Provide(provide_filters, sync_to_thread=False)}  # noqa: RUF012  Litestar reads it from the class
    tags = ("system",)
    guards = (require_admin,)
    opt = {SCOPE: Scope.ADMIN}  # noqa: RUF012  Litestar reads it from the class

    @get("/", summary="The access log, newest first")
    async def page(
        self,
        read: Reading,
        filters: Annotated[Filters, Injected],
        cursor: Cursor = None,
        limit: int = DEFAULT_LIMIT,
    ) -> AccessPage:
        rows = list(await repository.page(read, filters, decode_moment(cursor), check_limit(limit) + 1))
        return AccessPage([access_view(row) for row in rows[:limit]], _next(rows, limit))

    @get("/export", summary="All of it that matches, as CSV or as JSON lines, newest first", media_type="text/csv")
    async def export(
        self,
        database: Db,
        filters: Annotated[Filters, Injected],
        file_format: Annotated[Literal["csv", "jsonl"], Parameter(query="format")] = "csv",
    ) -> Stream:
        media_type = "text/csv; charset=utf-8" if file_format == "csv" else "application/jsonl"
        headers = {"Content-Disposition": f'attachment; filename="access-log.{file_format}"', "Cache-Control": "no-store"}
        return Stream(_export(database, filters, as_csv=file_format == "csv"), media_type=media_type, headers=headers)


async def _export(database: Database, filters: Filters, *, as_csv: bool) -> AsyncIterator[str]:
    """A page at a time: memory does not grow with the log, and no connection is held while the client reads."""
    if as_csv:
        yield _csv([list(AccessView.__struct_fields__)])
    before: repository.Cursor | None = None
    for _ in range(MAX_EXPORT_PAGES):
        async with database.read() as session:
            rows = await repository.page(session, filters, before, EXPORT_PAGE)
        views = [access_view(row) for row in rows]
        if as_csv:
            yield _csv([[_cell(getattr(view, name)) for name in AccessView.__struct_fields__] for view in views])
        else:
            yield "".join(f"{msgspec.json.encode(view).decode()}\n" for view in views)
        if len(rows) < EXPORT_PAGE:
            return
        before = (rows[-1].at, rows[-1].id)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode() if value else ""
    shown = value.isoformat() if isinstance(value, datetime) else str(value)
    # A spreadsheet takes what begins like this for a formula.
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@", "\t", "\r")) else shown


def _csv(rows: list[list[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
