"""Statements of the `parts` intake. A row of a part that is only signed has no start and no ETag: it says what was charged."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from service.core.db import WriteSession
from service.uploads.models import Protocol, State, Upload, UploadPart
from service.uploads.repository import FINISH_LEASE_UNTIL, Expiry


async def touch(session: WriteSession, upload_id: UUID, expiry: Expiry) -> Upload | None:
    """Slide the expiry and lock the row; None: it takes no parts any more."""
    statement = (
        update(Upload)
        .where(Upload.id == upload_id, Upload.state == State.OPEN, Upload.protocol == Protocol.S3, Upload.expires_at > func.now())
        .values(updated_at=func.now(), expires_at=expiry.from_now())
        .returning(Upload)
    )
    return (await session.scalars(statement)).one_or_none()


async def charge(session: WriteSession, upload_id: UUID, number: int, size: int) -> int:
    """Note that this part may come with that many bytes; returns the bytes of all parts that may come."""
    added = insert(UploadPart).values(upload_id=upload_id, no=number, size_bytes=size, etag="")
    await session.execute(
        added.on_conflict_do_update(
            index_elements=["upload_id", "no"], set_={"size_bytes": func.greatest(UploadPart.size_bytes, added.excluded.size_bytes)}
        )
    )
    return int((await session.scalars(select(func.sum(UploadPart.size_bytes)).where(UploadPart.upload_id == upload_id))).one())


async def largest_charge(session: WriteSession, upload_id: UUID) -> int:
    return int((await session.scalars(select(func.max(UploadPart.size_bytes)).where(UploadPart.upload_id == upload_id))).one() or 0)


async def begin_completing(session: WriteSession, upload_id: UUID, rows: Sequence[UploadPart], total: int) -> Upload | None:
    """The client's list is final: from here on it is an upload like any other. None: somebody else was quicker."""
    statement = (
        update(Upload)
        .where(Upload.id == upload_id, Upload.state == State.OPEN)
        .values(
            state=State.COMPLETING,
            length_bytes=total,
            offset_bytes=total,
            epoch=Upload.epoch + 1,
            lease_until=FINISH_LEASE_UNTIL,
            updated_at=func.now(),
        )
        .returning(Upload)
    )
    upload = (await session.scalars(statement)).one_or_none()
    if upload is not None:
        await session.execute(delete(UploadPart).where(UploadPart.upload_id == upload_id))
        session.add_all(rows)
    return upload


async def set_reserved(session: WriteSession, upload_id: UUID, reserved: int) -> None:
    await session.execute(update(Upload).where(Upload.id == upload_id).values(reserved_bytes=reserved))


_REOPEN = text("""
    UPDATE uploads SET state = 'OPEN', offset_bytes = 0, length_bytes = NULL, lease_until = NULL
    WHERE id = :upload AND epoch = :epoch AND state = 'COMPLETING' AND protocol = 's3'""")


async def reopen(session: WriteSession, upload_id: UUID, epoch: int) -> None:
    """The store refused the list: a part changed between the look and the Complete. What is charged stays charged."""
    await session.execute(_REOPEN, {"upload": upload_id, "epoch": epoch})
