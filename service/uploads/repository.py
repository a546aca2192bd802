"""Every statement on uploads and parts. Each write names the epoch it believes in; time is Postgres's now()."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, text, update
from sqlalchemy.orm import aliased

from service.core.db import ReadSession, WriteSession
from service.core.principal import Principal
from service.projects.models import Project, ProjectMember
from service.projects.repository import membership
from service.uploads.models import Kind, State, Upload, UploadPart

LEASE = "interval '30 seconds'"
FINISH_LEASE = "interval '30 seconds'"
_LEASE = text(f"now() + {LEASE}")
FINISH_LEASE_UNTIL = text(f"now() + {FINISH_LEASE}")
IS_FREE = or_(Upload.lease_until.is_(None), Upload.lease_until < func.now())
_IS_HELD = func.coalesce(Upload.lease_until > func.now(), False)


@dataclass(frozen=True, slots=True)
class Seen:
    """An upload, whether somebody holds its lease, and the role of who asks in its project (None: no member)."""

    upload: Upload
    is_held: bool
    role: str | None


async def seen_by(session: ReadSession, principal: Principal, upload_id: UUID) -> Seen | None:
    query = (
        select(Upload, _IS_HELD, ProjectMember.role)
        .join(Project, Project.id == Upload.project_id)
        .outerjoin(ProjectMember, membership(principal, Upload.project_id) & Project.deleted_at.is_(None))
        .where(Upload.id == upload_id)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else Seen(*row)


async def by_idempotency_key(session: ReadSession, user_id: UUID, key: str) -> Upload | None:
    return (await session.scalars(select(Upload).where(Upload.user_id == user_id, Upload.idempotency_key == key))).one_or_none()


# Plain SQL where every upload passes: building and mapping the statement anew would cost more than running it.
INSERT_WHEN = f"""
    INSERT INTO uploads (id, project_id, user_id, folder_id, protocol, name, claimed_type, on_conflict, metadata_raw, length_bytes,
                         reserved_bytes, part_bytes, idempotency_key, kind, partials, sha256, state, epoch, lease_until, holder, held_since,
                         held_from, expires_at)
    SELECT :id, :project_id, :user_id, :folder_id, :protocol, :name, :claimed_type, :on_conflict, :metadata_raw, :length_bytes,
           :reserved_bytes, :part_bytes, :idempotency_key, :kind, CAST(:partials AS uuid[]), :sha256, :state, :epoch,
           CASE WHEN :epoch > 0 THEN now() + {LEASE} END, :holder, now(), 0, now() + make_interval(secs => :expiry_s)
    WHERE {{when}}
      AND (SELECT count(*) FROM uploads WHERE user_id = :user_id AND state IN ('OPEN', 'COMPLETING')) < :most_of_user
      AND (SELECT count(*) FROM uploads WHERE project_id = :project_id AND state IN ('OPEN', 'COMPLETING')) < :most_in_project
    ON CONFLICT (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
    RETURNING expires_at"""
_INSERT = text(INSERT_WHEN.format(when="true"))
_INSERTED = (
    "id",
    "project_id",
    "user_id",
    "folder_id",
    "protocol",
    "name",
    "claimed_type",
    "on_conflict",
    "metadata_raw",
    "length_bytes",
    "reserved_bytes",
    "part_bytes",
    "idempotency_key",
    "kind",
    "partials",
    "sha256",
    "state",
    "epoch",
    "holder",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a new upload: seconds it lives untouched, and how many its person and its project may have open."""

    expiry_s: int
    most_of_user: int
    most_in_project: int


def insert_parameters(upload: Upload, limits: Limits) -> dict[str, object]:
    """For INSERT_WHEN."""
    return {
        **{name: getattr(upload, name) for name in _INSERTED},
        "expiry_s": limits.expiry_s,
        "most_of_user": limits.most_of_user,
        "most_in_project": limits.most_in_project,
    }


async def insert(session: WriteSession, upload: Upload, limits: Limits) -> bool:
    """C1: the row, expiring by the database's clock; with epoch 1 it is born held.

    False: the person or the project has too many open ones, or another request with the same idempotency key was quicker.
    """
    row = (await session.execute(_INSERT, insert_parameters(upload, limits))).one_or_none()
    if row is None:
        return False
    upload.expires_at = row.expires_at
    return True


async def is_held(session: ReadSession, upload_id: UUID) -> bool:
    return bool((await session.scalars(select(_IS_HELD).where(Upload.id == upload_id))).one_or_none())


@dataclass(frozen=True, slots=True)
class Expiry:
    """How long an untouched upload lives, and how long at most: the store drops multipart uploads by their age (0: never)."""

    untouched_s: int
    at_most_s: int

    def from_now(self) -> ColumnElement[datetime]:
        """When an upload that is touched now expires."""
        slid = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, self.untouched_s)
        if not self.at_most_s:
            return slid
        return func.least(slid, Upload.created_at + func.make_interval(0, 0, 0, 0, 0, 0, self.at_most_s))


async def claim(session: WriteSession, upload_id: UUID, offset: int, expiry: Expiry, holder: str) -> Upload | None:
    """P1: take the upload over at exactly this offset, for the node `holder`. Also slides its expiry."""
    statement = (
        update(Upload)
        .where(Upload.id == upload_id, Upload.offset_bytes == offset, Upload.state == State.OPEN, Upload.expires_at > func.now())
        .values(
            epoch=Upload.epoch + 1,
            lease_until=_LEASE,
            holder=holder,
            held_since=func.now(),
            held_from=offset,
            updated_at=func.now(),
            expires_at=expiry.from_now(),
        )
        .returning(Upload)
    )
    return (await session.scalars(statement)).one_or_none()


async def declare_length(session: WriteSession, upload_id: UUID, epoch: int, length: int, part_bytes: int) -> Upload | None:
    """Settle a deferred length. With every byte already there the upload is complete but for the finish."""
    statement = (
        update(Upload)
        .where(
            Upload.id == upload_id,
            Upload.epoch == epoch,
            Upload.state == State.OPEN,
            Upload.length_bytes.is_(None),
            Upload.offset_bytes <= length,
        )
        .values(length_bytes=length, part_bytes=func.greatest(Upload.part_bytes, part_bytes))
        .returning(Upload)
    )
    return (await session.scalars(statement)).one_or_none()


async def set_reserved(session: WriteSession, upload_id: UUID, epoch: int, reserved: int) -> bool:
    statement = (
        update(Upload)
        .where(Upload.id == upload_id, Upload.epoch == epoch, Upload.state == State.OPEN)
        .values(reserved_bytes=reserved)
        .returning(Upload.id)
    )
    return (await session.scalars(statement)).one_or_none() is not None


async def begin_completing(session: WriteSession, upload_id: UUID, epoch: int | None) -> bool:
    """F1 where the last byte was committed without its being known as the last; by the holder, or where nobody holds it."""
    mine = Upload.epoch == epoch if epoch is not None else IS_FREE
    statement = (
        update(Upload)
        .where(Upload.id == upload_id, mine, Upload.state == State.OPEN, Upload.offset_bytes == Upload.length_bytes)
        .values(state=State.COMPLETING)
        .returning(Upload.id)
    )
    return (await session.scalars(statement)).one_or_none() is not None


async def take_part_number(session: WriteSession, upload_id: UUID, epoch: int, state: State = State.OPEN) -> int | None:
    """P2: numbers are never reused. None: the epoch is over."""
    statement = (
        update(Upload)
        .where(Upload.id == upload_id, Upload.epoch == epoch, Upload.state == state)
        .values(next_part=Upload.next_part + 1)
        .returning(Upload.next_part - 1)
    )
    return (await session.scalars(statement)).one_or_none()


async def store_multipart(session: WriteSession, upload_id: UUID, epoch: int, key: str, s3_upload_id: str) -> bool:
    """M: name the multipart upload in the row. False: the epoch is over, abort our own."""
    statement = (
        update(Upload)
        .where(Upload.id == upload_id, Upload.epoch == epoch, Upload.state == State.OPEN, Upload.s3_upload_id.is_(None))
        .values(key=key, s3_upload_id=s3_upload_id)
        .returning(Upload.id)
    )
    return (await session.scalars(statement)).one_or_none() is not None


_COMMIT = text(f"""
    WITH moved AS (
        UPDATE uploads SET offset_bytes = :end, tail_key = :tail, tail_bytes = :tail_bytes, lease_until = now() + {LEASE}, updated_at = now(),
               lost_checks = 0, lost_checked_at = NULL,
               state = CASE WHEN :end = length_bytes AND CAST(:tail AS text) IS NULL THEN 'COMPLETING' ELSE state END
        WHERE id = :upload AND epoch = :epoch AND state = 'OPEN' AND offset_bytes = :expected
        RETURNING id),
    added AS (
        INSERT INTO upload_parts (upload_id, no, start_bytes, size_bytes, etag)
        SELECT moved.id, part.no, part.start_bytes, part.size_bytes, part.etag
        FROM moved, unnest(CAST(:numbers AS int[]), CAST(:starts AS bigint[]), CAST(:sizes AS bigint[]), CAST(:etags AS text[]))
             AS part(no, start_bytes, size_bytes, etag))
    SELECT id FROM moved""")


async def commit_up_to(
    session: WriteSession,
    upload_id: UUID,
    epoch: int,
    *,
    expected: int,
    end: int,
    parts: Sequence[UploadPart],
    tail: tuple[str, int] | None = None,
) -> bool:
    """P4 and T, and F1 with the last part: parts (and the key and bytes of a tail behind them) move the offset to `end`.

    One statement, one transaction. False: the epoch is over.
    """
    tail_key, tail_bytes = tail or (None, 0)
    parameters = {
        "upload": upload_id,
        "epoch": epoch,
        "expected": expected,
        "end": end,
        "tail": tail_key,
        "tail_bytes": tail_bytes,
        "numbers": [part.no for part in parts],
        "starts": [part.start_bytes for part in parts],
        "sizes": [part.size_bytes for part in parts],
        "etags": [part.etag for part in parts],
    }
    return (await session.execute(_COMMIT, parameters)).one_or_none() is not None


async def tail_to_part(session: WriteSession, upload_id: UUID, epoch: int, part: UploadPart) -> bool:
    """While COMPLETING: the tail has become the last part."""
    statement = (
        update(Upload)
        .where(Upload.id == upload_id, Upload.epoch == epoch, Upload.state == State.COMPLETING, Upload.tail_key.is_not(None))
        .values(tail_key=None, tail_bytes=0)
        .returning(Upload.id)
    )
    if (await session.scalars(statement)).one_or_none() is None:
        return False
    session.add(part)
    return True


# Only a second holder, or the tail that the object replaces, can be left behind.
SWEEP_AFTER = "CASE WHEN epoch > 1 OR tail_key IS NOT NULL THEN now() + interval '15 minutes' END"
CLOSE_WHEN = f"""
    UPDATE uploads SET offset_bytes = length_bytes, key = :key, state = 'COMPLETE', tail_key = NULL, tail_bytes = 0, lease_until = NULL,
           updated_at = now(), sweep_after = {SWEEP_AFTER}{{and_set}}
    WHERE id = :upload AND epoch = :epoch AND state IN ('OPEN', 'COMPLETING') AND offset_bytes = :expected AND s3_upload_id IS NULL
      AND {{when}}
    RETURNING reserved_bytes"""
_CLOSE_IN_ONE = text(CLOSE_WHEN.format(and_set="", when="true"))


async def close_in_one(session: WriteSession, upload_id: UUID, epoch: int, *, expected: int, key: str) -> int | None:
    """F1 and F3 together for an upload that became an object in one PUT (from OPEN, or from COMPLETING with a tail).

    Returns the bytes that are reserved for it; None: the epoch is over.
    """
    parameters = {"upload": upload_id, "epoch": epoch, "expected": expected, "key": key}
    return (await session.execute(_CLOSE_IN_ONE, parameters)).scalar_one_or_none()


async def take_finish(session: WriteSession, upload_id: UUID, epoch: int | None) -> Upload | None:
    """Take the right to finish: the holder's own epoch, or anyone once no lease is live. A final waits for its partials."""
    mine = Upload.epoch == epoch if epoch is not None else IS_FREE
    partial = aliased(Upload)
    waits = select(partial.id).where(partial.joined_into == Upload.id, partial.state.in_([State.OPEN, State.COMPLETING]))
    statement = (
        update(Upload)
        .where(Upload.id == upload_id, Upload.state == State.COMPLETING, or_(mine, IS_FREE), ~waits.exists())
        .values(epoch=Upload.epoch + 1, lease_until=FINISH_LEASE_UNTIL)
        .returning(Upload)
    )
    return (await session.scalars(statement)).one_or_none()


async def close_completing(session: WriteSession, upload_id: UUID) -> Upload | None:
    """F3: the object is proven; locks the row so that exactly one caller makes the version."""
    statement = (
        update(Upload)
        .where(Upload.id == upload_id, Upload.state == State.COMPLETING)
        .values(state=State.COMPLETE, lease_until=None, updated_at=func.now(), sweep_after=text(SWEEP_AFTER))
        .returning(Upload)
    )
    return (await session.scalars(statement)).one_or_none()


_SET_RESULT = text("UPDATE uploads SET file_id = :file, version_id = :version, reserved_bytes = 0 WHERE id = :upload")


async def set_result(session: WriteSession, upload_id: UUID, file_id: UUID, version_id: UUID) -> None:
    await session.execute(_SET_RESULT, {"upload": upload_id, "file": file_id, "version": version_id})


async def release_lease(session: WriteSession, upload_id: UUID, epoch: int) -> None:
    await session.execute(update(Upload).where(Upload.id == upload_id, Upload.epoch == epoch).values(lease_until=None))


async def bump_if_held(session: WriteSession, upload_id: UUID) -> None:
    """Fence off a holder that did not let go in time."""
    await session.execute(
        update(Upload)
        .where(Upload.id == upload_id, Upload.lease_until > func.now(), Upload.state == State.OPEN)
        .values(epoch=Upload.epoch + 1, lease_until=None)
    )


async def renew_leases(session: WriteSession, held: Sequence[tuple[UUID, int]]) -> set[UUID]:
    """One statement for all leases of a process; returns the ids still held."""
    statement = text(f"""
        UPDATE uploads SET lease_until = greatest(lease_until, now() + {LEASE})
        FROM unnest(CAST(:ids AS uuid[]), CAST(:epochs AS int[])) AS mine(upload_id, mine_epoch)
        WHERE uploads.id = mine.upload_id AND uploads.epoch = mine.mine_epoch AND uploads.state IN ('OPEN', 'COMPLETING')
        RETURNING uploads.id""")
    rows = await session.execute(statement, {"ids": [upload_id for upload_id, _ in held], "epochs": [epoch for _, epoch in held]})
    return {row.id for row in rows}


async def close_terminated(session: WriteSession, upload_id: UUID) -> None:
    """A finished upload was deleted by its client: its URL is gone, its object belongs to the version."""
    await session.execute(update(Upload).where(Upload.id == upload_id, Upload.state == State.COMPLETE).values(state=State.ABORTED))


async def parts_of(session: ReadSession, upload_id: UUID) -> Sequence[UploadPart]:
    return (await session.scalars(select(UploadPart).where(UploadPart.upload_id == upload_id).order_by(UploadPart.no))).all()


async def unfinished(session: ReadSession, user_id: UUID, before: UUID | None, limit: int) -> Sequence[Upload]:
    """Partial uploads are left out: they mean nothing to a person."""
    query = (
        select(Upload)
        .where(Upload.user_id == user_id, Upload.state.in_([State.OPEN, State.COMPLETING]), Upload.kind != Kind.PARTIAL)
        .order_by(Upload.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Upload.id < before)
    return (await session.scalars(query)).all()
