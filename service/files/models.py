"""Tables `folders`, `folder_changes`, `files`, `file_versions`, `file_tags`, `favourites`, `selections`, `doomed_objects`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, ForeignKey, Identity, Index, Integer, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from service.core.db import Model
from service.core.ids import new_id


class Folder(Model):
    """Only a project's root (whose id is the project's) has no parent.

    `is_hidden`: it or a folder above is in the trash. `files` and `bytes` count what is live in it and below, but for what is in
    the trash; they follow within seconds (`folder_changes`). `doomed_at`: on its way out for good.
    """

    __tablename__ = "folders"
    __table_args__ = (
        Index("uq_folders_live_name", "project_id", "parent_id", "name", unique=True, postgresql_where=text("trashed_at IS NULL")),
        Index("ix_folders_parent", "parent_id", "name"),
        Index("ix_folders_trash", "project_id", "trashed_at", postgresql_where=text("trashed_at IS NOT NULL")),
        Index("ix_folders_doomed", "doomed_at", postgresql_where=text("doomed_at IS NOT NULL")),
        CheckConstraint("(parent_id IS NULL) = (id = project_id)", name="root"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    trashed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    trashed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    doomed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revision: Mapped[int] = mapped_column(Integer, server_default="1")
    is_hidden: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    files: Mapped[int] = mapped_column(BigInteger, server_default="0")
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")


class FolderChange(Model):
    """What came into a folder or left it, written by triggers on `files` and added to the totals in order."""

    __tablename__ = "folder_changes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    folder_id: Mapped[UUID] = mapped_column()
    files: Mapped[int] = mapped_column(BigInteger)
    bytes: Mapped[int] = mapped_column(BigInteger)


class File(Model):
    """A name in a folder; its bytes are those of the current version, whose size and type are kept here too, to sort by."""

    __tablename__ = "files"
    __table_args__ = (
        Index("uq_files_live_name", "project_id", "folder_id", "name", unique=True, postgresql_where=text("trashed_at IS NULL")),
        Index("ix_files_name_trgm", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}),
        Index("ix_files_recent", "project_id", text("id DESC")),
        Index("ix_files_trash", "project_id", "trashed_at", postgresql_where=text("trashed_at IS NOT NULL")),
        Index("ix_files_folder", "folder_id"),
        Index("ix_files_version", "current_version_id"),
        Index("ix_files_size", "folder_id", "size_bytes", "id", postgresql_where=text("trashed_at IS NULL")),
        Index("ix_files_changed", "folder_id", "changed_at", "id", postgresql_where=text("trashed_at IS NULL")),
        Index("ix_files_type", "folder_id", text("coalesce(media_type, '')"), "id", postgresql_where=text("trashed_at IS NULL")),
        Index(
            "ix_files_kind",
            "project_id",
            text("split_part(coalesce(media_type, ''), '/', 1)"),
            "id",
            postgresql_where=text("trashed_at IS NULL"),
        ),
        Index("ix_files_uploader", "project_id", "created_by", "id", postgresql_where=text("trashed_at IS NULL")),
        Index("ix_files_project_size", "project_id", "size_bytes", "id", postgresql_where=text("trashed_at IS NULL")),
        Index("ix_files_doomed", "doomed_at", postgresql_where=text("doomed_at IS NOT NULL")),
        Index("ix_files_trashed", "trashed_at", postgresql_where=text("trashed_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    folder_id: Mapped[UUID] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    current_version_id: Mapped[UUID] = mapped_column(ForeignKey("file_versions.id", deferrable=True, initially="DEFERRED", use_alter=True))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    size_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    media_type: Mapped[str | None] = mapped_column(Text)
    trashed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    trashed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    doomed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revision: Mapped[int] = mapped_column(Integer, server_default="1")


class FileVersion(Model):
    """One immutable object. `charged_to` pays for it; `preview` holds what lists show (thumbnail, size, duration).

    `media_type` is what the bytes are, `claimed_type` what the uploader said; `crc32` is the one of ZIP.
    `sha256` (hex) was computed from the stored bytes; `corrupt` is a version that is not what `expected_sha256` says.
    """

    __tablename__ = "file_versions"
    __table_args__ = (
        CheckConstraint("state IN ('ready', 'corrupt')", name="state"),
        Index("uq_file_versions_file_no", "file_id", "no", unique=True),
        Index("ix_file_versions_charged", "charged_to"),
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
    crc32: Mapped[int | None] = mapped_column(BigInteger)
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


class FileTag(Model):
    """A word that people put on a file."""

    __tablename__ = "file_tags"
    __table_args__ = (Index("ix_file_tags_tag", "project_id", "tag", "file_id"),)

    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(Text, primary_key=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))


class Favourite(Model):
    """A file that one person wants to find again."""

    __tablename__ = "favourites"
    __table_args__ = (Index("ix_favourites_file", "file_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Selection(Model):
    """What somebody downloads as one ZIP: kept, so that the same bytes come again when the download is gone on with."""

    __tablename__ = "selections"
    __table_args__ = (Index("ix_selections_expiry", "expires_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    files: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    folders: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
