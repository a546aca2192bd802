"""Publish and hear hints, count attempts."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import redis.asyncio as redis

log = logging.getLogger("stowage.hints")

PREFIX = "stowage:"
# Messages may have been missed: this process could not hear for a while, or another one could not tell.
RECONNECTED = "reconnected"
# What browsers that look at a project are told, as JSON.
LIVE = "live"
PATIENCE_S = 0.3
RECONNECT_S = 2.0
NUDGE_S = 0.5
MAX_COUNTERS = 10_000

Listener = Callable[[str], None]


class Hints:
    """Best-effort messages between processes. Never raises because of Redis."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S) if url else None
        self._url = url
        self._listeners: dict[str, list[Listener]] = {}
        self._counters: dict[str, tuple[int, float]] = {}
        self._down_until = 0.0
        self._task: asyncio.Task[None] | None = None
        self._nudges: dict[tuple[str, str], None] = {}
        self._nudging: asyncio.Task[None] | None = None
        self._owing: asyncio.Task[None] | None = None

    def on(self, channel: str, listener: Listener) -> None:
        """Call `listener(message)` for each message of `channel`, from this process or another."""
        self._listeners.setdefault(channel, []).append(listener)

    async def publish(self, channel: str, message: str) -> bool:
        """Tell every process, this one included. False: only this one could be told; the others will hear that they missed something."""
        self._deliver(channel, message)
        is_told = await self._ask(lambda client: client.publish(PREFIX + channel, message)) is not None
        if not is_told and self._redis is not None and (self._owing is None or self._owing.done()):
            self._owing = asyncio.create_task(self._make_good())
        return is_told

    async def _make_good(self) -> None:
        """A message that nobody heard is gone; that there was one is told as soon as Redis answers again."""
        while True:
            await asyncio.sleep(RECONNECT_S)
            if await self._ask(lambda client: client.publish(PREFIX + RECONNECTED, "")) is not None:
                return

    def nudge(self, channel: str, message: str) -> None:
        """`publish` within NUDGE_S; the same message, said again until then, goes out once."""
        if not self._nudges:
            self._nudging = asyncio.create_task(self._send_nudges())
        self._nudges[channel, message] = None

    async def _send_nudges(self) -> None:
        await asyncio.sleep(NUDGE_S)
        nudges, self._nudges = self._nudges, {}
        for channel, message in nudges:
            await self.publish(channel, message)

    async def _ask(self, call: Callable[[redis.Redis], Awaitable[Any]]) -> Any:
        """What Redis answers; None while it is away."""
        if self._redis is None or time.monotonic() < self._down_until:
            return None
        try:
            return await call(self._redis)
        except Exception as error:
            # Whatever it is: a broken answer makes the client raise more than its own errors.
            self._note_down(error)
            return None

    def _deliver(self, channel: str, message: str) -> None:
        for listener in self._listeners.get(channel, ()):
            listener(message)

    def _note_down(self, error: BaseException) -> None:
        # A circuit breaker: a dead Redis must not add its timeout to every request.
        self._down_until = time.monotonic() + RECONNECT_S
        log.warning("redis is away", extra={"internal": str(error)})

    def start(self) -> None:
        """Begin to hear messages of other processes."""
        if self._redis is not None and self._task is None:
            self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        while True:
            listener = redis.Redis.from_url(self._url, socket_connect_timeout=PATIENCE_S, health_check_interval=10)
            try:
                async with listener.pubsub() as channels:
                    await channels.psubscribe(PREFIX + "*")
                    self._deliver(RECONNECTED, "")
                    async for message in channels.listen():
                        if message["type"] == "pmessage":
                            self._deliver(message["channel"].decode().removeprefix(PREFIX), message["data"].decode())
            except Exception as error:
                self._note_down(error)
            finally:
                with contextlib.suppress(Exception):
                    await listener.aclose()
            await asyncio.sleep(RECONNECT_S)

    async def count(self, key: str, window_s: int) -> int:
        """Count one attempt under `key`; returns how many there were within the window, this one included."""

        async def count_there(client: redis.Redis) -> int:
            async with client.pipeline(transaction=True) as pipe:
                pipe.incr(f"{PREFIX}count:{key}")
                pipe.expire(f"{PREFIX}count:{key}", window_s, nx=True)
                return int((await pipe.execute())[0])

        there: int | None = await self._ask(count_there)
        return self._count_here(key, window_s) if there is None else there

    async def peek(self, key: str) -> int:
        """How many attempts were counted under `key` within its window."""

        async def look(client: redis.Redis) -> int:
            return int(await client.get(f"{PREFIX}count:{key}") or 0)

        there: int | None = await self._ask(look)
        if there is not None:
            return there
        count, until = self._counters.get(key, (0, 0.0))
        return count if until > time.monotonic() else 0

    def _count_here(self, key: str, window_s: int) -> int:
        now = time.monotonic()
        if len(self._counters) > MAX_COUNTERS:
            self._counters = {name: value for name, value in self._counters.items() if value[1] > now}
        count, until = self._counters.get(key, (0, 0.0))
        count, until = (1, now + window_s) if until <= now else (count + 1, until)
        self._counters[key] = (count, until)
        return count

    async def forget(self, key: str) -> None:
        """Drop a count (after a success)."""
        self._counters.pop(key, None)
        await self._ask(lambda client: client.delete(f"{PREFIX}count:{key}"))

    async def is_up(self) -> bool:
        """Asked anew, however lately it was away."""
        if self._redis is None:
            return False
        try:
            return bool(await self._redis.ping())
        except Exception:
            return False

    async def close(self) -> None:
        for task in (self._task, self._nudging, self._owing):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if self._redis is not None:
            await self._redis.aclose()
