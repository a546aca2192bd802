"""Tables `probes`, `derivatives`, `transcodes`, `transcode_chunks`, `hls_segments`, `gpus`, `gpu_samples`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Float, ForeignKey, Index, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.core.db import Model
from service.core.ids import new_id

_VERSION = "file_versions.id"


class Probe(Model):
    """What a version turned out to be; `facts` is a `planning.SourceFacts`."""

    __tablename__ = "probes"

    version_id: Mapped[UUID] = mapped_column(ForeignKey(_VERSION, ondelete="CASCADE"), primary_key=True)
    facts: Mapped[dict[str, object]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Derivative(Model):
    """What is made of a version: wanted → running → ready | failed | skipped, `error` says why. Objects lie under `prefix` in the derived bucket."""

    __tablename__ = "derivatives"
    __table_args__ = (CheckConstraint("state IN ('wanted', 'running', 'ready', 'failed', 'skipped')", name="state"),)

    version_id: Mapped[UUID] = mapped_column(ForeignKey(_VERSION, ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str | None] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    facts: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Transcode(Model):
    """One plan for one version: immutable JSON, whose hash is in every output key."""

    __tablename__ = "transcodes"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'ready', 'failed', 'cancelled')", name="state"),
        Index("uq_transcodes_version_plan", "version_id", "plan_hash", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[UUID] = mapped_column(ForeignKey(_VERSION, ondelete="CASCADE"))
    file_id: Mapped[UUID] = mapped_column()
    project_id: Mapped[UUID] = mapped_column()
    plan: Mapped[dict[str, object]] = mapped_column(JSONB)
    plan_hash: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="running")
    reason: Mapped[str | None] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    playable_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class TranscodeChunk(Model):
    """A stretch of output frames encoded in all rungs at once; `track` is `video`, or `through` for what is read in one pass."""

    __tablename__ = "transcode_chunks"

    transcode_id: Mapped[UUID] = mapped_column(ForeignKey("transcodes.id", ondelete="CASCADE"), primary_key=True)
    track: Mapped[str] = mapped_column(Text, primary_key=True)
    no: Mapped[int] = mapped_column(Integer, primary_key=True)
    seconds: Mapped[float] = mapped_column(Float)
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class HlsSegments(Model):
    """The segments of one chunk and rung: one object, `segments` an array of {duration, offset, bytes, key} (s, bytes).

    `key` is the length of what holds a segment's first picture. `rung` may also be a sound or subtitle track or the storyboard.
    """

    __tablename__ = "hls_segments"

    transcode_id: Mapped[UUID] = mapped_column(ForeignKey("transcodes.id", ondelete="CASCADE"), primary_key=True)
    rung: Mapped[str] = mapped_column(Text, primary_key=True)
    chunk_no: Mapped[int] = mapped_column(Integer, primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    segments: Mapped[list[dict[str, float]]] = mapped_column(JSONB)
    init_key: Mapped[str] = mapped_column(Text)
    init_hash: Mapped[str] = mapped_column(Text)
    codecs: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger)


class Gpu(Model):
    """A GPU of a worker: the mode that it was proven in, and why that is not a better one."""

    __tablename__ = "gpus"
    __table_args__ = (CheckConstraint("mode IN ('full', 'hybrid', 'cpu')", name="mode"),)

    # The host, a colon, the UUID.
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    worker: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(Text)
    index: Mapped[int] = mapped_column(Integer)
    uuid: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    driver: Mapped[str] = mapped_column(Text)
    memory_bytes: Mapped[int] = mapped_column(BigInteger)
    mode: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    slots: Mapped[int] = mapped_column(Integer)
    # As in a plan's `decoder`.
    decodes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    proven_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class GpuSample(Model):
    """What a GPU was doing at a moment, as NVML says; kept for an hour."""

    __tablename__ = "gpu_samples"

    gpu_id: Mapped[str] = mapped_column(ForeignKey("gpus.id", ondelete="CASCADE"), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True, server_default=func.now())
    figures: Mapped[dict[str, object]] = mapped_column(JSONB)
