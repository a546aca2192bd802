"""Sign in, refresh, sign out; tokens to principals."""

import logging
import time
from dataclasses import dataclass
from uuid import UUID

from service.accounts import passwords, repository, tokens
from service.accounts.errors import AccountDisabled, NameTaken, TokenRefused, WrongCredentials
from service.accounts.models import AuthSession, User
from service.core.db import Database, WriteSession
from service.core.errors import Throttled
from service.core.ids import new_id
from service.core.principal import Principal, Role
from service.core.settings import AuthSettings, QuotaSettings
from service.hints.service import Hints
from service.quota import service as quota

log = logging.getLogger("stowage.accounts")

CACHE_S = 20
MAX_CACHED = 10_000
ACCOUNT_TRIES = 10
ADDRESS_TRIES = 50
WINDOW_S = 300


@dataclass(frozen=True, slots=True)
class Grant:
    access_token: str
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Client:
    """Where a sign-in comes from."""

    address: str
    user_agent: str


class Accounts:
    """Sessions and principals. Caches principals for at most CACHE_S, so a disabled person is out within 30 s."""

    def __init__(self, database: Database, settings: AuthSettings, hints: Hints) -> None:
        self._database = database
        self._settings = settings
        self._hints = hints
        self._cache: dict[tuple[UUID, UUID, int], tuple[Principal, float]] = {}

    async def sign_in(self, session: WriteSession, username: str, password: str, client: Client) -> Grant:
        """Raises WrongCredentials, AccountDisabled, Throttled."""
        by_name, by_address = f"login:name:{username.lower()}", f"login:address:{client.address}"
        if await self._hints.peek(by_name) >= ACCOUNT_TRIES or await self._hints.peek(by_address) >= ADDRESS_TRIES:
            raise Throttled(retry_after=WINDOW_S)
        user = await repository.user_by_name(session, username)
        if not await passwords.verify_password(user.password_hash if user else None, password) or user is None:
            await self._hints.count(by_name, WINDOW_S)
            await self._hints.count(by_address, WINDOW_S)
            raise WrongCredentials
        if user.state != "active":
            raise AccountDisabled
        await self._hints.forget(by_name)
        if passwords.needs_rehash(user.password_hash):
            user.password_hash = await passwords.hash_password(password)
        refresh = tokens.new_refresh()
        family = new_id()
        await self._store(session, user.id, family, refresh, client)
        return Grant(tokens.issue_access(self._settings, user.id, family, user.session_version), refresh)

    async def _store(self, session: WriteSession, user_id: UUID, family_id: UUID, refresh: str, client: Client) -> AuthSession:
        row = AuthSession(
            id=new_id(),
            family_id=family_id,
            user_id=user_id,
            token_hash=tokens.hash_refresh(refresh),
            user_agent=client.user_agent[:300],
            ip=client.address,
        )
        await repository.add_session(session, row, self._settings.refresh_ttl_s)
        return row

    async def refresh(self, refresh_token: str, client: Client) -> Grant:
        """Rotate. Reuse of a spent token ends the whole family (RFC 9700 §4.14.2). Raises TokenRefused, AccountDisabled.

        Opens its own transaction: the revocation must be kept although the request is refused.
        """
        async with self._database.write() as session:
            grant = await self._rotate(session, refresh_token, client)
        if grant is None:
            raise TokenRefused
        return grant

    async def _rotate(self, session: WriteSession, refresh_token: str, client: Client) -> Grant | None:
        row = await repository.session_by_hash(session, tokens.hash_refresh(refresh_token))
        if row is None or row.revoked_at is not None:
            return None
        is_expired, used_s = await repository.age_s(session, row)
        user = await repository.user_by_id(session, row.user_id)
        if is_expired or user is None or user.state != "active":
            return None
        following = tokens.successor(self._settings, refresh_token)
        if row.used_at is None:
            stored = await self._store(session, user.id, row.family_id, following, client)
            await repository.mark_used(session, row, stored.id)
        elif used_s > repository.GRACE_S:
            log.warning("refresh token reused", extra={"user": str(user.id), "family": str(row.family_id)})
            await repository.revoke_family(session, row.family_id)
            return None
        return Grant(tokens.issue_access(self._settings, user.id, row.family_id, user.session_version), following)

    async def sign_out(self, session: WriteSession, refresh_token: str) -> None:
        row = await repository.session_by_hash(session, tokens.hash_refresh(refresh_token))
        if row is not None:
            await repository.revoke_family(session, row.family_id)
            self._cache = {key: value for key, value in self._cache.items() if key[1] != row.family_id}

    async def change_password(self, session: WriteSession, principal: Principal, current: str, new: str) -> None:
        """Ends all sessions. Raises WrongCredentials, WeakPassword."""
        passwords.check_strength(new)
        user = await repository.user_by_id(session, principal.user_id)
        if user is None or not await passwords.verify_password(user.password_hash, current):
            raise WrongCredentials
        user.password_hash = await passwords.hash_password(new)
        await repository.revoke_all(session, user.id)
        self._cache = {key: value for key, value in self._cache.items() if key[0] != user.id}

    async def authenticate(self, token: str, expired_ok: bool = False) -> Principal:
        """Raises TokenRefused, TokenExpired, AccountDisabled, DatabaseDown."""
        claims = tokens.read_access(self._settings, token)
        if not expired_ok:
            tokens.check_fresh(claims)
        key = (claims.user_id, claims.session_id, claims.session_version)
        principal, until = self._cache.get(key, (None, 0.0))
        if principal is None or until < time.monotonic():
            principal = await self._load(claims)
            if len(self._cache) > MAX_CACHED:
                self._cache.clear()
            self._cache[key] = (principal, time.monotonic() + CACHE_S)
        if claims.is_expired:
            return Principal(principal.user_id, principal.username, principal.role, principal.session_id, is_expired=True)
        return principal

    async def still(self, user_id: UUID, session_id: UUID) -> Principal:
        """Who asked for a ticket, as long as that person is active and signed in. Raises TokenRefused, AccountDisabled."""
        return await self._signed_in(user_id, session_id, None)

    async def _load(self, claims: tokens.Claims) -> Principal:
        return await self._signed_in(claims.user_id, claims.session_id, claims.session_version)

    async def _signed_in(self, user_id: UUID, session_id: UUID, session_version: int | None) -> Principal:
        async with self._database.read() as session:
            user = await repository.user_by_id(session, user_id)
            if (
                user is None
                or session_version not in {None, user.session_version}
                or not await repository.family_is_live(session, session_id)
            ):
                raise TokenRefused
        if user.state != "active":
            raise AccountDisabled
        return Principal(user.id, user.username, Role(user.role), session_id)


async def create_user(session: WriteSession, username: str, password: str, role: Role, quotas: QuotaSettings) -> User:
    """Raises NameTaken, WeakPassword."""
    passwords.check_strength(password)
    if await repository.user_by_name(session, username) is not None:
        raise NameTaken
    user = User(id=new_id(), username=username, password_hash=await passwords.hash_password(password), role=role)
    session.add(user)
    quota.open_account(session, quota.USER, user.id, quotas.user_bytes)
    await session.flush()
    return user
