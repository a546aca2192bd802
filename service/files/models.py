"""Tables `folders`, `files`, `file_versions`, `doomed_objects`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, ForeignKey, Index, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.core.db import Model
from service.core.ids import new_id


class Folder(Model):
    """Only a project's root (whose id is the project's) has no parent."""

    __tablename__ = "folders"
    __table_args__ = (
        Index("uq_folders_live_name", "project_id", "parent_id", "name", unique=True, postgresql_where=text("trashed_at IS NULL")),
        CheckConstraint("(parent_id IS NULL) = (id = project_id)", name="root"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    trashed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class File(Model):
    """A name in a folder; its bytes are those of the current version."""

    __tablename__ = "files"
    __table_args__ = (
        Index("uq_files_live_name", "project_id", "folder_id", "name", unique=True, postgresql_where=text("trashed_at IS NULL")),
        Index("ix_files_name_trgm", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}),
        Index("ix_files_recent", "project_id", text("id DESC")),
        Index("ix_files_trash", "project_id", "trashed_at", postgresql_where=text("trashed_at IS NOT NULL")),
        Index("ix_files_folder", "folder_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    folder_id: Mapped[UUID] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    current_version_id: Mapped[UUID] = mapped_column(ForeignKey("file_versions.id", deferrable=True, initially="DEFERRED", use_alter=True))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    trashed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class FileVersion(Model):
    """One immutable object. `charged_to` pays for it; `preview` holds what lists show (thumbnail, size, duration).

    `sha256` (hex) was computed from the stored bytes; `corrupt` is a version that is not what `expected_sha256` says.
    """

    __tablename__ = "file_versions"
    __table_args__ = (
        CheckConstraint("state IN ('ready', 'corrupt')", name="state"),
        Index("uq_file_versions_file_no", "file_id", "no", unique=True),
        Index("ix_file_versions_corrupt", "created_by", "id", postgresql_where=text("state = 'corrupt'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"))
    no: Mapped[int] = mapped_column(Integer)
    bucket: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text, unique=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str | None] = mapped_column(Text)
    claimed_type: Mapped[str | None] = mapped_column(Text)
    etag: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(Text)
    expected_sha256: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="ready")
    is_owned: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    charged_to: Mapped[UUID] = mapped_column()
    derived_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    preview: Mapped[dict[str, object]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))


class DoomedObject(Model):
    """A key (or all keys under a prefix) to delete once the recovery window is over."""

    __tablename__ = "doomed_objects"
    __table_args__ = (Index("ix_doomed_objects_due", "not_before"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    bucket: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    is_prefix: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    not_before: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
