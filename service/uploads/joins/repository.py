"""Statements on partial and final uploads."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select, text, update

from service.core.db import ReadSession, WriteSession
from service.uploads.models import Upload
from service.uploads.repository import SWEEP_AFTER


async def lock_partials(session: WriteSession, ids: Collection[UUID]) -> dict[UUID, Upload]:
    """Partial uploads by id, locked in the order of their ids."""
    query = select(Upload).where(Upload.id.in_(ids)).order_by(Upload.id).with_for_update()
    return {row.id: row for row in await session.scalars(query)}


async def partials_of(session: ReadSession, final_id: UUID) -> dict[UUID, Upload]:
    return {row.id: row for row in await session.scalars(select(Upload).where(Upload.joined_into == final_id))}


async def take_partials(session: WriteSession, final_id: UUID, ids: Collection[UUID]) -> None:
    await session.execute(update(Upload).where(Upload.id.in_(ids)).values(joined_into=final_id))


async def give_partials_back(session: WriteSession, final_id: UUID) -> None:
    """The final came to nothing: its partials may be joined by another."""
    await session.execute(update(Upload).where(Upload.joined_into == final_id).values(joined_into=None))


_CLOSE_JOIN = text(f"""
    UPDATE uploads SET offset_bytes = length_bytes, key = :key, state = 'COMPLETE', lease_until = NULL, updated_at = now(),
           sweep_after = {SWEEP_AFTER}
    WHERE id = :upload AND epoch = :epoch AND state = 'COMPLETING' RETURNING reserved_bytes""")
_USE_UP_PARTIALS = text("""
    WITH used AS (SELECT id, reserved_bytes FROM uploads WHERE joined_into = :upload AND state = 'COMPLETE' ORDER BY id FOR UPDATE)
    UPDATE uploads SET state = 'ABORTED', reserved_bytes = 0, sweep_after = now(), updated_at = now()
    FROM used WHERE uploads.id = used.id RETURNING used.reserved_bytes""")


async def close_join(session: WriteSession, upload_id: UUID, epoch: int, key: str) -> int | None:
    """F3 of a final: its partials are used up with it. Returns the bytes that were reserved for all of them; None: the epoch is over."""
    own: int | None = (await session.execute(_CLOSE_JOIN, {"upload": upload_id, "epoch": epoch, "key": key})).scalar_one_or_none()
    if own is None:
        return None
    used = await session.execute(_USE_UP_PARTIALS, {"upload": upload_id})
    return own + sum(int(row.reserved_bytes) for row in used)
