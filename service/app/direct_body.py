"""Zero-copy receive: a request body read from the socket straight into the memory that is sent on to the store.

uvicorn hands a body out as bytes objects: each byte is copied three times before it lies in a part buffer. Here, for a
body of known length over plain TCP, the transport is lent to a `BufferedProtocol` for exactly the bytes of the body, and
goes back to a fresh HTTP parser behind them. An application asks for it through the scope extension EXTENSION and
falls back to `receive` where that is absent or answers None (chunked bodies, TLS in this process, another server).

The only module that leans on uvicorn's internals: uvicorn is pinned by the lock, and tests/service/test_direct_body.py
holds the contract (keep-alive after it, a request behind the body, a client that goes away, `Expect: 100-continue`).
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

EXTENSION = "stowage.direct_body"

_SCRATCH_BYTES = 256 << 10


class DirectBody(asyncio.BufferedProtocol):
    """The rest of one request's body. `left` counts bytes that have not been handed out yet."""

    def __init__(self, http: "UploadHttpProtocol", cycle: RequestResponseCycle, first: bytearray, left: int) -> None:
        self.left = left
        self._http = http
        self._cycle = cycle
        # Came in the same packet as the head.
        self._first = memoryview(first)
        self._view: memoryview | None = None
        self._filled = 0
        self._arrived: Callable[[int], bool] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        self._scratch: memoryview | None = None

    # -- for the application
    async def read_into(self, view: memoryview, arrived: Callable[[int], bool]) -> None:
        """Fill `view` from its start; `arrived(n)` is told of every n bytes at once and stops the reading by answering False.

        May be cancelled: what `arrived` was told of lies in `view`. Raises ConnectionError where the client went away.
        """
        view = view[: self.left]
        self._filled = 0
        if self._first:
            count = min(len(view), len(self._first))
            view[:count] = self._first[:count]
            # Nothing of it stays in memory once it is handed out.
            self._first = self._first[count:] if count < len(self._first) else memoryview(b"")
            self._filled, self.left = count, self.left - count
            if not arrived(count) or count == len(view):
                return
        if self._error is not None:
            raise self._error
        if not view:
            return
        self._view, self._arrived = view, arrived
        self._waiter = asyncio.get_running_loop().create_future()
        self._http.resume_body()
        try:
            await self._waiter
        finally:
            self._http.pause_body()
            self._view = self._arrived = self._waiter = None

    # -- for the transport
    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  asyncio's signature
        if self._view is not None:
            return self._view[self._filled :]
        if self._scratch is None:
            # Never while the application still wants the bytes: reading is paused then.
            message = "nobody reads this body"
            raise RuntimeError(message)
        return self._scratch[: self.left]

    def buffer_updated(self, nbytes: int) -> None:
        self.left -= nbytes
        if self._arrived is None:
            self._give_back_at_end()
            return
        self._filled += nbytes
        try:
            goes_on = self._arrived(nbytes)
        except Exception as error:
            self._wake(error)
            return
        if not goes_on or self.left == 0 or self._view is None or self._filled == len(self._view):
            self._wake(None)

    def _wake(self, error: Exception | None) -> None:
        self._http.pause_body()
        if self._waiter is not None and not self._waiter.done():
            if error is None:
                self._waiter.set_result(None)
            else:
                self._waiter.set_exception(error)
        self._view = self._arrived = None
        self._give_back_at_end()

    def _give_back_at_end(self) -> None:
        if self.left == 0:
            self._http.take_back(self._cycle)

    def discard_rest(self) -> None:
        """The answer is out before the body was: throw the rest away, so that the connection can go on or end politely."""
        self._scratch = memoryview(bytearray(_SCRATCH_BYTES))
        self.left -= len(self._first)
        self._first = memoryview(b"")
        self._give_back_at_end()

    def eof_received(self) -> None:
        self._lose(ConnectionResetError("the client ended the connection in the middle of the body"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(exc or ConnectionResetError("the client went away"))
        self._http.connection_lost(exc)

    def _lose(self, error: Exception) -> None:
        self._error = self._error or error
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(self._error)

    def pause_writing(self) -> None:
        self._http.pause_writing()

    def resume_writing(self) -> None:
        self._http.resume_writing()


class UploadHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 protocol with the extension."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._direct: DirectBody | None = None

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        length = next((value for name, value in self.headers if name == b"content-length"), b"")
        is_chunked = any(name == b"transfer-encoding" for name, _ in self.headers)
        if length.isdigit() and not is_chunked and self.scheme == "http":
            # The task of the request has not begun to run yet.
            extensions: dict[str, Any] = {EXTENSION: partial(self._take_body, self.cycle, int(length))}
            self.cycle.scope["extensions"] = extensions

    def _take_body(self, cycle: RequestResponseCycle, length: int) -> DirectBody | None:
        """Call once, before `receive`. None: there is nothing to gain, or it can't be done."""
        if cycle is not self.cycle or not cycle.more_body or cycle.disconnected or self.transport.is_closing() or self._direct is not None:
            return None
        first, cycle.body = cycle.body, bytearray()
        if cycle.waiting_for_100_continue:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            cycle.waiting_for_100_continue = False
        self.flow.pause_reading()
        self._direct = DirectBody(self, cycle, first, length)
        self.transport.set_protocol(self._direct)
        return self._direct

    def resume_body(self) -> None:
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def pause_body(self) -> None:
        if not self.transport.is_closing():
            self.flow.pause_reading()

    def take_back(self, cycle: RequestResponseCycle) -> None:
        """The body is over: what follows on this connection is HTTP again."""
        self._direct = None
        # uvloop chooses how it reads when reading starts, so a protocol changes only while it is paused.
        self.pause_body()
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.transport.set_protocol(self)
        cycle.more_body = False
        cycle.message_event.set()
        if cycle.response_complete:
            self.resume_body()

    def on_response_complete(self) -> None:
        # Reading goes on in there, within the time that a kept-alive connection may be idle.
        if self._direct is not None:
            self._direct.discard_rest()
        super().on_response_complete()
