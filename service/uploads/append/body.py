"""A request body that can be interrupted: by a newcomer, for want of memory, by shutdown, or because it stalls."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum

Receive = Callable[[], Awaitable[Mapping[str, object]]]


class Reason(StrEnum):
    """Why reading stopped before the body's end."""

    PREEMPTED = "preempted"
    CHECKPOINT = "checkpoint"
    SHUTDOWN = "shutdown"
    STALLED = "stalled"
    STORE_FAILED = "store_failed"
    DISCONNECTED = "disconnected"
    NO_ROOM = "no_room"


class Stop(Exception):
    """Reading stopped; bytes already handed out stay good."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason)


class Body:
    """Chunks of an ASGI request body. `poke` stops the next read at once, also from another task."""

    def __init__(self, receive: Receive, idle_s: float) -> None:
        self._receive = receive
        self._idle_s = idle_s
        self._poked: Reason | None = None
        self._scope: asyncio.Timeout | None = None
        self._is_over = False

    def poke(self, reason: Reason) -> None:
        """Interrupt. A checkpoint request never overrides a stronger reason."""
        if self._poked in {None, Reason.CHECKPOINT}:
            self._poked = reason
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())

    def take_reason(self) -> Reason | None:
        """The pending reason, forgotten if it was only a checkpoint."""
        reason = self._poked
        if reason is Reason.CHECKPOINT:
            self._poked = None
        return reason

    async def next(self) -> bytes | None:
        """The next chunk, None at the end. Raises Stop."""
        while not self._is_over:
            if reason := self.take_reason():
                raise Stop(reason)
            message = await self._message()
            if message["type"] == "http.disconnect":
                raise Stop(Reason.DISCONNECTED)
            self._is_over = not message.get("more_body", False)
            chunk = message.get("body", b"")
            if isinstance(chunk, bytes) and chunk:
                return chunk
        return None

    async def _message(self) -> Mapping[str, object]:
        # Only this await can be cut short, so no chunk is ever taken from the server and dropped.
        try:
            async with asyncio.timeout(self._idle_s) as self._scope:
                return await self._receive()
        except TimeoutError:
            raise Stop(self.take_reason() or Reason.STALLED) from None
        finally:
            self._scope = None
