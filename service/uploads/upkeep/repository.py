"""Statements of the sweeper and of the scan: rows whose lease is over, and keys compared with rows."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import RowMapping, delete, func, or_, select, text, true, update

from service.core.db import ReadSession, WriteSession
from service.uploads.models import Kind, State, Upload, UploadPart
from service.uploads.repository import FINISH_LEASE_UNTIL, IS_FREE

# Whole in itself, and joined by nobody: its bytes still belong to an unfinished upload.
_IDLE_PARTIAL = (Upload.kind == Kind.PARTIAL) & (Upload.state == State.COMPLETE) & Upload.joined_into.is_(None)


async def begin_abort(session: WriteSession, upload_id: UUID, *, if_expired: bool) -> bool:
    """With `if_expired` only what is over and nobody's at this moment, whatever it was when somebody looked last."""
    is_due = (Upload.expires_at < func.now()) & IS_FREE if if_expired else true()
    statement = (
        update(Upload)
        .where(Upload.id == upload_id, (Upload.state == State.OPEN) | _IDLE_PARTIAL, is_due)
        .values(state=State.ABORTING, epoch=Upload.epoch + 1, lease_until=FINISH_LEASE_UNTIL, updated_at=func.now())
        .returning(Upload.id)
    )
    return (await session.scalars(statement)).one_or_none() is not None


async def take_abort(session: WriteSession, upload_id: UUID) -> Upload | None:
    statement = (
        update(Upload)
        .where(Upload.id == upload_id, Upload.state == State.ABORTING)
        .values(lease_until=FINISH_LEASE_UNTIL)
        .returning(Upload)
    )
    return (await session.scalars(statement)).one_or_none()


async def close_abort(session: WriteSession, upload_id: UUID) -> Upload | None:
    """Returns the row as it was charged; the caller releases its reservation in the same transaction."""
    row = (
        await session.scalars(select(Upload).where(Upload.id == upload_id, Upload.state == State.ABORTING).with_for_update())
    ).one_or_none()
    if row is not None:
        values = {
            "state": State.ABORTED,
            "lease_until": None,
            "tail_key": None,
            "tail_bytes": 0,
            "sweep_after": text("now() + interval '15 minutes'"),
            "reserved_bytes": 0,
        }
        session.expunge(row)
        await session.execute(update(Upload).where(Upload.id == upload_id).values(**values))
    return row


async def sweepable(session: ReadSession, limit: int) -> Sequence[tuple[UUID, str]]:
    """Uploads whose lease is over and that something is to be done for, with their state."""
    due = or_(
        Upload.state.in_([State.COMPLETING, State.ABORTING]),
        (Upload.state == State.OPEN) & ((Upload.expires_at < func.now()) | (Upload.offset_bytes == Upload.length_bytes)),
        (Upload.state == State.LOST) & (Upload.expires_at > func.now()),
        _IDLE_PARTIAL & (Upload.expires_at < func.now()),
    )
    rows = await session.execute(select(Upload.id, Upload.state).where(IS_FREE, due).order_by(Upload.id).limit(limit))
    return [(row.id, row.state) for row in rows]


async def forgotten(session: ReadSession, limit: int) -> Sequence[UUID]:
    """Open uploads of which the store once said that it knows nothing, due for another check."""
    query = select(Upload.id).where(Upload.state == State.OPEN, Upload.lost_checked_at < text("now() - interval '5 minutes'"), IS_FREE)
    return (await session.scalars(query.limit(limit))).all()


async def note_absent(session: WriteSession, upload_id: UUID, *, wait: str = "5 minutes") -> int:
    """Count one more check that found neither object nor multipart, at most one per `wait`; returns the count.

    A finish rests until the next check; an upload that is still open stays open to its client.
    """
    statement = text("""
        UPDATE uploads SET lost_checks = lost_checks + 1, lost_checked_at = now(),
               lease_until = CASE WHEN state = 'OPEN' THEN lease_until ELSE now() + CAST(:wait AS interval) END
        WHERE id = :id AND (lost_checked_at IS NULL OR lost_checked_at < now() - CAST(:wait AS interval)) RETURNING lost_checks""")
    return (await session.execute(statement, {"id": upload_id, "wait": wait})).scalar_one_or_none() or 0


async def mark_lost(session: WriteSession, upload_id: UUID) -> Upload | None:
    row = (
        await session.scalars(
            select(Upload).where(Upload.id == upload_id, Upload.state.in_([State.OPEN, State.COMPLETING])).with_for_update()
        )
    ).one_or_none()
    if row is not None:
        session.expunge(row)
        await session.execute(
            update(Upload)
            .where(Upload.id == upload_id)
            .values(
                state=State.LOST, epoch=Upload.epoch + 1, lease_until=None, reserved_bytes=0, expires_at=text("now() + interval '7 days'")
            )
        )
    return row


async def revive_lost(session: WriteSession, upload_id: UUID) -> bool:
    """LOST → COMPLETING, because the object turned up after all."""
    statement = (
        update(Upload)
        .where(Upload.id == upload_id, Upload.state == State.LOST)
        .values(state=State.COMPLETING, lease_until=None)
        .returning(Upload.id)
    )
    return (await session.scalars(statement)).one_or_none() is not None


async def leftovers(session: ReadSession, limit: int) -> Sequence[Upload]:
    """Ended uploads whose prefixes are due for one more look."""
    return (await session.scalars(select(Upload).where(Upload.sweep_after < func.now()).order_by(Upload.sweep_after).limit(limit))).all()


async def set_swept(session: WriteSession, upload_id: UUID) -> None:
    await session.execute(update(Upload).where(Upload.id == upload_id).values(sweep_after=None))


async def lapsed(session: WriteSession, limit: int) -> Sequence[Upload]:
    """Reservations of uploads without a byte after an hour: freed here, taken again at the first PATCH."""
    query = (
        select(Upload)
        .where(
            Upload.state == State.OPEN,
            Upload.offset_bytes == 0,
            Upload.reserved_bytes > 0,
            Upload.updated_at < text("now() - interval '1 hour'"),
            IS_FREE,
        )
        .with_for_update(skip_locked=True)
        .limit(limit)
    )
    rows = (await session.scalars(query)).all()
    for row in rows:
        session.expunge(row)
    await session.execute(update(Upload).where(Upload.id.in_([row.id for row in rows])).values(reserved_bytes=0))
    return rows


async def drop_old_parts(session: WriteSession) -> None:
    ended = select(Upload.id).where(
        Upload.state.in_([State.COMPLETE, State.ABORTED]),
        Upload.updated_at < text("now() - interval '1 day'"),
        Upload.updated_at > text("now() - interval '3 days'"),
    )
    await session.execute(delete(UploadPart).where(UploadPart.upload_id.in_(ended)))


_OPEN = text("""
    SELECT u.id, s.username, u.project_id, p.name AS project, u.name, u.protocol, u.kind, u.state, u.length_bytes, u.offset_bytes,
           u.reserved_bytes, coalesce(u.lease_until > now(), false) AS is_receiving, u.expires_at,
           u.holder, CASE WHEN u.lease_until > now() AND u.held_since IS NOT NULL
             THEN (u.offset_bytes - u.held_from) / greatest(extract(epoch FROM now() - u.held_since), 1)::float8 ELSE 0 END AS bytes_per_s,
           extract(epoch FROM now() - u.created_at)::bigint AS age_s, extract(epoch FROM now() - u.updated_at)::bigint AS untouched_s
    FROM uploads u JOIN users s ON s.id = u.user_id JOIN projects p ON p.id = u.project_id
    WHERE u.state IN ('OPEN', 'COMPLETING', 'ABORTING', 'LOST') AND u.id > :after AND (CAST(:one AS uuid) IS NULL OR u.id = :one)
      AND u.updated_at <= now() - make_interval(secs => :untouched_s)
    ORDER BY u.id LIMIT :limit""")


async def open_uploads(
    session: ReadSession, *, after: UUID, limit: int, untouched_s: int = 0, one: UUID | None = None
) -> Sequence[RowMapping]:
    """Everybody's unfinished uploads that nobody touched for so long, oldest first; or only `one`."""
    parameters = {"after": after, "limit": limit, "untouched_s": untouched_s, "one": one}
    return (await session.execute(_OPEN, parameters)).mappings().all()


_KNOWN = text("""
    SELECT key FROM file_versions WHERE bucket = :bucket AND key = ANY(:keys)
    UNION SELECT key FROM uploads WHERE kind = 'partial' AND state = 'COMPLETE' AND key = ANY(:keys)
    UNION SELECT key FROM doomed_objects WHERE bucket = :bucket AND key = ANY(:keys)""")
_STORED = text("""
    SELECT v.key FROM uploads u JOIN file_versions v ON v.id = u.version_id
    WHERE v.bucket = :bucket AND starts_with(v.key, :prefix) AND u.id > :after AND u.id <= :upto ORDER BY u.id LIMIT :limit""")
_SWEEP_AGAIN = text(
    "UPDATE uploads SET sweep_after = now() WHERE id = ANY(:ids) AND state IN ('COMPLETE', 'ABORTED') AND sweep_after IS NULL"
)


async def known_keys(session: ReadSession, bucket: str, wanted: Sequence[str]) -> set[str]:
    """Which of these keys belong to a version or are waiting to be deleted."""
    return {row.key for row in await session.execute(_KNOWN, {"bucket": bucket, "keys": list(wanted)})}


async def settled(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, bool]:
    """Of the uploads there are: whether nothing more is to be done for them, by a holder or by the sweep."""
    is_settled = Upload.state.in_([State.COMPLETE, State.ABORTED]) & Upload.sweep_after.is_(None)
    rows = await session.execute(select(Upload.id, is_settled).where(Upload.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


async def stored_keys(session: ReadSession, bucket: str, prefix: str, after: UUID, upto: UUID, limit: int) -> list[str]:
    """Keys under `prefix` of versions whose uploads' ids lie in (after, upto], in the order of the ids."""
    parameters = {"bucket": bucket, "prefix": prefix, "after": after, "upto": upto, "limit": limit}
    return [row.key for row in await session.execute(_STORED, parameters)]


async def sweep_again(session: WriteSession, ids: Sequence[UUID]) -> None:
    await session.execute(_SWEEP_AGAIN, {"ids": list(ids)})


# States in which an upload still has bytes of its own in the store, or may have.
_UNSETTLED = Upload.state.in_([State.OPEN, State.COMPLETING, State.ABORTING]) | Upload.sweep_after.is_not(None) | _IDLE_PARTIAL


async def expire_all_of(session: WriteSession, project_id: UUID) -> None:
    """What is open in a project is the sweeper's from now on."""
    statement = update(Upload).where(Upload.project_id == project_id, (Upload.state == State.OPEN) | _IDLE_PARTIAL)
    await session.execute(statement.values(expires_at=func.least(Upload.expires_at, func.now())))


async def remove_all_of(session: WriteSession, project_id: UUID) -> bool:
    """Forget the uploads of a project. False, and nothing is done: one of them is not over yet."""
    # Locked: one that is about to finish must not make a file of a project that goes.
    rows = await session.execute(select(_UNSETTLED).where(Upload.project_id == project_id).with_for_update())
    if any(is_unsettled for (is_unsettled,) in rows):
        return False
    await session.execute(delete(Upload).where(Upload.project_id == project_id))
    return True


async def reserved_bytes(session: ReadSession, *, by_project: bool, owner: UUID | None = None) -> dict[UUID, int]:
    """What uploads have reserved by person or by project; of one `owner`, or of everybody who has any."""
    column = Upload.project_id if by_project else Upload.user_id
    query = select(column, func.sum(Upload.reserved_bytes)).where(Upload.reserved_bytes > 0).group_by(column)
    if owner is not None:
        query = query.where(column == owner)
    return {found: int(total) for found, total in await session.execute(query)}
