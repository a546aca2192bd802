"""Every statement on users and sign-in sessions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text, update

from service.accounts.models import AuthSession, User
from service.core.db import ReadSession, WriteSession

GRACE_S = 10


async def user_by_name(session: ReadSession, username: str) -> User | None:
    return (await session.scalars(select(User).where(func.lower(User.username) == username.lower()))).one_or_none()


async def user_by_id(session: ReadSession, user_id: UUID) -> User | None:
    return (await session.scalars(select(User).where(User.id == user_id))).one_or_none()


async def add_session(session: WriteSession, row: AuthSession, ttl_s: int) -> None:
    row.expires_at = (await session.execute(text("SELECT now() + make_interval(secs => :ttl)"), {"ttl": ttl_s})).scalar_one()
    session.add(row)


async def session_by_hash(session: WriteSession, token_hash: bytes) -> AuthSession | None:
    """Locked, so that of two refreshes with one token the second sees the first's result."""
    return (await session.scalars(select(AuthSession).where(AuthSession.token_hash == token_hash).with_for_update())).one_or_none()


async def age_s(session: ReadSession, row: AuthSession) -> tuple[bool, float]:
    """(expired, seconds since used) by the database's clock."""
    parameters = {"expires": row.expires_at, "used": row.used_at}
    found = (
        await session.execute(
            text("SELECT CAST(:expires AS timestamptz) < now(), extract(epoch FROM now() - CAST(:used AS timestamptz))"), parameters
        )
    ).one()
    return bool(found[0]), float(found[1] or 0)


async def revoke_family(session: WriteSession, family_id: UUID) -> None:
    await session.execute(
        update(AuthSession).where(AuthSession.family_id == family_id, AuthSession.revoked_at.is_(None)).values(revoked_at=func.now())
    )


async def revoke_all(session: WriteSession, user_id: UUID) -> None:
    """Sign a person out everywhere: refresh tokens at once, access tokens within the principal cache's age."""
    await session.execute(
        update(AuthSession).where(AuthSession.user_id == user_id, AuthSession.revoked_at.is_(None)).values(revoked_at=func.now())
    )
    await session.execute(update(User).where(User.id == user_id).values(session_version=User.session_version + 1))


async def family_is_live(session: ReadSession, family_id: UUID) -> bool:
    query = select(AuthSession.id).where(AuthSession.family_id == family_id, AuthSession.revoked_at.is_(None)).limit(1)
    return (await session.execute(query)).one_or_none() is not None


async def note_sign_in(session: WriteSession, user_id: UUID) -> None:
    await session.execute(update(User).where(User.id == user_id).values(last_sign_in_at=func.now()))


_SESSIONS = text("""
    SELECT family_id, min(created_at) AS signed_in_at, max(created_at) AS last_seen_at,
           (array_agg(user_agent ORDER BY id DESC))[1] AS user_agent, (array_agg(ip ORDER BY id DESC))[1] AS ip
    FROM auth_sessions WHERE user_id = :user_id AND revoked_at IS NULL
    GROUP BY family_id HAVING max(expires_at) > now()
    ORDER BY last_seen_at DESC LIMIT :limit""")


async def families_of(session: ReadSession, user_id: UUID, limit: int) -> Sequence[Row[Any]]:
    """Live sign-ins of a person, the last used first."""
    return (await session.execute(_SESSIONS, {"user_id": user_id, "limit": limit})).all()


async def owns_family(session: ReadSession, user_id: UUID, family_id: UUID) -> bool:
    query = select(AuthSession.id).where(AuthSession.family_id == family_id, AuthSession.user_id == user_id).limit(1)
    return (await session.execute(query)).one_or_none() is not None


async def mark_used(session: WriteSession, row: AuthSession, replaced_by: UUID) -> None:
    await session.execute(update(AuthSession).where(AuthSession.id == row.id).values(used_at=func.now(), replaced_by=replaced_by))
