"""When somebody last looked at their notices."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from service.core.db import ReadSession, WriteSession


async def seen_at(session: ReadSession, user_id: UUID) -> datetime:
    moment: datetime = (await session.scalars(text("SELECT notices_seen_at FROM users WHERE id = :id"), {"id": user_id})).one()
    return moment


async def set_seen(session: WriteSession, user_id: UUID) -> None:
    await session.execute(text("UPDATE users SET notices_seen_at = now() WHERE id = :id"), {"id": user_id})
