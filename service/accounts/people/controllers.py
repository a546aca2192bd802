"""`/users` for administrators, and the public end of one-time links."""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Controller, Request, delete, get, patch, post
from litestar.params import Parameter

from service.accounts import tokens
from service.accounts.errors import LinkRefused
from service.accounts.people import repository, service
from service.accounts.people.schemas import (
    Invitation,
    LinkAccept,
    LinkFacts,
    LinkPage,
    LinkToken,
    LinkView,
    NewLink,
    PersonChange,
    PersonCreate,
    PersonPage,
    PersonView,
)
from service.accounts.schemas import quota_view
from service.accounts.service import Accounts
from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import ReadSession
from service.core.errors import Missing
from service.core.http.guards import PUBLIC, SCOPE, require_admin
from service.core.http.inject import Caller, Config, Injected, Reading, Writing
from service.core.http.origin import origin_of
from service.core.pagination import DEFAULT_LIMIT, check_limit, decode_cursor, decode_id, encode_cursor
from service.core.principal import Role, Scope
from service.core.settings import Settings


def _view(person: repository.Person) -> PersonView:
    user = person.user
    return PersonView(
        user.id,
        user.username,
        user.full_name,
        user.email,
        user.role,
        user.state,
        user.created_at,
        user.last_sign_in_at,
        quota_view(person.usage),
    )


async def _one(session: ReadSession, user_id: UUID) -> PersonView:
    person = await repository.one(session, user_id)
    if person is None:
        raise Missing
    return _view(person)


def _url(request: Request[Any, Any, Any], settings: Settings, token: str) -> str:
    base = origin_of(request, settings.server).base_url
    return f"{base}/join/#{token}"


class PeopleController(Controller):
    path = "/users"
    tags = ("people",)
    guards = (require_admin,)
    opt = {SCOPE: Scope.ADMIN}  # noqa: RUF012  Litestar's own shape

    @get("/", summary="Everybody, by name")
    async def page(
        self,
        read: Reading,
        q: Annotated[str, Parameter(max_length=200)] = "",
        who: Annotated[Literal["active", "disabled"] | None, Parameter(query="state")] = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> PersonPage:
        after = str(decode_cursor(cursor, str)[0]) if cursor else None
        people = await repository.page(read, after, check_limit(limit) + 1, wanted=q.strip(), state=who)
        more = encode_cursor(people[limit - 1].user.username.lower()) if len(people) > limit else None
        return PersonPage([_view(person) for person in people[:limit]], more)

    @post("/", summary="Create an account")
    async def create(self, data: PersonCreate, principal: Caller, write: Writing, settings: Config) -> PersonView:
        profile = service.Profile(Role(data.role), data.full_name, data.email, data.quota_bytes)
        user = await service.create_user(write, principal, data.username, data.password, settings.quota, profile)
        return await _one(write, user.id)

    @get("/{user_id:uuid}", summary="One person")
    async def one(self, user_id: UUID, read: Reading) -> PersonView:
        return await _one(read, user_id)

    @patch("/{user_id:uuid}", summary="Change role, state, name, address or quota; who is disabled is signed out")
    async def change(
        self, user_id: UUID, data: PersonChange, principal: Caller, write: Writing, accounts: Annotated[Accounts, Injected]
    ) -> PersonView:
        await service.change(write, principal, user_id, data)
        accounts.forget(user_id)
        return await _one(write, user_id)

    @post("/{user_id:uuid}/reset", summary="A one-time link to choose a new password by")
    async def reset(self, user_id: UUID, request: Request[Any, Any, Any], principal: Caller, write: Writing, settings: Config) -> NewLink:
        token, link = await service.offer_reset(write, principal, user_id)
        return NewLink(link.id, _url(request, settings, token), link.expires_at)

    @get("/links", summary="One-time links that were not used yet, newest first")
    async def links(self, read: Reading, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> LinkPage:
        before = decode_id(cursor)
        found = await repository.open_links(read, before, check_limit(limit) + 1)
        items = [LinkView(link.id, link.role, link.email, username, link.created_at, link.expires_at) for link, username in found[:limit]]
        return LinkPage(items, encode_cursor(str(items[-1].id)) if len(found) > limit else None)

    @post("/links", summary="Invite somebody: a one-time link to make an account by")
    async def invite(
        self, data: Invitation, request: Request[Any, Any, Any], principal: Caller, write: Writing, settings: Config
    ) -> NewLink:
        token, link = await service.invite(write, principal, data)
        return NewLink(link.id, _url(request, settings, token), link.expires_at)

    @delete("/links/{link_id:uuid}", summary="Withdraw a link")
    async def withdraw(self, link_id: UUID, principal: Caller, write: Writing) -> None:
        if not await repository.end_link(write, link_id):
            raise Missing
        audit.record(write, principal, "users.withdraw_link", Thing("link", link_id))


class LinkController(Controller):
    path = "/auth/link"
    tags = ("accounts",)

    @post("/", opt={PUBLIC: True}, status_code=200, summary="What a one-time link is for")
    async def look(self, data: LinkToken, read: Reading) -> LinkFacts:
        found = await repository.link_by_hash(read, tokens.digest(data.token))
        if found is None:
            raise LinkRefused
        link, username = found
        return LinkFacts(username, link.email)

    @post("/accept", opt={PUBLIC: True}, status_code=204, summary="Make the account, or set the new password")
    async def accept(self, data: LinkAccept, write: Writing, settings: Config) -> None:
        await service.accept(write, data.token, data.username, data.password, settings.quota)
