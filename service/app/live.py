"""`GET /events`: hints of what changed in the projects one may see, as server-sent events (WHATWG HTML §9.2).

Hints may be lost; so nobody builds on them, but asks again for what they name. Where some may have been missed (a slow reader, a
reconnection, Redis away) a `resync` says: ask again for everything.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, get
from litestar.params import Parameter
from litestar.response import Stream

from service.accounts.service import Accounts
from service.core.db import Database
from service.core.errors import StowageError, Throttled
from service.core.http.inject import Caller, Injected
from service.core.principal import Principal
from service.hints.service import LIVE, RECONNECTED, Hints
from service.projects import repository as projects

HEARTBEAT_S = 15.0
RECHECK_S = 30.0
MAX_WAITING = 64
MAX_LISTENERS = 5_000
MAX_EACH = 50
RESYNC = b"event: resync\ndata: {}\n\n"
HELLO = b"retry: 2000\n: hello\n\n"
BEAT = b": still here\n\n"
_MEMBERS = "projects.members_changed"


class Hint(msgspec.Struct):
    """One hint, as relay, uploads and jobs publish it. Without a project it concerns everybody and says nothing of anybody.

    What more it says is passed on as it is: `files.progress` has `file_id`, `progress` (0 to 1) and `left_s`.
    """

    type: str
    project_id: UUID | None = None
    user_id: UUID | None = None


class Listener:
    """One open stream: what waits to be sent, and what may be sent."""

    __slots__ = ("is_stale", "principal", "projects", "waiting", "wakes")

    def __init__(self, principal: Principal, visible: set[UUID]) -> None:
        self.principal = principal
        self.projects = visible
        self.waiting: deque[bytes] = deque()
        self.wakes: asyncio.Future[None] | None = None
        self.is_stale = False

    def tell(self, message: bytes) -> None:
        if len(self.waiting) >= MAX_WAITING:
            self.waiting.clear()
            message = RESYNC
        if message not in self.waiting:
            self.waiting.append(message)
        self.wake()

    def wake(self) -> None:
        if self.wakes is not None and not self.wakes.done():
            self.wakes.set_result(None)


class Hub:
    """Hands hints of all processes to the streams of this one."""

    def __init__(self, hints: Hints, database: Database, accounts: Accounts) -> None:
        self._database = database
        self._accounts = accounts
        self._listeners: set[Listener] = set()
        hints.on(LIVE, self._hear)
        hints.on(RECONNECTED, lambda _: self._tell_all(RESYNC))

    def _hear(self, text: str) -> None:
        hint = msgspec.json.decode(text, type=Hint)
        message = f"event: {hint.type}\ndata: {text}\n\n".encode()
        for listener in self._listeners:
            if hint.type == _MEMBERS and hint.user_id == listener.principal.user_id:
                # What this person may see is looked up before anything else is sent.
                listener.is_stale = True
                listener.tell(message)
            elif hint.project_id is None or hint.project_id in listener.projects:
                listener.tell(message)

    def _tell_all(self, message: bytes) -> None:
        for listener in self._listeners:
            listener.tell(message)

    async def listen(self, principal: Principal, token: str, *, has_missed: bool) -> AsyncIterator[bytes]:
        """The stream of one person, until the token ends or the person may no longer. Raises Throttled."""
        mine = sum(listener.principal.user_id == principal.user_id for listener in self._listeners)
        if len(self._listeners) >= MAX_LISTENERS or mine >= MAX_EACH:
            raise Throttled(retry_after=30)
        return self._stream(Listener(principal, set()), token, has_missed=has_missed)

    async def _visible(self, principal: Principal) -> set[UUID]:
        async with self._database.read() as session:
            return await projects.ids_of(session, principal)

    async def _stream(self, listener: Listener, token: str, *, has_missed: bool) -> AsyncIterator[bytes]:
        checked_at = time.monotonic()
        # Heard from before it is known what may be seen: a membership that changes in between makes it be looked up once more.
        self._listeners.add(listener)
        try:
            listener.projects = await self._visible(listener.principal)
            yield HELLO + (RESYNC if has_missed else b"")
            while True:
                if not listener.waiting:
                    listener.wakes = asyncio.get_running_loop().create_future()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(HEARTBEAT_S):
                            await listener.wakes
                    listener.wakes = None
                if listener.is_stale or time.monotonic() - checked_at > RECHECK_S:
                    if not await self._may_go_on(listener, token):
                        return
                    checked_at = time.monotonic()
                yield b"".join(listener.waiting) or BEAT
                listener.waiting.clear()
        finally:
            self._listeners.discard(listener)

    async def _may_go_on(self, listener: Listener, token: str) -> bool:
        try:
            who = listener.principal
            # API tokens and S3 keys live until they are removed or too old; access tokens carry their own end.
            is_key = who.scopes is not None
            listener.principal = await (self._accounts.still(who.user_id, who.session_id) if is_key else self._accounts.authenticate(token))
            listener.projects = await self._visible(listener.principal)
        except StowageError:
            # The client comes back with what it has; if that is no good it is told so then.
            return False
        if listener.is_stale:
            # What waits was meant for what could be seen before.
            listener.is_stale = False
            listener.waiting.clear()
            listener.waiting.append(RESYNC)
        return True


class EventController(Controller):
    path = "/events"
    tags = ("system",)

    @get("/", summary="Hints of what changes, as server-sent events", media_type="text/event-stream")
    async def listen(
        self,
        request: Request[Any, Any, Any],
        principal: Caller,
        hub: Annotated[Hub, Injected],
        last_event_id: Annotated[str | None, Parameter(header="Last-Event-ID", max_length=100)] = None,
    ) -> Stream:
        token = request.headers.get("authorization", "").partition(" ")[2].strip()
        stream = await hub.listen(principal, token, has_missed=last_event_id is not None)
        # Proxies must neither keep nor gather it.
        return Stream(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
