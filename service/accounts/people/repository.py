"""Every statement of the administration of people, and on links."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, or_, select, text, update

from service.accounts.models import AccountLink, User
from service.core.db import ReadSession, WriteSession
from service.quota.models import QuotaSlot
from service.quota.repository import Usage
from service.quota.service import USER


@dataclass(frozen=True, slots=True)
class Person:
    user: User
    usage: Usage


_PEOPLE = select(User, QuotaSlot.limit_bytes, QuotaSlot.reserved_bytes, QuotaSlot.used_bytes).outerjoin(
    QuotaSlot, (QuotaSlot.owner_id == User.id) & (QuotaSlot.owner_kind == USER) & (QuotaSlot.slot == 0)
)


async def page(session: ReadSession, after: str | None, limit: int, *, wanted: str = "", state: str | None = None) -> Sequence[Person]:
    """By name; `wanted` is a part of the username, full name or e-mail address."""
    query = _PEOPLE.order_by(func.lower(User.username)).limit(limit)
    if after is not None:
        query = query.where(func.lower(User.username) > after)
    if wanted:
        query = query.where(or_(*(column.icontains(wanted, autoescape=True) for column in (User.username, User.full_name, User.email))))
    if state is not None:
        query = query.where(User.state == state)
    return [_person(*row) for row in await session.execute(query)]


async def one(session: ReadSession, user_id: UUID) -> Person | None:
    row = (await session.execute(_PEOPLE.where(User.id == user_id))).one_or_none()
    return None if row is None else _person(*row)


def _person(user: User, limit: int | None, reserved: int | None, used: int | None) -> Person:
    return Person(user, Usage(limit or 0, reserved or 0, used or 0))


async def locked(session: WriteSession, user_id: UUID) -> User | None:
    return (await session.scalars(select(User).where(User.id == user_id).with_for_update())).one_or_none()


async def other_admins(session: WriteSession, user_id: UUID) -> int:
    """Active administrators besides this one, locked, so that two cannot step down at once."""
    query = select(User.id).where(User.role == "admin", User.state == "active").order_by(User.id).with_for_update()
    return sum(found != user_id for found in await session.scalars(query))


async def add_link(session: WriteSession, link: AccountLink, ttl_s: int) -> None:
    link.expires_at = (await session.execute(text("SELECT now() + make_interval(secs => :ttl)"), {"ttl": ttl_s})).scalar_one()
    session.add(link)
    await session.flush()


async def open_links(session: ReadSession, before: UUID | None, limit: int) -> Sequence[tuple[AccountLink, str | None]]:
    query = (
        select(AccountLink, User.username)
        .outerjoin(User, User.id == AccountLink.user_id)
        .where(AccountLink.used_at.is_(None), AccountLink.expires_at > func.now())
        .order_by(AccountLink.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(AccountLink.id < before)
    return [(link, username) for link, username in await session.execute(query)]


async def link_by_hash(session: ReadSession, token_hash: bytes) -> tuple[AccountLink, str | None] | None:
    """A link that can still be used, and whose password it resets."""
    query = (
        select(AccountLink, User.username)
        .outerjoin(User, User.id == AccountLink.user_id)
        .where(AccountLink.token_hash == token_hash, AccountLink.used_at.is_(None), AccountLink.expires_at > func.now())
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1])


async def use_link(session: WriteSession, link_id: UUID) -> bool:
    """False: somebody else was quicker."""
    statement = (
        update(AccountLink)
        .where(AccountLink.id == link_id, AccountLink.used_at.is_(None), AccountLink.expires_at > func.now())
        .values(used_at=func.now())
        .returning(AccountLink.id)
    )
    return (await session.scalars(statement)).one_or_none() is not None


async def end_links_of(session: WriteSession, user_id: UUID) -> None:
    await session.execute(
        update(AccountLink).where(AccountLink.user_id == user_id, AccountLink.used_at.is_(None)).values(used_at=func.now())
    )


async def end_link(session: WriteSession, link_id: UUID) -> bool:
    statement = update(AccountLink).where(AccountLink.id == link_id, AccountLink.used_at.is_(None)).values(used_at=func.now())
    return (await session.scalars(statement.returning(AccountLink.id))).one_or_none() is not None
