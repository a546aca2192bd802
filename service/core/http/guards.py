"""The one door: every handler wants a valid access token unless it is marked `opt={PUBLIC: True}` itself.

The mark is on the handler, never a pattern over paths. `opt={EXPIRED_OK: True}` lets a genuine but expired token
through as `principal.is_expired`: only for HEAD on uploads, where a 401 would make clients start again at 0.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from service.core.errors import Forbidden, Kind, StowageError
from service.core.principal import Principal, Role

PUBLIC = "public"
EXPIRED_OK = "expired_ok"
_SCHEME = "bearer "

Authenticate = Callable[[str, bool], Awaitable[Principal]]


class Unauthenticated(StowageError):
    code = "auth.required"
    kind = Kind.UNAUTHENTICATED
    public = "Sign in first: this needs a valid access token."


async def require_principal(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard of the whole app. `app.state.authenticate` is filled by the root. Raises Unauthenticated."""
    if handler.opt.get(PUBLIC):
        return
    header = connection.headers.get("authorization", "")
    if not header.lower().startswith(_SCHEME):
        raise Unauthenticated
    authenticate: Authenticate = connection.app.state.authenticate
    connection.scope["user"] = await authenticate(header[len(_SCHEME) :].strip(), bool(handler.opt.get(EXPIRED_OK)))


def require_admin(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of what only administrators may see and do; comes after `require_principal`. Raises Forbidden."""
    if connection.user.role != Role.ADMIN:
        raise Forbidden


def provide_principal(request: Request[Any, Any, Any]) -> Principal:
    """Dependency `principal` of handlers behind the guard."""
    user: Principal = request.user
    return user
