"""Tables `users`, `auth_sessions`, `access_keys` and `account_links`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Integer, LargeBinary, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from service.core.db import Model
from service.core.ids import new_id


class User(Model):
    """A person. Names are unique without regard to case."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('admin', 'member')", name="role"),
        CheckConstraint("state IN ('active', 'disabled')", name="state"),
        Index("uq_users_username_lower", text("lower(username)"), unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(Text)
    # What others see beside it; empty: the username alone.
    full_name: Mapped[str] = mapped_column(Text, server_default="")
    email: Mapped[str | None] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text, server_default="member")
    state: Mapped[str] = mapped_column(Text, server_default="active")
    session_version: Mapped[int] = mapped_column(Integer, server_default="1")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    last_sign_in_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    notices_seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class AuthSession(Model):
    """One refresh token (its SHA-256). Tokens of one sign-in share a family; using one replaces it."""

    __tablename__ = "auth_sessions"
    __table_args__ = (Index("ix_auth_sessions_family", "family_id"), Index("ix_auth_sessions_user", "user_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    family_id: Mapped[UUID] = mapped_column()
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    replaced_by: Mapped[UUID | None] = mapped_column()
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    user_agent: Mapped[str | None] = mapped_column(Text)
    ip: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class AccessKey(Model):
    """A personal API token or S3 key: what it may do (never more than its owner), and in which project."""

    __tablename__ = "access_keys"
    __table_args__ = (Index("ix_access_keys_user", "user_id"), CheckConstraint("kind IN ('token', 's3')", name="kind"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    kind: Mapped[str] = mapped_column(Text, server_default="token")
    # SHA-256 of the token, or of the S3 key's id (its secret is derived and stored nowhere).
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    # The beginning of the token, or the S3 key's id, so that people know which one it is.
    hint: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class AccountLink(Model):
    """A one-time link: an invitation to make an account, or to choose a new password for `user_id`."""

    __tablename__ = "account_links"
    __table_args__ = (CheckConstraint("role IN ('admin', 'member')", name="role"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    # What an invited person becomes.
    role: Mapped[str] = mapped_column(Text, server_default="member")
    email: Mapped[str | None] = mapped_column(Text)
    quota_bytes: Mapped[int | None] = mapped_column(BigInteger)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
