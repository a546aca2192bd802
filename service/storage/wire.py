"""A lean HTTP/1.1 client on event-loop transports for the three calls where bytes move: PUT, ranged GET, HEAD.

`transport.write(memoryview)` on uvloop hands the kernel the caller's buffer without a copy, so a buffer must not be
reused before the answer is there; when a call fails, its connection is aborted, which lets go of the buffer.
"""

import asyncio
import contextlib
import ipaddress
import ssl
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httptools

from service.storage.port import Buffer

CONNECT_TIMEOUT_S = 5
SILENCE_TIMEOUT_S = 30
MAX_IDLE = 64
HIGH_WATER = 1 << 20
SMALL_BODY = 1 << 18
FIRST_REFUSAL = 300


@dataclass(slots=True)
class Answer:
    """Status, lower-case headers and (unless streamed) the body."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


@dataclass(slots=True)
class _Exchange:
    headers: dict[str, str] = field(default_factory=dict)
    chunks: deque[bytes] = field(default_factory=deque)
    buffered: int = 0
    has_headers: bool = False
    is_done: bool = False
    error: Exception | None = None


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self.is_dead = False
        self._changed = asyncio.Event()
        self._exchange = _Exchange()
        self._parser: httptools.HttpResponseParser | None = None
        self._transport: asyncio.Transport | None = None
        self._is_extra = False
        self.is_idle = False

    # -- asyncio.Protocol
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream connection's transport is a Transport

    def data_received(self, data: bytes) -> None:
        if self._parser is None or self.is_idle:
            # Nothing was asked: were it kept, it would pass for the answer to the next request.
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._exchange.error = ConnectionError(f"bad answer: {error}")
            self.abort()
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_dead = True
        if not self._exchange.is_done:
            self._exchange.error = self._exchange.error or ConnectionError(str(exc or "the store closed the connection"))
        self._changed.set()

    # -- httptools callbacks
    def on_message_begin(self) -> None:
        self._is_extra = self._exchange.is_done
        self.is_dead |= self._is_extra

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_extra:
            return
        self._exchange.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._exchange.has_headers = True

    def on_body(self, body: bytes) -> None:
        if self._is_extra:
            return
        exchange = self._exchange
        exchange.chunks.append(body)
        exchange.buffered += len(body)
        if exchange.buffered > HIGH_WATER and self._transport:
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if self._is_extra:
            return
        self._exchange.is_done = True
        if self._parser is None or not self._parser.should_keep_alive():
            self.is_dead = True
        elif self._parser.get_status_code() < FIRST_REFUSAL and self._transport and self._transport.get_write_buffer_size():
            # Nobody can have taken what was not sent yet: this answers something else.
            self._exchange.error = ConnectionError("a success before the request was sent")

    # -- one call at a time
    def send(self, head: bytes, body: Buffer | None) -> None:
        self._exchange = _Exchange()
        self._is_extra = self.is_idle = False
        self._parser = httptools.HttpResponseParser(self)
        if self._transport is None or self.is_dead:
            raise ConnectionError("not connected")
        # The last answer may have ended while reading was paused for its reader's sake.
        self._transport.resume_reading()
        if body is not None and len(body) <= SMALL_BODY:
            self._transport.writelines([head, body])
        else:
            self._transport.write(head)
            if body is not None:
                self._transport.write(body)

    async def _wait(self) -> None:
        self._changed.clear()
        async with asyncio.timeout(SILENCE_TIMEOUT_S):
            await self._changed.wait()

    async def headers(self) -> tuple[int, dict[str, str]]:
        while not self._exchange.has_headers:
            if self._exchange.error:
                raise self._exchange.error
            await self._wait()
        return self._parser.get_status_code() if self._parser else 0, self._exchange.headers

    async def chunks(self, *, has_body: bool) -> AsyncIterator[bytes]:
        exchange = self._exchange
        while has_body:
            while exchange.chunks:
                chunk = exchange.chunks.popleft()
                exchange.buffered -= len(chunk)
                yield chunk
            if exchange.error:
                raise exchange.error
            if exchange.is_done:
                return
            if self._transport and not self.is_dead:
                self._transport.resume_reading()
            await self._wait()

    def abort(self) -> None:
        self.is_dead = True
        if self._transport:
            self._transport.abort()


def is_loopback(host: str) -> bool:
    """True for localhost and loopback addresses, where plain HTTP crosses no network."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Wire:
    """Kept-alive connections to one endpoint."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self.is_tls = parts.scheme == "https"
        self.hostname = parts.hostname or "localhost"
        self.port = parts.port or (443 if self.is_tls else 80)
        self.host = parts.netloc
        self._idle: list[_Connection] = []
        self._context = ssl.create_default_context() if self.is_tls else None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            _, connection = await loop.create_connection(_Connection, self.hostname, self.port, ssl=self._context)
        return connection

    async def _acquire(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_dead:
                return connection
        return await self._connect()

    def _release(self, connection: _Connection) -> None:
        if connection.is_dead or len(self._idle) >= MAX_IDLE:
            connection.abort()
        else:
            connection.is_idle = True
            self._idle.append(connection)

    async def call(self, head: bytes, body: Buffer | None = None, *, has_body: bool = True) -> Answer:
        """One exchange with the whole answer in memory. Raises ConnectionError, OSError, TimeoutError."""
        connection = await self._acquire()
        try:
            connection.send(head, body)
            status, headers = await connection.headers()
            answer = b"".join([chunk async for chunk in connection.chunks(has_body=has_body)])
        except BaseException:
            connection.abort()
            raise
        self._release(connection)
        return Answer(status, headers, answer)

    @contextlib.asynccontextmanager
    async def stream(self, head: bytes) -> AsyncIterator[tuple[Answer, AsyncIterator[bytes]]]:
        """One exchange with the answer's body as it comes; reading slowly slows the store (back-pressure)."""
        connection = await self._acquire()
        is_whole = False

        async def body() -> AsyncIterator[bytes]:
            nonlocal is_whole
            async for chunk in connection.chunks(has_body=True):
                yield chunk
            is_whole = True

        try:
            connection.send(head, None)
            status, headers = await connection.headers()
            yield Answer(status, headers), body()
        finally:
            if is_whole:
                self._release(connection)
            else:
                connection.abort()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().abort()
