"""The zero-copy receive: what uvicorn's protocol must still do around a body that was read straight from the socket."""

import asyncio
from contextlib import asynccontextmanager

import pytest
import uvicorn

from service.app.direct_body import EXTENSION, UploadHttpProtocol
from tests.harness import free_port

MIB = 1 << 20
WAIT_S = 10


class Application:
    """Takes bodies as told by the path; remembers what it saw."""

    def __init__(self):
        self.bodies = []
        self.direct = []
        self.errors = []
        self.entered = asyncio.Event()

    async def __call__(self, scope, receive, send):
        body = bytearray()
        offer = scope.get("extensions", {}).get(EXTENSION)
        direct = offer() if offer and scope["path"] != "/plain" else None
        self.direct.append(direct is not None)
        self.entered.set()
        try:
            if scope["path"] == "/early":
                pass
            elif scope["path"] == "/some":
                await self._read(direct, body, MIB)
            elif direct is not None:
                while direct.left:
                    await self._read(direct, body, min(direct.left, MIB))
            else:
                body += await self._plain(receive)
        except ConnectionError as error:
            self.errors.append(error)
            return
        finally:
            self.bodies.append(bytes(body))
        answer = str(len(body)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(answer)).encode())]})
        await send({"type": "http.response.body", "body": answer})

    @staticmethod
    async def _read(direct, body, size):
        memory, filled = bytearray(size), 0

        def arrived(count):
            nonlocal filled
            filled += count
            return True

        try:
            await direct.read_into(memoryview(memory), arrived)
        finally:
            body += memory[:filled]

    @staticmethod
    async def _plain(receive):
        body, more = bytearray(), True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return bytes(body)


@asynccontextmanager
async def serving(application):
    port = free_port()
    config = uvicorn.Config(application, host="127.0.0.1", port=port, http=UploadHttpProtocol, lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(WAIT_S):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, WAIT_S)


def head(path, length, *extra):
    lines = [f"PATCH {path} HTTP/1.1", "Host: here", f"Content-Length: {length}", *extra]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def answer(reader):
    async with asyncio.timeout(WAIT_S):
        text = await reader.readuntil(b"\r\n\r\n")
        length = int(text.lower().partition(b"content-length: ")[2].partition(b"\r")[0] or 0)
        return int(text.split()[1]), await reader.readexactly(length)


def payload(size):
    return bytes(range(256)) * (size // 256)


async def test_a_large_body_arrives_whole_and_the_connection_goes_on():
    application = Application()
    async with serving(application) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(head("/", 5 * MIB) + payload(5 * MIB))
            assert await answer(reader) == (200, str(5 * MIB).encode())
        writer.close()
    assert application.bodies == [payload(5 * MIB)] * 3
    assert application.direct == [True] * 3


async def test_a_body_that_came_with_its_head_needs_no_detour():
    application = Application()
    async with serving(application) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head("/", 1024) + payload(1024))
        assert await answer(reader) == (200, b"1024")
        writer.close()
    assert application.direct == [False]
    assert application.bodies == [payload(1024)]


async def test_a_request_behind_the_body_is_answered_after_it():
    application = Application()
    async with serving(application) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        first = head("/", 2 * MIB) + payload(2 * MIB)
        writer.write(first + head("/", 256) + payload(256) + head("/", MIB) + payload(MIB))
        assert [await answer(reader) for _ in range(3)] == [(200, str(size).encode()) for size in (2 * MIB, 256, MIB)]
        writer.close()
    assert application.bodies == [payload(2 * MIB), payload(256), payload(MIB)]


async def test_bytes_one_by_one_and_in_odd_pieces():
    application = Application()
    async with serving(application) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = payload(MIB)
        writer.write(head("/", MIB))
        for start, end in ((0, 1), (1, 2), (2, 70_001), (70_001, MIB - 1), (MIB - 1, MIB)):
            writer.write(body[start:end])
            await writer.drain()
            await asyncio.sleep(0.02)
        assert await answer(reader) == (200, str(MIB).encode())
        writer.close()
    assert application.bodies == [body]


async def test_a_client_that_goes_away_in_the_middle_leaves_its_prefix():
    application = Application()
    async with serving(application) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head("/", 10 * MIB) + payload(3 * MIB))
        await writer.drain()
        await application.entered.wait()
        writer.close()
        async with asyncio.timeout(WAIT_S):
            while not application.errors:
                await asyncio.sleep(0.01)
    assert application.bodies[0] == payload(3 * MIB)[: len(application.bodies[0])]
    assert len(application.bodies[0]) > 2 * MIB


async def test_expect_100_continue_is_answered_before_the_body():
    application = Application()
    async with serving(application) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head("/", MIB, "Expect: 100-continue"))
        async with asyncio.timeout(WAIT_S):
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(payload(MIB))
        assert await answer(reader) == (200, str(MIB).encode())
        writer.close()
    assert application.direct == [True]


@pytest.mark.parametrize(("path", "seen"), [("/early", 0), ("/some", MIB)])
async def test_an_answer_before_the_bodys_end_reaches_a_client_that_sends_on(path, seen):
    application = Application()
    async with serving(application) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head(path, 20 * MIB) + payload(20 * MIB) + head("/", 256) + payload(256))
        assert await answer(reader) == (200, str(seen).encode())
        assert await answer(reader) == (200, b"256")
        writer.close()
    assert [len(body) for body in application.bodies] == [seen, 256]


async def test_a_cancelled_read_keeps_what_came_and_can_go_on():
    heard = []

    async def application(scope, receive, send):
        direct = scope["extensions"][EXTENSION]()
        memory, filled = bytearray(2 * MIB), 0

        def arrived(count):
            nonlocal filled
            filled += count
            return True

        while filled < 2 * MIB:
            try:
                async with asyncio.timeout(0.05):
                    await direct.read_into(memoryview(memory)[filled:], arrived)
            except TimeoutError:
                heard.append(filled)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok" if memory == payload(2 * MIB) else b"no"})

    async with serving(application) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head("/", 2 * MIB))
        for start in range(0, 2 * MIB, MIB // 2):
            writer.write(payload(2 * MIB)[start : start + MIB // 2])
            await writer.drain()
            await asyncio.sleep(0.12)
        assert await answer(reader) == (200, b"ok")
        writer.close()
    assert heard


async def test_a_chunked_body_goes_the_plain_way():
    application = Application()
    async with serving(application) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"PATCH / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(4):
            writer.write(b"100\r\n" + payload(256) + b"\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        assert await answer(reader) == (200, b"1024")
        writer.close()
    assert application.direct == [False]
