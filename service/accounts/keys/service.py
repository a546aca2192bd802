"""Make and remove API tokens."""

from uuid import UUID

from service.accounts import tokens
from service.accounts.errors import TooManyKeys
from service.accounts.keys import repository
from service.accounts.keys.schemas import KeyCreate
from service.accounts.models import AccessKey
from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import WriteSession
from service.core.errors import Missing
from service.core.ids import new_id
from service.core.principal import Principal

MAX_KEYS = 100
_HINT = 8


async def create(session: WriteSession, principal: Principal, wanted: KeyCreate) -> tuple[str, AccessKey]:
    """The token, which nobody can read again, and its row. Raises TooManyKeys, Missing."""
    if await repository.count_of(session, principal.user_id) >= MAX_KEYS:
        raise TooManyKeys
    token = tokens.KEY_PREFIX + tokens.new_secret()
    key = AccessKey(
        id=new_id(),
        user_id=principal.user_id,
        project_id=wanted.project_id,
        name=wanted.name,
        scopes=sorted(set(wanted.scopes)),
        token_hash=tokens.digest(token),
        hint=token[:_HINT],
    )
    if not await repository.add(session, key, wanted.expires_in_days):
        raise Missing
    await session.refresh(key)
    thing = Thing("token", key.id, key.name, key.project_id)
    audit.record(session, principal, "tokens.create", thing, after={"scopes": key.scopes, "expires_at": key.expires_at})
    return token, key


async def remove(session: WriteSession, principal: Principal, key_id: UUID) -> None:
    """Raises Missing."""
    if await repository.remove(session, principal.user_id, key_id) is None:
        raise Missing
    audit.record(session, principal, "tokens.remove", Thing("token", key_id))
