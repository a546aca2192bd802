"""Answers that nobody asked for: on a connection that is kept alive each would pass for the answer to the next request."""

import asyncio
import contextlib

import pytest

from service.storage.wire import Wire


def answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body


class Peer:
    """A server that answers each request with what `script` has next, one list of pieces for each connection."""

    def __init__(self, *script: list[bytes]) -> None:
        self.script, self.connections = list(script), 0

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return Wire(f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}")

    async def __aexit__(self, *_) -> None:
        self._server.close()

    async def _serve(self, reader, writer):
        pieces = self.script[self.connections]
        self.connections += 1
        for piece in pieces:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(piece)
            await writer.drain()
        await hang_up(reader)
        writer.close()


async def hang_up(reader) -> None:
    """Wait for the client to close."""
    with contextlib.suppress(OSError, asyncio.CancelledError):
        await reader.read()


REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def test_an_answer_that_comes_twice_at_once_is_read_once_and_ends_the_connection():
    peer = Peer([answer(b"first") + answer(b"stale")], [answer(b"second")])
    async with peer as wire:
        assert (await wire.call(REQUEST)).body == b"first"
        assert (await wire.call(REQUEST)).body == b"second"
        assert peer.connections == 2
        wire.close()


async def test_an_answer_that_comes_again_while_nothing_is_asked_ends_the_connection():
    class Late(Peer):
        async def _serve(self, reader, writer):
            if self.connections:
                await super()._serve(reader, writer)
                return
            self.connections += 1
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer(b"first"))
            await asyncio.sleep(0.1)
            writer.write(answer(b"stale"))
            await hang_up(reader)
            writer.close()

    peer = Late([], [answer(b"second")])
    async with peer as wire:
        assert (await wire.call(REQUEST)).body == b"first"
        await asyncio.sleep(0.3)
        assert (await wire.call(REQUEST)).body == b"second"
        wire.close()


async def test_a_success_before_the_body_was_sent_is_no_answer_to_it():
    body = b"x" * (64 << 20)  # more than the kernel's buffers take
    async with Peer([answer(b"stale")]) as wire:
        head = f"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        with pytest.raises(ConnectionError, match="before the request was sent"):
            await wire.call(head, body)
        wire.close()


async def test_a_refusal_before_the_body_was_sent_is_one():
    body = b"x" * (64 << 20)
    async with Peer([answer(b"full", b"507 Insufficient Storage")]) as wire:
        head = f"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        assert (await wire.call(head, body)).status == 507
        wire.close()
