"""Wires that go wrong: a TCP proxy before each server, which strikes what passes at random moments.

Faults: `latency`, `throttle`, `rst` (in mid-request), `blackhole` (silence, then RST), and of answers `truncated`, `dropped`
(the request had its effect, nobody hears of it) and, on HTTP, `duplicated`.
"""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Sequence

import uvloop

CHUNK = 1 << 18
ANY = ("latency", "throttle", "rst", "blackhole", "truncated", "dropped")
STORE = (*ANY, "duplicated")
ANSWERS_ONLY = frozenset({"truncated", "dropped", "duplicated"})
# One fault in so many bytes, beside one in so many chunks.
MEAN_BYTES = 48 << 20
THROTTLE_S, THROTTLED_RATE = 2.0, 300_000


class Struck(Exception):
    """The connection is to be reset."""


def is_whole_answer(chunk: bytes) -> bool:
    """An HTTP answer with its whole body: only that can come twice."""
    head, end, body = chunk.partition(b"\r\n\r\n")
    if not end or not head.startswith(b"HTTP/1.1 "):
        return False
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value) == len(body)
    return head.startswith(b"HTTP/1.1 204")


class _Connection:
    """Two pumps that share a fate."""

    def __init__(self, link: "Link") -> None:
        self._link = link
        self._silent_until = self._slow_until = 0.0

    async def run(
        self, near: tuple[asyncio.StreamReader, asyncio.StreamWriter], far: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> None:
        pumps = [
            asyncio.create_task(self._pump(near[0], far[1], is_answer=False)),
            asyncio.create_task(self._pump(far[0], near[1], is_answer=True)),
        ]
        done, pending = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pending:
            pump.cancel()
        was_struck = any(isinstance(pump.exception(), Struck) for pump in done)
        for _, writer in (near, far):
            if was_struck:
                with contextlib.suppress(OSError, AttributeError):  # closed already: there is no socket
                    writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            else:
                writer.close()
        await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool) -> None:
        now = asyncio.get_running_loop().time
        while chunk := await reader.read(CHUNK):
            copies = 1
            match self._link.draw(chunk, is_answer=is_answer):
                case "latency":
                    await asyncio.sleep(self._link.random.uniform(0.02, 1.0))
                case "throttle":
                    self._slow_until = now() + THROTTLE_S
                case "blackhole":
                    self._silent_until = now() + self._link.random.uniform(1.0, 7.0)
                case "rst" | "dropped":
                    raise Struck
                case "truncated":
                    writer.write(chunk[: len(chunk) // 2])
                    await writer.drain()
                    raise Struck
                case "duplicated":
                    copies = 2
            if self._silent_until:
                await asyncio.sleep(max(0.0, self._silent_until - now()))
                raise Struck
            if now() < self._slow_until:
                await asyncio.sleep(len(chunk) / THROTTLED_RATE)
            writer.write(chunk * copies)
            await writer.drain()


class Link:
    """One wire, to `target` on this machine. `share` scales how often it goes wrong; 0: never."""

    def __init__(self, name: str, target: int, kinds: Sequence[str], seed: int, mean_chunks: int) -> None:
        self.name, self.port = name, 0
        self._mean_chunks = mean_chunks
        self.share = 0.0
        self.random = random.Random(f"{seed}:{name}")
        self.tally: Counter[str] = Counter()
        self._target, self._kinds = target, kinds

    def draw(self, chunk: bytes, *, is_answer: bool) -> str | None:
        if self.random.random() >= self.share * (1 / self._mean_chunks + len(chunk) / MEAN_BYTES):
            return None
        kind = self.random.choice([kind for kind in self._kinds if is_answer or kind not in ANSWERS_ONLY])
        if kind == "duplicated" and not is_whole_answer(chunk):
            return None
        self.tally[kind] += 1
        return kind

    async def open(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=CHUNK)
        self.port = server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far = await asyncio.open_connection("127.0.0.1", self._target, limit=CHUNK)
        except OSError:
            writer.transport.abort()
            return
        with contextlib.suppress(OSError):
            await _Connection(self).run((reader, writer), far)


class Links:
    """All wires of a campaign, on an event loop of their own."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.all: list[Link] = []
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def add(self, name: str, target: int, kinds: Sequence[str] = ANY, mean_chunks: int = 60) -> Link:
        """`mean_chunks`: one fault in so many pieces of traffic."""
        link = Link(name, target, kinds, self._seed, mean_chunks)
        asyncio.run_coroutine_threadsafe(link.open(), self._loop).result(10)
        self.all.append(link)
        return link

    def break_now(self, share: float) -> None:
        for link in self.all:
            link.share = share

    def tally(self) -> dict[str, dict[str, int]]:
        return {link.name: dict(sorted(link.tally.items())) for link in self.all}

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
