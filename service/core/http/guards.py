"""The one door: every handler wants a valid access token unless it is marked `opt={PUBLIC: True}` itself.

The mark is on the handler, never a pattern over paths. `opt={EXPIRED_OK: True}` lets a genuine but expired token
through as `principal.is_expired`: only for HEAD on uploads, where a 401 would make clients start again at 0.

An API token comes as a bearer; an S3 key signs the request (`signed`).

`opt={SCOPE: …}` says what an API token needs for it; without, a token that may read is enough for GET and HEAD, and one that may
write for all else.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from service.core.errors import Forbidden, Kind, StowageError
from service.core.http import signed
from service.core.principal import Principal, Scope
from service.core.signature import Signed

PUBLIC = "public"
EXPIRED_OK = "expired_ok"
SCOPE = "scope"
_SAFE = frozenset({"GET", "HEAD"})
_SCHEME = "bearer "

Authenticate = Callable[[str, bool], Awaitable[Principal]]
AuthenticateSigned = Callable[[Signed, bool], Awaitable[Principal]]


class Unauthenticated(StowageError):
    code = "auth.required"
    kind = Kind.UNAUTHENTICATED
    public = "Sign in first: this needs a valid access token."


class ScopeMissing(StowageError):
    code = "auth.scope_missing"
    kind = Kind.FORBIDDEN
    public = "This API token may not do that. Make one with the scope it needs."


def scope_of(handler: BaseRouteHandler, method: str) -> Scope:
    """What an API token needs for a request."""
    return Scope(handler.opt.get(SCOPE) or (Scope.READ if method in _SAFE else Scope.WRITE))


async def require_principal(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard of the whole app. `app.state.authenticate` and `…_signed` are filled by the root. Raises Unauthenticated, ScopeMissing."""
    if handler.opt.get(PUBLIC):
        return
    header = connection.headers.get("authorization", "")
    expired_ok = bool(handler.opt.get(EXPIRED_OK))
    if header.lower().startswith(_SCHEME):
        authenticate: Authenticate = connection.app.state.authenticate
        principal = await authenticate(header[len(_SCHEME) :].strip(), expired_ok)
    elif header.lower().startswith(signed.SCHEME) and isinstance(connection, Request):
        principal = await _signer(connection, header, expired_ok=expired_ok)
    else:
        raise Unauthenticated
    if principal.scopes is not None:
        needed = scope_of(handler, str(connection.scope.get("method", "GET")))
        if needed not in principal.scopes:
            raise ScopeMissing(details={"scope": needed})
    connection.scope["user"] = principal


async def _signer(request: Request[Any, Any, Any], header: str, *, expired_ok: bool) -> Principal:
    """Who signed a request. Raises SignatureRefused, PayloadMismatch, and what bearer tokens raise."""
    claimed = await signed.read(request, header, datetime.now(UTC))
    authenticate: AuthenticateSigned = request.app.state.authenticate_signed
    principal = await authenticate(claimed, expired_ok)
    await signed.check_payload(request, claimed)
    return principal


def require_admin(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of what only administrators may see and do; comes after `require_principal`. Raises Forbidden."""
    if not connection.user.is_admin:
        raise Forbidden


def provide_principal(request: Request[Any, Any, Any]) -> Principal:
    """Dependency `principal` of handlers behind the guard."""
    user: Principal = request.user
    return user
