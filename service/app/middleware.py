"""ASGI middleware around everything: request ids, method override, headers that every tus answer carries, metrics."""

import asyncio
import re
import secrets
import time
from collections.abc import Iterable
from typing import Any, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from service.app.metrics import REQUEST_SECONDS, REQUESTS
from service.core import caller
from service.core.http.origin import address_of
from service.core.settings import ServerSettings

_TUS_PATH = re.compile(r"^/api/v1/(?:tus(?:/|$)|projects/[^/]+/tus/?$)")
_TUS_ROOT = "/api/v1/tus"
_PLACEHOLDER = re.compile(r"\{[^}]+\}")
_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_OVERRIDABLE = frozenset({"PATCH", "DELETE", "HEAD"})
_PRECONDITION_FAILED = 412
_LOCKED_ON_HEAD = frozenset({403, 429})
_SERVER_ERROR = 500
_SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]


def _until(told: asyncio.Event | None, receive: Receive) -> Receive:
    """To a HEAD all is said with the headers: then the client is as good as gone, and a stream behind them is not read for nobody."""
    if told is None:
        return receive

    async def receive_or_end() -> Any:
        heard, waits = asyncio.ensure_future(receive()), asyncio.ensure_future(told.wait())
        done, pending = await asyncio.wait({heard, waits}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return heard.result() if heard in done else {"type": "http.disconnect"}

    return receive_or_end


class AllowedMethods:
    """What the resource at a path can be asked (RFC 9110 §10.2.1): the framework knows it per controller only."""

    def __init__(self, routes: Iterable[tuple[str, Iterable[str]]]) -> None:
        methods: dict[str, set[str]] = {}
        for path, of_route in routes:
            methods.setdefault(path, set()).update(of_route)
        # `/users/links` before `/users/{id}`.
        exact_first = sorted(methods.items(), key=lambda route: len(_PLACEHOLDER.findall(route[0])))
        self._known = [
            (re.compile(_PLACEHOLDER.sub("[^/]+", path) + "/?"), ", ".join(sorted({*found, "OPTIONS"}))) for path, found in exact_first
        ]

    def corrected(self, path: str, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """`Allow` as it should be, where there is one."""
        allowed = next((methods.encode() for pattern, methods in self._known if pattern.fullmatch(path)), b"")
        return [(name, allowed if allowed and name.lower() == b"allow" else value) for name, value in headers]


def _of_tus(status: int) -> list[tuple[bytes, bytes]]:
    version = [(b"tus-version", b"1.0.0")] if status == _PRECONDITION_FAILED else []
    return [(b"tus-resumable", b"1.0.0"), *version]


class Envelope:
    """Outermost layer; pure ASGI, so that errors and streams pass through it too."""

    def __init__(self, app: ASGIApp, server: ServerSettings, routes: Iterable[tuple[str, Iterable[str]]] = ()) -> None:
        self._app = app
        self._proxies = server.proxies
        self._allowed = AllowedMethods(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        said = headers.get(b"x-request-id", b"").decode("latin-1")
        current = said if _ID.match(said) else secrets.token_hex(8)
        request_token = caller.request_id.set(current)
        address_token = caller.address.set(address_of(scope, self._proxies))
        is_tus = bool(_TUS_PATH.match(scope["path"]))
        override = headers.get(b"x-http-method-override", b"").decode("latin-1").upper()
        method = str(scope["method"])
        told = asyncio.Event() if method == "HEAD" else None
        if is_tus and override in _OVERRIDABLE and method == "POST":
            method = override
        elif method == "HEAD" and not is_tus:
            # Every GET answers HEAD (RFC 9110 §9.3.2); the server, whose scope stays as it is, sends no body.
            method = "GET"
        # Every tus URL has the same options, and next to other methods Litestar would answer of its own accord.
        path = _TUS_ROOT if is_tus and method == "OPTIONS" else scope["path"]
        began = time.perf_counter()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                if told is not None:
                    told.set()
                status = message["status"]
                if is_tus and method == "HEAD" and (status in _LOCKED_ON_HEAD or status >= _SERVER_ERROR):
                    # tus-js-client starts again at 0 on any other error: under trouble of ours HEAD says "locked".
                    status = message["status"] = 423
                extra = [(b"x-request-id", current.encode()), *_SECURITY, *(_of_tus(status) if is_tus else ())]
                present = {name.lower() for name, _ in message["headers"]}
                if method == "OPTIONS" and not is_tus:
                    message["headers"] = self._allowed.corrected(path, message["headers"])
                message["headers"] = [*message["headers"], *(pair for pair in extra if pair[0] not in present)]
            await send(message)

        try:
            await self._app({**scope, "method": cast("Any", method), "path": path}, _until(told, receive), send_with_headers)
        finally:
            REQUESTS.labels(method, str(status)).inc()
            REQUEST_SECONDS.labels(method).observe(time.perf_counter() - began)
            caller.request_id.reset(request_token)
            caller.address.reset(address_token)
