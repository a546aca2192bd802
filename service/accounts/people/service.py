"""Create, invite, change, disable; what one-time links do."""

import re
from dataclasses import dataclass
from uuid import UUID

from msgspec import UNSET

from service.accounts import passwords, tokens
from service.accounts import repository as accounts
from service.accounts.errors import BadUsername, LastAdmin, LinkRefused, NameTaken
from service.accounts.models import AccountLink, User
from service.accounts.people import repository
from service.accounts.people.schemas import Invitation, PersonChange
from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import WriteSession
from service.core.errors import Missing
from service.core.ids import new_id
from service.core.principal import Principal, Role
from service.core.settings import QuotaSettings
from service.quota import service as quota

INVITATION_S = 7 * 86_400
RESET_S = 86_400
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Profile:
    """What a new person is besides a name and a password."""

    role: Role = Role.MEMBER
    full_name: str = ""
    email: str | None = None
    quota_bytes: int | None = None


async def create_user(
    session: WriteSession, by: Principal | None, username: str, password: str, quotas: QuotaSettings, profile: Profile
) -> User:
    """Raises BadUsername, NameTaken, WeakPassword."""
    passwords.check_strength(password)
    if not _USERNAME.fullmatch(username):
        raise BadUsername
    if await accounts.user_by_name(session, username) is not None:
        raise NameTaken
    user = User(
        id=new_id(),
        username=username,
        password_hash=await passwords.hash_password(password),
        role=profile.role,
        full_name=profile.full_name,
        email=profile.email,
    )
    session.add(user)
    quota.open_account(session, quota.USER, user.id, quotas.user_bytes if profile.quota_bytes is None else profile.quota_bytes)
    await session.flush()
    audit.record(session, by, "users.create", Thing("user", user.id, username), after={"role": profile.role, "email": profile.email})
    return user


async def change(session: WriteSession, by: Principal, user_id: UUID, wanted: PersonChange) -> None:
    """Who is disabled, or no administrator any more, is signed out everywhere. Raises Missing, LastAdmin."""
    user = await repository.locked(session, user_id)
    if user is None:
        raise Missing
    role = user.role if wanted.role is UNSET else wanted.role
    state = user.state if wanted.state is UNSET else wanted.state
    was_admin = user.role == Role.ADMIN and user.state == "active"
    steps_down = was_admin and (role != Role.ADMIN or state != "active")
    if steps_down and not await repository.other_admins(session, user_id):
        raise LastAdmin
    before: dict[str, object] = {"role": user.role, "state": user.state, "full_name": user.full_name, "email": user.email}
    is_out = steps_down or (user.state == "active" and state != "active")
    user.role, user.state = role, state
    if wanted.full_name is not UNSET:
        user.full_name = wanted.full_name
    if wanted.email is not UNSET:
        user.email = wanted.email
    await session.flush()
    if is_out:
        await accounts.revoke_all(session, user_id)
    if wanted.quota_bytes is not UNSET:
        before["quota_bytes"] = (await quota.usage_of(session, quota.USER, user_id)).limit_bytes
        await quota.set_limit(session, quota.USER, user_id, wanted.quota_bytes)
    after = {name: getattr(wanted, name) for name in before if getattr(wanted, name) is not UNSET}
    thing = Thing("user", user_id, user.username)
    audit.record(session, by, "users.change", thing, before={name: before[name] for name in after}, after=after)


# -- one-time links
async def invite(session: WriteSession, by: Principal, invitation: Invitation) -> tuple[str, AccountLink]:
    """The token, which nobody can read again, and the link."""
    link = AccountLink(role=invitation.role, email=invitation.email, quota_bytes=invitation.quota_bytes, created_by=by.user_id)
    token, link = await _link(session, link, INVITATION_S)
    audit.record(session, by, "users.invite", Thing("link", link.id, invitation.email or ""), after={"role": invitation.role})
    return token, link


async def offer_reset(session: WriteSession, by: Principal, user_id: UUID) -> tuple[str, AccountLink]:
    """A link to choose a new password by; earlier ones end. The old password goes on until then. Raises Missing."""
    user = await accounts.user_by_id(session, user_id)
    if user is None:
        raise Missing
    await repository.end_links_of(session, user_id)
    audit.record(session, by, "users.offer_reset", Thing("user", user_id, user.username))
    return await _link(session, AccountLink(user_id=user_id, created_by=by.user_id), RESET_S)


async def _link(session: WriteSession, link: AccountLink, ttl_s: int) -> tuple[str, AccountLink]:
    token = tokens.new_secret()
    link.id = new_id()
    link.token_hash = tokens.digest(token)
    await repository.add_link(session, link, ttl_s)
    return token, link


async def accept(session: WriteSession, token: str, username: str | None, password: str, quotas: QuotaSettings) -> None:
    """Make the account, or set the new password and sign out everywhere. Raises LinkRefused, BadUsername, NameTaken, WeakPassword."""
    passwords.check_strength(password)
    found = await repository.link_by_hash(session, tokens.digest(token))
    if found is None:
        raise LinkRefused
    link, _ = found
    if link.user_id is not None:
        user = await repository.locked(session, link.user_id)
        if user is None:
            raise LinkRefused
        user.password_hash = await passwords.hash_password(password)
        await session.flush()
        await accounts.revoke_all(session, user.id)
        audit.record(session, None, "auth.reset_password", Thing("user", user.id, user.username), actor=user.username, kind="link")
    else:
        profile = Profile(role=Role(link.role), email=link.email, quota_bytes=link.quota_bytes)
        user = await create_user(session, None, username or "", password, quotas, profile)
        audit.record(session, None, "auth.join", Thing("user", user.id, user.username), actor=user.username, kind="link")
    if not await repository.use_link(session, link.id):
        raise LinkRefused
