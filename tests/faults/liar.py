"""A store that lies about Complete: an HTTP proxy before the real one, which answers some Completes itself."""

import asyncio
import contextlib
import threading
from collections.abc import Sequence

ERROR = b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
GONE = b"<Error><Code>NoSuchUpload</Code><Message>The upload does not exist.</Message></Error>"


def _answer(status: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 " + status + b"\r\nContent-Type: application/xml\r\nConnection: close\r\nContent-Length: "
    return head + str(len(body)).encode() + b"\r\n\r\n" + body


# What is said, and whether the real store gets to do it.
LIES: dict[str, tuple[bytes, bool]] = {
    "500 after success": (_answer(b"500 Internal Server Error", ERROR), True),
    "500 without effect": (_answer(b"500 Internal Server Error", ERROR), False),
    "200 with an error, after success": (_answer(b"200 OK", ERROR), True),
    "200 with an error, without effect": (_answer(b"200 OK", ERROR), False),
    "NoSuchUpload without effect": (_answer(b"404 Not Found", GONE), False),
    "no answer after success": (b"", True),
    "no answer, without effect": (b"", False),
}


class Liar:
    """`tell` says which lies come next, one a Complete; then it is honest again."""

    def __init__(self, target: int) -> None:
        self.port, self.told = 0, 0
        self._target = target
        self._next: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)

    def tell(self, lies: Sequence[str]) -> None:
        self._next = list(lies)

    async def _open(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        answers = asyncio.create_task(_copy(far_reader, writer))
        with contextlib.suppress(OSError):
            while chunk := await reader.read(1 << 18):
                if not (self._next and chunk.startswith(b"POST ") and b"uploadId=" in chunk.split(b"\r\n", 1)[0]):
                    far_writer.write(chunk)
                    await far_writer.drain()
                    continue
                said, is_done = LIES[self._next.pop(0)]
                self.told += 1
                answers.cancel()
                request = await _whole(reader, chunk)
                if is_done:
                    far_writer.write(request)
                    # Its answer means that it is done; nobody hears it.
                    await asyncio.wait_for(far_reader.readuntil(b"CompleteMultipartUploadResult>"), 30)
                writer.write(said)
                break
        answers.cancel()
        far_writer.close()
        writer.close()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(1 << 18):
            writer.write(chunk)
            await writer.drain()
        writer.close()


async def _whole(reader: asyncio.StreamReader, begun: bytes) -> bytes:
    """The request with all of its body."""
    while b"\r\n\r\n" not in begun:
        begun += await reader.read(1 << 16)
    head, _, body = begun.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    return begun + (await reader.readexactly(length - len(body)) if length > len(body) else b"")
