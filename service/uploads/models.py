"""Tables `uploads` and `upload_parts`."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Integer, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from service.core.db import Model
from service.core.ids import new_id


class State(StrEnum):
    OPEN = "OPEN"
    COMPLETING = "COMPLETING"
    COMPLETE = "COMPLETE"
    ABORTING = "ABORTING"
    ABORTED = "ABORTED"
    LOST = "LOST"


ENDED = frozenset({State.ABORTING, State.ABORTED, State.LOST})


class Protocol(StrEnum):
    """How the bytes come: in order through us, or in parts straight to the store."""

    TUS = "tus"
    S3 = "s3"


class Kind(StrEnum):
    """tus concatenation: a whole upload, a partial one, or a final one that joins partials."""

    WHOLE = "whole"
    PARTIAL = "partial"
    FINAL = "final"


class Upload(Model):
    """One upload. `epoch` fences every commit; `offset_bytes` is what a response may show; `length_bytes` is None while deferred.

    `sha256` is what its client says of the whole file, in hex. `holder` is the node that wrote last, since `held_since`, from `held_from` on.
    A final names its `partials` in order; a partial is `joined_into` one final at most, and keeps its reservation until then.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("state IN ('OPEN', 'COMPLETING', 'COMPLETE', 'ABORTING', 'ABORTED', 'LOST')", name="state"),
        CheckConstraint("kind IN ('whole', 'partial', 'final') AND (kind = 'final') = (partials IS NOT NULL)", name="kind"),
        CheckConstraint("offset_bytes >= 0 AND (length_bytes IS NULL OR offset_bytes <= length_bytes)", name="offset"),
        Index("uq_uploads_idempotency", "user_id", "idempotency_key", unique=True, postgresql_where=text("idempotency_key IS NOT NULL")),
        Index("ix_uploads_unfinished", "user_id", "id", postgresql_where=text("state IN ('OPEN', 'COMPLETING')")),
        Index("ix_uploads_open_in_project", "project_id", postgresql_where=text("state IN ('OPEN', 'COMPLETING')")),
        Index("ix_uploads_sweep", "state", "expires_at", postgresql_where=text("state IN ('OPEN', 'COMPLETING', 'ABORTING', 'LOST')")),
        Index("ix_uploads_sweep_after", "sweep_after", postgresql_where=text("sweep_after IS NOT NULL")),
        Index("ix_uploads_joined_into", "joined_into", postgresql_where=text("joined_into IS NOT NULL")),
        Index("ix_uploads_idle_partials", "expires_at", postgresql_where=text("kind = 'partial' AND state = 'COMPLETE'")),
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    folder_id: Mapped[UUID] = mapped_column()
    protocol: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text, server_default=Kind.WHOLE)
    partials: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    joined_into: Mapped[UUID | None] = mapped_column()
    name: Mapped[str] = mapped_column(Text)
    claimed_type: Mapped[str | None] = mapped_column(Text)
    on_conflict: Mapped[str] = mapped_column(Text)
    metadata_raw: Mapped[str] = mapped_column(Text, server_default="")
    length_bytes: Mapped[int | None] = mapped_column(BigInteger)
    offset_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    reserved_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    state: Mapped[str] = mapped_column(Text, server_default=State.OPEN)
    epoch: Mapped[int] = mapped_column(Integer, server_default="0")
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    holder: Mapped[str | None] = mapped_column(Text)
    held_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    held_from: Mapped[int | None] = mapped_column(BigInteger)
    next_part: Mapped[int] = mapped_column(Integer, server_default="1")
    part_bytes: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str | None] = mapped_column(Text, unique=True)
    s3_upload_id: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(Text)
    tail_key: Mapped[str | None] = mapped_column(Text)
    tail_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    idempotency_key: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    lost_checks: Mapped[int] = mapped_column(Integer, server_default="0")
    lost_checked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sweep_after: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    file_id: Mapped[UUID | None] = mapped_column()
    version_id: Mapped[UUID | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class UploadPart(Model):
    """A committed part: bytes start..start+size-1 lie in the store under number `no` with this ETag.

    Of an upload that takes parts straight from its client, a row without start is a part that was signed and charged.
    """

    __tablename__ = "upload_parts"

    upload_id: Mapped[UUID] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True)
    no: Mapped[int] = mapped_column(Integer, primary_key=True)
    start_bytes: Mapped[int | None] = mapped_column(BigInteger)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    etag: Mapped[str] = mapped_column(Text)

    @property
    def end_bytes(self) -> int:
        """Where the next part begins."""
        return (self.start_bytes or 0) + self.size_bytes
