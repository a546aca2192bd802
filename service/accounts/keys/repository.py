"""Every statement on API tokens and S3 keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError

from service.accounts.models import AccessKey, User
from service.core.db import ReadSession, WriteSession


@dataclass(frozen=True, slots=True)
class Holder:
    """A token, its owner, and whether its time is over by the database's clock."""

    key: AccessKey
    user: User
    is_expired: bool


async def of_user(session: ReadSession, user_id: UUID, limit: int) -> Sequence[AccessKey]:
    return (await session.scalars(select(AccessKey).where(AccessKey.user_id == user_id).order_by(AccessKey.id.desc()).limit(limit))).all()


async def count_of(session: WriteSession, user_id: UUID) -> int:
    return (await session.execute(select(func.count()).where(AccessKey.user_id == user_id))).scalar_one()


async def add(session: WriteSession, key: AccessKey, days: int | None) -> bool:
    """False: there is no such project."""
    key.expires_at = (await session.execute(text("SELECT now() + make_interval(days => :days)"), {"days": days})).scalar_one()
    try:
        async with session.begin_nested():
            session.add(key)
    except IntegrityError:
        return False
    return True


async def remove(session: WriteSession, user_id: UUID, key_id: UUID) -> bytes | None:
    """The hash of what was removed; None: there is no such token of this person."""
    statement = delete(AccessKey).where(AccessKey.id == key_id, AccessKey.user_id == user_id).returning(AccessKey.token_hash)
    return (await session.scalars(statement)).one_or_none()


async def holder(session: ReadSession, *, token_hash: bytes | None = None, key_id: UUID | None = None) -> Holder | None:
    query = select(AccessKey, User, func.coalesce(AccessKey.expires_at < func.now(), False)).join(User, User.id == AccessKey.user_id)
    query = query.where(AccessKey.id == key_id if token_hash is None else AccessKey.token_hash == token_hash)
    row = (await session.execute(query)).one_or_none()
    return None if row is None else Holder(*row)


async def note_use(session: WriteSession, key_id: UUID) -> None:
    """Once a minute is enough to know whether a token is still in use."""
    is_old = AccessKey.last_used_at.is_(None) | (AccessKey.last_used_at < func.now() - text("interval '1 minute'"))
    await session.execute(update(AccessKey).where(AccessKey.id == key_id, is_old).values(last_used_at=func.now()))
