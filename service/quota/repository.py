"""Every statement on `quota_slots`."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from service.core.db import ReadSession, WriteSession
from service.quota.models import QuotaSlot

# The CTEs of one change, for statements of others too. One round trip for both. The project's part reads what the user's part returned, so the user's row is locked first.
CHANGE_WHEN = """
    mine AS (
        UPDATE quota_slots SET reserved_bytes = reserved_bytes + :reserved, used_bytes = used_bytes + :used
        WHERE owner_kind = 'user' AND owner_id = :user_id AND slot = 0 AND {when}
          AND (NOT :must_fit OR used_bytes + reserved_bytes + :reserved + :used <= limit_bytes)
        RETURNING owner_id),
    ours AS (
        UPDATE quota_slots SET reserved_bytes = reserved_bytes + :reserved, used_bytes = used_bytes + :used
        WHERE owner_kind = 'project' AND owner_id = :project_id AND slot = 0 AND {when}
          AND (NOT :must_fit OR used_bytes + reserved_bytes + :reserved + :used <= limit_bytes)
          AND (SELECT count(*) FROM mine) >= 0
        RETURNING owner_id)"""
_CHANGE = text(f"""
    WITH {CHANGE_WHEN.format(when="true")}
    SELECT (SELECT count(*) FROM mine) AS mine, (SELECT count(*) FROM ours) AS ours""")

_READ = text("SELECT limit_bytes, reserved_bytes, used_bytes FROM quota_slots WHERE owner_kind = :kind AND owner_id = :owner AND slot = 0")


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes of one owner."""

    limit_bytes: int
    reserved_bytes: int
    used_bytes: int

    @property
    def left_bytes(self) -> int:
        return max(0, self.limit_bytes - self.reserved_bytes - self.used_bytes)


async def change(session: WriteSession, user: UUID, project: UUID, *, reserved: int, used: int, must_fit: bool) -> tuple[bool, bool]:
    """Add to both counters of the user and of the project; with `must_fit` not beyond a limit. Which of the two were changed."""
    parameters = {"user_id": user, "project_id": project, "reserved": reserved, "used": used, "must_fit": must_fit}
    row = (await session.execute(_CHANGE, parameters)).one()
    return bool(row.mine), bool(row.ours)


async def usage(session: ReadSession, kind: str, owner: UUID) -> Usage | None:
    row = (await session.execute(_READ, {"kind": kind, "owner": owner})).one_or_none()
    return None if row is None else Usage(*row)


def add_slot(session: WriteSession, kind: str, owner: UUID, limit_bytes: int) -> None:
    session.add(QuotaSlot(owner_kind=kind, owner_id=owner, slot=0, limit_bytes=limit_bytes))


async def change_limit(session: WriteSession, kind: str, owner: UUID, limit_bytes: int) -> None:
    statement = text("UPDATE quota_slots SET limit_bytes = :limit WHERE owner_kind = :kind AND owner_id = :owner AND slot = 0")
    await session.execute(statement, {"kind": kind, "owner": owner, "limit": limit_bytes})


_ALL = text("SELECT owner_id, limit_bytes, reserved_bytes, used_bytes FROM quota_slots WHERE owner_kind = :kind AND slot = 0")
_LOCK = text(f"{_READ.text} FOR UPDATE")
_CORRECT = text("""
    UPDATE quota_slots SET reserved_bytes = :reserved, used_bytes = :used
    WHERE owner_kind = :kind AND owner_id = :owner AND slot = 0""")


async def all_usage(session: ReadSession, kind: str) -> dict[UUID, Usage]:
    """Of every owner of a kind."""
    rows = await session.execute(_ALL, {"kind": kind})
    return {row.owner_id: Usage(row.limit_bytes, row.reserved_bytes, row.used_bytes) for row in rows}


async def lock_usage(session: WriteSession, kind: str, owner: UUID) -> Usage | None:
    """Until this transaction ends nobody's change counts, so that what is counted next is exact."""
    row = (await session.execute(_LOCK, {"kind": kind, "owner": owner})).one_or_none()
    return None if row is None else Usage(*row)


async def correct(session: WriteSession, kind: str, owner: UUID, *, reserved_bytes: int, used_bytes: int) -> None:
    await session.execute(_CORRECT, {"kind": kind, "owner": owner, "reserved": reserved_bytes, "used": used_bytes})


_RELEASE = text("""
    UPDATE quota_slots SET used_bytes = used_bytes - :bytes WHERE owner_kind = :kind AND owner_id = :owner AND slot = 0""")


async def take_used(session: WriteSession, kind: str, owner: UUID, size_bytes: int) -> None:
    await session.execute(_RELEASE, {"kind": kind, "owner": owner, "bytes": size_bytes})


@dataclass(frozen=True, slots=True)
class Rise:
    """An owner who crossed a level of fullness, upwards or down: 0, 80 or 95 per cent."""

    owner_kind: str
    owner_id: UUID
    percent: int
    percent_before: int
    usage: Usage


# A level is left only 5 below where it is reached, so that who hovers about it is told once.
_NOTE_LEVELS = text("""
    WITH crossed AS (
        SELECT owner_kind, owner_id, slot, level, warned_percent AS before FROM quota_slots,
            LATERAL (SELECT 100.0 * (used_bytes + reserved_bytes) / greatest(limit_bytes, 1) AS full_to) share,
            LATERAL (SELECT CASE
                WHEN full_to >= 95 OR (full_to >= 90 AND warned_percent = 95) THEN 95
                WHEN full_to >= 80 OR (full_to >= 75 AND warned_percent > 0) THEN 80
                ELSE 0 END AS level) levels
        WHERE slot = 0 AND level <> warned_percent LIMIT :limit FOR UPDATE OF quota_slots SKIP LOCKED)
    UPDATE quota_slots slots SET warned_percent = level FROM crossed
    WHERE (crossed.owner_kind, crossed.owner_id, crossed.slot) = (slots.owner_kind, slots.owner_id, slots.slot)
    RETURNING slots.owner_kind, slots.owner_id, level, before, limit_bytes, reserved_bytes, used_bytes""")


async def note_levels(session: WriteSession, limit: int) -> list[Rise]:
    """Those who crossed a level since they were last looked at, which is noted."""
    rows = await session.execute(_NOTE_LEVELS, {"limit": limit})
    return [
        Rise(row.owner_kind, row.owner_id, row.level, row.before, Usage(row.limit_bytes, row.reserved_bytes, row.used_bytes))
        for row in rows
    ]
