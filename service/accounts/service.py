"""Sign in, refresh, sign out; tokens to principals."""

import ipaddress
import logging
import time
from dataclasses import dataclass, replace
from uuid import UUID

from msgspec import UNSET

from service.accounts import passwords, repository, tokens
from service.accounts.errors import AccountDisabled, TokenExpired, TokenRefused, WrongCredentials
from service.accounts.keys import repository as keys
from service.accounts.models import AuthSession
from service.accounts.schemas import ProfileChange
from service.audit import service as audit
from service.audit.service import REFUSED, Thing
from service.core.db import Database, WriteSession
from service.core.errors import Missing, Throttled
from service.core.ids import new_id
from service.core.principal import Principal, Role, Scope
from service.core.settings import AuthSettings
from service.core.signature import SignatureRefused, Signed
from service.hints.service import Hints

log = logging.getLogger("stowage.accounts")

CACHE_S = 20
MAX_CACHED = 10_000
ACCOUNT_TRIES = 10
ADDRESS_TRIES = 50
ALL_TRIES = 1_000
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

    @property
    def network(self) -> str:
        """What is counted together: an IPv4 address, or the /64 that one IPv6 customer has."""
        try:
            found = ipaddress.ip_address(self.address)
        except ValueError:
            return self.address
        return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)  # noqa: PLR2004  of the protocol


class Accounts:
    """Sessions and principals. Caches principals for at most CACHE_S, so a disabled person is out within 30 s."""

    def __init__(self, database: Database, settings: AuthSettings, hints: Hints) -> None:
        self._database = database
        self._settings = settings
        self._hints = hints
        self._cache: dict[tuple[UUID, UUID, int] | bytes, tuple[Principal, float]] = {}

    async def sign_in(self, session: WriteSession, username: str, password: str, client: Client) -> Grant:
        """Raises WrongCredentials, AccountDisabled, Throttled."""
        by_name = f"login:name:{username.lower()}"
        limits = {by_name: ACCOUNT_TRIES, f"login:address:{client.network}": ADDRESS_TRIES, "login:all": ALL_TRIES}
        for counter, most in limits.items():
            if await self._hints.peek(counter) >= most:
                await self._note_refused(username, None, "throttled")
                raise Throttled(retry_after=WINDOW_S)
        user = await repository.user_by_name(session, username)
        if not await passwords.verify_password(user.password_hash if user else None, password) or user is None:
            for counter in limits:
                await self._hints.count(counter, WINDOW_S)
            await self._note_refused(username, user.id if user else None, "wrong credentials")
            raise WrongCredentials
        if user.state != "active":
            await self._note_refused(username, user.id, "disabled")
            raise AccountDisabled
        await self._hints.forget(by_name)
        if passwords.needs_rehash(user.password_hash):
            user.password_hash = await passwords.hash_password(password)
        await repository.note_sign_in(session, user.id)
        refresh = tokens.new_secret()
        family = new_id()
        await self._store(session, user.id, family, refresh, client)
        principal = Principal(user.id, user.username, Role(user.role), family)
        audit.record(session, principal, "auth.sign_in", Thing("session", family), user_agent=client.user_agent[:200])
        return Grant(tokens.issue_access(self._settings, user.id, family, user.session_version), refresh)

    async def _note_refused(self, username: str, user_id: UUID | None, reason: str) -> None:
        """In a transaction of its own: the one of the request ends with the refusal."""
        async with self._database.write() as session:
            thing = Thing("user", user_id, username)
            audit.record(session, None, "auth.sign_in", thing, outcome=REFUSED, actor=username, reason=reason)

    async def _store(self, session: WriteSession, user_id: UUID, family_id: UUID, refresh: str, client: Client) -> AuthSession:
        row = AuthSession(
            id=new_id(),
            family_id=family_id,
            user_id=user_id,
            token_hash=tokens.digest(refresh),
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
        row = await repository.session_by_hash(session, tokens.digest(refresh_token))
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
            audit.record(
                session, None, "auth.refresh_reuse", Thing("session", row.family_id, user.username), outcome=REFUSED, actor=user.username
            )
            return None
        return Grant(tokens.issue_access(self._settings, user.id, row.family_id, user.session_version), following)

    async def sign_out(self, session: WriteSession, refresh_token: str) -> None:
        row = await repository.session_by_hash(session, tokens.digest(refresh_token))
        if row is not None:
            await repository.revoke_family(session, row.family_id)
            user = await repository.user_by_id(session, row.user_id)
            name = user.username if user else ""
            audit.record(session, None, "auth.sign_out", Thing("session", row.family_id), actor=name, kind="user")
            self.forget(row.user_id)

    async def end_session(self, session: WriteSession, principal: Principal, family_id: UUID) -> None:
        """One of the person's own sign-ins. Raises Missing."""
        if not await repository.owns_family(session, principal.user_id, family_id):
            raise Missing
        await repository.revoke_family(session, family_id)
        audit.record(session, principal, "auth.end_session", Thing("session", family_id))
        self.forget(principal.user_id)

    async def end_all_sessions(self, session: WriteSession, principal: Principal) -> None:
        await repository.revoke_all(session, principal.user_id)
        audit.record(session, principal, "auth.end_all_sessions", Thing("user", principal.user_id, principal.username))
        self.forget(principal.user_id)

    def forget(self, user_id: UUID) -> None:
        """Know nothing of this person by heart; other processes do for at most CACHE_S."""
        self._cache = {key: value for key, value in self._cache.items() if value[0].user_id != user_id}

    async def change_profile(self, session: WriteSession, principal: Principal, wanted: ProfileChange) -> None:
        user = await repository.user_by_id(session, principal.user_id)
        if user is None:
            raise Missing
        audit.record(session, principal, "users.change_profile", Thing("user", user.id, user.username))
        if wanted.full_name is not UNSET:
            user.full_name = wanted.full_name
        if wanted.email is not UNSET:
            user.email = wanted.email
        await session.flush()

    async def change_password(self, session: WriteSession, principal: Principal, current: str, new: str) -> None:
        """Ends all sessions. Raises WrongCredentials, WeakPassword."""
        passwords.check_strength(new)
        user = await repository.user_by_id(session, principal.user_id)
        if user is None or not await passwords.verify_password(user.password_hash, current):
            raise WrongCredentials
        user.password_hash = await passwords.hash_password(new)
        audit.record(session, principal, "auth.change_password", Thing("user", user.id, user.username))
        await self.end_all_sessions(session, principal)

    async def authenticate(self, token: str, expired_ok: bool = False) -> Principal:
        """Raises TokenRefused, TokenExpired, AccountDisabled, DatabaseDown."""
        if token.startswith(tokens.KEY_PREFIX):
            return await self._by_key(tokens.digest(token), expired_ok=expired_ok)
        claims = tokens.read_access(self._settings, token)
        if not expired_ok:
            tokens.check_fresh(claims)
        key = (claims.user_id, claims.session_id, claims.session_version)
        principal = self._known(key) or self._remember(key, await self._load(claims))
        return replace(principal, is_expired=True) if claims.is_expired else principal

    def _known(self, key: tuple[UUID, UUID, int] | bytes) -> Principal | None:
        principal, until = self._cache.get(key, (None, 0.0))
        return principal if until >= time.monotonic() else None

    def _remember(self, key: tuple[UUID, UUID, int] | bytes, principal: Principal) -> Principal:
        if len(self._cache) > MAX_CACHED:
            self._cache.clear()
        self._cache[key] = (principal, time.monotonic() + CACHE_S)
        return principal

    async def authenticate_signed(self, claimed: Signed, expired_ok: bool = False) -> Principal:
        """The owner of the S3 key that signed. Raises SignatureRefused, and what `authenticate` raises.

        The signature comes first: who does not know the secret learns nothing of which keys there are, and costs no query.
        """
        if not claimed.is_by(tokens.s3_secret(self._settings, claimed.key_id)):
            raise SignatureRefused
        return await self._by_key(tokens.digest(claimed.key_id), expired_ok=expired_ok)

    async def _by_key(self, token_hash: bytes, *, expired_ok: bool) -> Principal:
        if known := self._known(token_hash):
            return known
        async with self._database.statement() as session:
            holder = await keys.holder(session, token_hash=token_hash)
            if holder is not None and not holder.is_expired:
                await keys.note_use(session, holder.key.id)
        if holder is None:
            raise TokenRefused
        principal = _of_key(holder)
        if not holder.is_expired:
            return self._remember(token_hash, principal)
        if not expired_ok:
            raise TokenExpired
        return replace(principal, is_expired=True)

    async def still(self, user_id: UUID, session_id: UUID) -> Principal:
        """Who asked for a ticket, as long as that person is active and signed in, or the API token lives.

        Raises TokenRefused, AccountDisabled.
        """
        try:
            return await self._signed_in(user_id, session_id, None)
        except TokenRefused:
            # Tickets are made by people far more often than by tokens, so those are looked for last.
            async with self._database.read() as session:
                holder = await keys.holder(session, key_id=session_id)
            if holder is None or holder.is_expired or holder.user.id != user_id:
                raise
        return _of_key(holder)

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


def _of_key(holder: keys.Holder) -> Principal:
    """Raises AccountDisabled."""
    user, key = holder.user, holder.key
    if user.state != "active":
        raise AccountDisabled
    scopes = frozenset(Scope(scope) for scope in key.scopes)
    return Principal(user.id, user.username, Role(user.role), key.id, scopes=scopes, project_id=key.project_id)
