"""A request body that can be interrupted: by a newcomer, for want of memory, by shutdown, or because it stalls."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

RATE_WINDOW_S = 60.0
# How long one `fill` may take, so that a slow sender is judged now and then.
FILL_S = 5.0

Receive = Callable[[], Awaitable[Mapping[str, object]]]


class Direct(Protocol):
    """What the server may offer instead of chunks: the rest of a body of known length, read straight into memory."""

    left: int

    async def read_into(self, view: memoryview, arrived: Callable[[int], bool]) -> None:
        """Fill `view` from its start; `arrived(n)` is told of every n bytes at once and stops the reading by answering False.

        May be cancelled: what `arrived` was told of lies in `view`. Raises ConnectionError where the client went away.
        """
        ...


TakeDirect = Callable[[], Direct | None]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a body comes from: chunks always, straight into memory where the server offers it."""

    receive: Receive
    take_direct: TakeDirect | None = None


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
    """An ASGI request body: chunks by `next`, or where the server offers it and `go_direct` says so, by `fill`.

    `poke` stops a read at once, also from another task.

    A sender is too slow after `idle_s` without a byte, or with fewer than `min_rate` bytes per second over RATE_WINDOW_S of
    waiting for it; our own pauses do not count.
    """

    def __init__(self, source: Source, idle_s: float, min_rate: int) -> None:
        self._receive = source.receive
        self._take_direct = source.take_direct
        self._direct: Direct | None = None
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

    def go_direct(self) -> bool:
        """Whether `fill` reads this body from now on. Ask once, before anything is read."""
        self._direct = self._take_direct() if self._take_direct is not None else None
        return self._direct is not None

    @property
    def left(self) -> int:
        """Bytes that `fill` has still to bring."""
        return self._direct.left if self._direct is not None else 0

    async def fill(self, view: memoryview, took: Callable[[int], bool]) -> None:
        """Read into `view` until it is full, `took(n)` answers False, or for a while. Raises Stop; what `took` heard of is there."""
        if self._direct is None:
            raise Stop(Reason.DISCONNECTED)
        if reason := self.take_reason():
            raise Stop(reason)
        loop = asyncio.get_running_loop()
        began, came = time.monotonic(), 0

        def arrived(count: int) -> bool:
            nonlocal came
            came += count
            if self._poked is None and self._scope is not None:
                self._scope.reschedule(loop.time() + self._idle_s)
            return took(count) and self._poked is None and time.monotonic() - began < FILL_S

        try:
            async with asyncio.timeout(self._idle_s) as self._scope:
                await self._direct.read_into(view, arrived)
        except TimeoutError:
            raise Stop(self.take_reason() or Reason.STALLED) from None
        except ConnectionError:
            raise Stop(Reason.DISCONNECTED) from None
        finally:
            self._scope = None
            self._waited_s += time.monotonic() - began
            self._judge(came)

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
