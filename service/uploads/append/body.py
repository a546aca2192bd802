"""A request body that can be interrupted: by a newcomer, for want of memory, by shutdown, or because it stalls."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum

RATE_WINDOW_S = 60.0

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
    """Chunks of an ASGI request body. `poke` stops the next read at once, also from another task.

    A sender is too slow after `idle_s` without a byte, or with fewer than `min_rate` bytes per second over RATE_WINDOW_S of
    waiting for it; our own pauses do not count.
    """

    def __init__(self, receive: Receive, idle_s: float, min_rate: int) -> None:
        self._receive = receive
        self._idle_s = idle_s
        self._min_rate = min_rate
        self._waited_s = 0.0
        self._came = 0
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
                self._judge(len(chunk))
                return chunk
        return None

    def _judge(self, count: int) -> None:
        """What came stays good, so a sender that is too slow is stopped at the next read."""
        self._came += count
        if self._waited_s < RATE_WINDOW_S:
            return
        if self._came < self._waited_s * self._min_rate:
            self.poke(Reason.STALLED)
        self._waited_s, self._came = 0.0, 0

    async def _message(self) -> Mapping[str, object]:
        # Only this await can be cut short, so no chunk is ever taken from the server and dropped.
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._idle_s) as self._scope:
                return await self._receive()
        except TimeoutError:
            raise Stop(self.take_reason() or Reason.STALLED) from None
        finally:
            self._scope = None
            self._waited_s += time.monotonic() - began
