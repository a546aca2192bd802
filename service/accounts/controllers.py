"""`/auth/*` and `/me`."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.datastructures import Cookie

from service.accounts import repository
from service.accounts.errors import TokenRefused
from service.accounts.schemas import (
    AccessGrant,
    Credentials,
    Me,
    PasswordChange,
    ProfileChange,
    RefreshRequest,
    SessionList,
    SessionView,
    TokenGrant,
    quota_view,
)
from service.accounts.service import Accounts, Client
from service.core.errors import Forbidden
from service.core.http.guards import PUBLIC, SCOPE
from service.core.http.inject import Caller, Config, Injected, Reading, Writing
from service.core.http.origin import origin_of
from service.core.principal import Scope
from service.core.settings import Settings
from service.quota import service as quota
from service.storage.delivery import Delivery

COOKIE = "stowage_refresh"
COOKIE_PATH = "/api/v1/auth"
ACCOUNT = {SCOPE: Scope.ACCOUNT}
MAX_SESSIONS = 200


def _client(request: Request[Any, Any, Any], settings: Settings) -> Client:
    origin = origin_of(request, settings.server)
    return Client(origin.address, request.headers.get("user-agent", ""))


def _check_origin(request: Request[Any, Any, Any], settings: Settings) -> None:
    """A cookie is only believed from our own pages or an origin in the settings (CSRF)."""
    said = request.headers.get("origin")
    own = origin_of(request, settings.server).base_url
    if said is not None and said != own and said not in settings.server.origins:
        raise Forbidden(internal=f"cookie from origin {said}, ours is {own}")


class AuthController(Controller):
    path = "/auth"
    tags = ("accounts",)

    @post("/login", opt={PUBLIC: True}, status_code=200, summary="Sign in from a browser: the refresh token comes as an HttpOnly cookie")
    async def login(
        self,
        data: Credentials,
        request: Request[Any, Any, Any],
        write: Writing,
        accounts: Annotated[Accounts, Injected],
        settings: Config,
    ) -> Response[AccessGrant]:
        _check_origin(request, settings)
        grant = await accounts.sign_in(write, data.username, data.password, _client(request, settings))
        return _with_cookie(request, settings, grant.access_token, grant.refresh_token)

    @post("/token", opt={PUBLIC: True}, status_code=200, summary="Sign in from a program: both tokens in the body")
    async def token(
        self,
        data: Credentials,
        request: Request[Any, Any, Any],
        write: Writing,
        accounts: Annotated[Accounts, Injected],
        settings: Config,
    ) -> TokenGrant:
        grant = await accounts.sign_in(write, data.username, data.password, _client(request, settings))
        return TokenGrant(grant.access_token, grant.refresh_token, settings.auth.access_ttl_s)

    @post("/refresh", opt={PUBLIC: True}, status_code=200, summary="Exchange a refresh token (cookie or body) for new tokens")
    async def refresh(
        self,
        request: Request[Any, Any, Any],
        accounts: Annotated[Accounts, Injected],
        settings: Config,
        data: RefreshRequest | None = None,
    ) -> Response[AccessGrant] | TokenGrant:
        if data is not None and data.refresh_token:
            grant = await accounts.refresh(data.refresh_token, _client(request, settings))
            return TokenGrant(grant.access_token, grant.refresh_token, settings.auth.access_ttl_s)
        _check_origin(request, settings)
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            raise TokenRefused
        grant = await accounts.refresh(cookie, _client(request, settings))
        return _with_cookie(request, settings, grant.access_token, grant.refresh_token)

    @post("/logout", opt={PUBLIC: True}, status_code=204, summary="End this sign-in; its refresh token (cookie or body) is all it needs")
    async def logout(
        self,
        request: Request[Any, Any, Any],
        write: Writing,
        accounts: Annotated[Accounts, Injected],
        data: RefreshRequest | None = None,
    ) -> Response[None]:
        token = data.refresh_token if data is not None and data.refresh_token else request.cookies.get(COOKIE)
        if token:
            await accounts.sign_out(write, token)
        return Response(
            None, status_code=204, cookies=[Cookie(key=COOKIE, value="", max_age=0, path=COOKIE_PATH, httponly=True, samesite="strict")]
        )


def _with_cookie(request: Request[Any, Any, Any], settings: Settings, access: str, refresh: str) -> Response[AccessGrant]:
    origin = origin_of(request, settings.server)
    cookie = Cookie(
        key=COOKIE,
        value=refresh,
        max_age=settings.auth.refresh_ttl_s,
        path=COOKIE_PATH,
        httponly=True,
        samesite="strict",
        secure=origin.scheme == "https",
    )
    return Response(AccessGrant(access, settings.auth.access_ttl_s), cookies=[cookie], headers={"Cache-Control": "no-store"})


class MeController(Controller):
    path = "/me"
    tags = ("accounts",)

    @get("/", summary="Who I am, my quota, and what uploads may be")
    async def me(
        self,
        request: Request[Any, Any, Any],
        principal: Caller,
        read: Reading,
        settings: Config,
        delivery: Annotated[Delivery, Injected],
    ) -> Me:
        usage = await quota.usage_of(read, quota.USER, principal.user_id)
        uploads = settings.uploads
        is_direct = uploads.direct_bytes > 0 and delivery.takes_parts_from(request.url.hostname or "")
        user = await repository.user_by_id(read, principal.user_id)
        return Me(
            principal.user_id,
            principal.username,
            user.full_name if user else "",
            user.email if user else None,
            principal.role,
            quota_view(usage),
            uploads.client_chunk_bytes,
            uploads.max_bytes,
            uploads.direct_bytes if is_direct else None,
        )

    @patch("/", opt=ACCOUNT, status_code=204, summary="Change my name or e-mail address")
    async def change(self, data: ProfileChange, principal: Caller, write: Writing, accounts: Annotated[Accounts, Injected]) -> None:
        await accounts.change_profile(write, principal, data)

    @get("/sessions", opt=ACCOUNT, summary="Where I am signed in, the last used first")
    async def sessions(self, principal: Caller, read: Reading) -> SessionList:
        rows = await repository.families_of(read, principal.user_id, MAX_SESSIONS)
        items = [
            SessionView(
                row.family_id,
                row.family_id == principal.session_id,
                row.user_agent or "",
                row.ip or "",
                row.signed_in_at,
                row.last_seen_at,
            )
            for row in rows
        ]
        return SessionList(items)

    @delete("/sessions", opt=ACCOUNT, summary="Sign out everywhere, here too")
    async def end_sessions(self, principal: Caller, write: Writing, accounts: Annotated[Accounts, Injected]) -> None:
        await accounts.end_all_sessions(write, principal)

    @delete("/sessions/{session_id:uuid}", opt=ACCOUNT, summary="End one of my sign-ins")
    async def end_session(self, session_id: UUID, principal: Caller, write: Writing, accounts: Annotated[Accounts, Injected]) -> None:
        await accounts.end_session(write, principal, session_id)

    @post("/password", opt=ACCOUNT, status_code=204, summary="Change my password; signs out everywhere")
    async def password(
        self,
        data: PasswordChange,
        principal: Caller,
        write: Writing,
        accounts: Annotated[Accounts, Injected],
    ) -> None:
        await accounts.change_password(write, principal, data.current_password, data.new_password)
