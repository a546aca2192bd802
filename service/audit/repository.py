"""Every statement on `access_log` and its partitions."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import json
from sqlalchemy import insert, select, text, tuple_

from service.audit.models import AccessRow
from service.core import caller
from service.core.db import ReadSession, WriteSession
from service.core.ids import new_id

PREFIX = "access_log_"
_NAME = re.compile(rf"^{PREFIX}(\d{{4}})_(\d\d)$")
_COLUMNS = [column.name for column in AccessRow.__table__.columns]


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show; None or empty: whatever it is. `verb` matches its beginning (`files`), `actor` the name or the id."""

    actor: str = ""
    verb: str = ""
    object_id: UUID | None = None
    project_id: UUID | None = None
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


Cursor = tuple[datetime, UUID]

# For statements of others that tell of what they do: one row of `{source}`, one line. `note_parameters` has its parameters.
NOTE_FROM = """INSERT INTO access_log
        (id, actor_kind, actor_id, actor, verb, object_kind, object_id, object_name, project_id, address, request_id, details)
    SELECT :note_id, :note_kind, CAST(:note_actor AS uuid), coalesce((SELECT username FROM users WHERE id = :note_actor), ''), :note_verb,
           :note_object_kind, CAST(:note_object AS uuid), :note_name, CAST(:note_project AS uuid), :note_address, :note_request,
           CAST(:note_details AS jsonb)
    FROM {source}"""


def note_parameters(
    verb: str, actor: UUID, kind: str, thing: UUID, name: str, project: UUID, details: dict[str, object]
) -> dict[str, object]:
    """For NOTE_FROM: what `actor` did to a thing, within the request that is being answered, if there is one."""
    return {
        "note_id": new_id(),
        "note_kind": "user",
        "note_actor": actor,
        "note_verb": verb,
        "note_object_kind": kind,
        "note_object": thing,
        "note_name": name,
        "note_project": project,
        "note_address": caller.address.get(),
        "note_request": caller.request_id.get(),
        "note_details": json.encode(details).decode(),
    }


async def insert_rows(session: WriteSession, rows: Sequence[AccessRow]) -> None:
    """All in one statement."""
    await session.execute(insert(AccessRow), [{name: getattr(row, name) for name in _COLUMNS} for row in rows])


async def page(session: ReadSession, filters: Filters, before: Cursor | None, limit: int) -> Sequence[AccessRow]:
    """Newest first."""
    query = select(AccessRow).order_by(AccessRow.at.desc(), AccessRow.id.desc()).limit(limit)
    if filters.actor:
        as_id = _as_id(filters.actor)
        query = query.where(AccessRow.actor_id == as_id if as_id else AccessRow.actor == filters.actor)
    if filters.verb:
        query = query.where(AccessRow.verb.startswith(filters.verb, autoescape=True))
    if filters.object_id is not None:
        query = query.where(AccessRow.object_id == filters.object_id)
    if filters.project_id is not None:
        query = query.where(AccessRow.project_id == filters.project_id)
    if filters.outcome:
        query = query.where(AccessRow.outcome == filters.outcome)
    if filters.since is not None:
        query = query.where(AccessRow.at >= filters.since)
    if filters.until is not None:
        query = query.where(AccessRow.at < filters.until)
    if before is not None:
        query = query.where(tuple_(AccessRow.at, AccessRow.id) < before)
    return (await session.scalars(query)).all()


def _as_id(text_: str) -> UUID | None:
    try:
        return UUID(text_)
    except ValueError:
        return None


async def about(
    session: ReadSession, thing: UUID, verbs: Collection[str], not_by: UUID, since: datetime | None, before: Cursor | None, limit: int
) -> Sequence[AccessRow]:
    """Newest first: what others did to a thing."""
    query = (
        select(AccessRow)
        .where(AccessRow.object_id == thing, AccessRow.verb.in_(verbs), AccessRow.actor_id.is_distinct_from(not_by))
        .order_by(AccessRow.at.desc(), AccessRow.id.desc())
        .limit(limit)
    )
    if since is not None:
        query = query.where(AccessRow.at > since)
    if before is not None:
        query = query.where(tuple_(AccessRow.at, AccessRow.id) < before)
    return (await session.scalars(query)).all()


async def partitions(session: ReadSession) -> set[str]:
    rows = await session.execute(
        text("SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = CAST('access_log' AS regclass)")
    )
    return {row.name for row in rows}


async def ensure_month(session: WriteSession, year: int, month: int, there: Collection[str]) -> None:
    """Lines of that month which came before its partition move into it."""
    name = f"{PREFIX}{year}_{month:02}"
    if name in there:
        return
    begin, end = f"{year}-{month:02}-01", f"{year + month // 12}-{month % 12 + 1:02}-01"
    within = f"at >= '{begin} 00:00+00' AND at < '{end} 00:00+00'"
    # A table's name can't be a parameter; all of it is made of two numbers.
    for statement in (
        f"CREATE TABLE {name} (LIKE access_log INCLUDING DEFAULTS INCLUDING CONSTRAINTS)",
        f"WITH moved AS (DELETE FROM {PREFIX}rest WHERE {within} RETURNING *) INSERT INTO {name} SELECT * FROM moved",
        f"ALTER TABLE access_log ATTACH PARTITION {name} FOR VALUES FROM ('{begin} 00:00+00') TO ('{end} 00:00+00')",
    ):
        await session.execute(text(statement))


async def drop_before(session: WriteSession, keep_s: int, there: Collection[str]) -> None:
    """Whole months only: a line lives at most a month longer than asked."""
    oldest = datetime.now(UTC) - timedelta(seconds=keep_s)
    for name in sorted(there):
        match = _NAME.match(name)
        if match and (int(match[1]), int(match[2])) < (oldest.year, oldest.month):
            await session.execute(text(f"DROP TABLE {name}"))
    await session.execute(text(f"DELETE FROM {PREFIX}rest WHERE at < :oldest"), {"oldest": oldest})
