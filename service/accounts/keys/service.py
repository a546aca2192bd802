"""Make and remove API tokens and S3 keys."""

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
from service.core.settings import AuthSettings

MAX_KEYS = 100
_HINT = 8


async def create(session: WriteSession, principal: Principal, wanted: KeyCreate, settings: AuthSettings) -> tuple[str, AccessKey]:
    """The token or the S3 key's secret, which nobody can read again, and its row. Raises TooManyKeys, Missing."""
    if await repository.count_of(session, principal.user_id) >= MAX_KEYS:
        raise TooManyKeys
    is_s3 = wanted.kind == "s3"
    known = tokens.new_s3_key_id() if is_s3 else tokens.KEY_PREFIX + tokens.new_secret()
    key = AccessKey(
        id=new_id(),
        user_id=principal.user_id,
        project_id=wanted.project_id,
        kind=wanted.kind,
        name=wanted.name,
        scopes=sorted(set(wanted.scopes)),
        token_hash=tokens.digest(known),
        hint=known if is_s3 else known[:_HINT],
    )
    if not await repository.add(session, key, wanted.expires_in_days):
        raise Missing
    await session.refresh(key)
    thing = Thing("token", key.id, key.name, key.project_id)
    after = {"kind": key.kind, "scopes": key.scopes, "expires_at": key.expires_at}
    audit.record(session, principal, "tokens.create", thing, after=after)
    return tokens.s3_secret(settings, known) if is_s3 else known, key


async def remove(session: WriteSession, principal: Principal, key_id: UUID) -> None:
    """Raises Missing."""
    if await repository.remove(session, principal.user_id, key_id) is None:
        raise Missing
    audit.record(session, principal, "tokens.remove", Thing("token", key_id))
