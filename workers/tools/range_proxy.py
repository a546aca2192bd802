"""A loopback HTTP server through which ffmpeg and probes read one source each: `http://127.0.0.1:PORT/<nonce>`.

The child gets no credential and needs no other network. A read that breaks upstream is continued where it broke; what is read of a source
again and again comes out of memory; a nonce is worth nothing once its block is left.
"""

import asyncio
import contextlib
import logging
import re
import secrets
import socket
from collections.abc import AsyncIterator, Hashable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from workers.tools.block_cache import BlockCache, Blocks, Read

log = logging.getLogger("stowage.proxy")

# Readers ask for all that follows and leave: what is under way then was read of the store for nothing. With less than two of loopback's
# segments each one waits for a late acknowledgement: at 32 KiB a directory of 7 MiB takes 4 s.
SEND_BUFFER = 128 << 10
HEAD_LIMIT = 16 << 10
HEAD_TIMEOUT_S = 30
TRIES = 6
PAUSE_S = 0.5
_RANGE = re.compile(r"(?im)^range:\s*bytes=(\d*)-(\d*)\s*$")


@dataclass(slots=True)
class Served:
    """One source: how to read it, its size, and what was read of it."""

    read: Read
    size: int
    blocks: Blocks
    url: str = ""
    port: int = 0
    # Bytes that the store gave.
    bytes_read: int = 0
    requests: int = 0
    failures: int = 0
    # A reader was sent away with less than it asked for: what it makes of that says nothing about the source.
    is_cut: bool = False


class RangeProxy:
    """One per worker process."""

    def __init__(self) -> None:
        self._sources: dict[str, Served] = {}
        self._cache = BlockCache()
        self._server: asyncio.Server | None = None
        self._port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD_LIMIT)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()

    @asynccontextmanager
    async def source(self, key: Hashable, read: Read, size: int) -> AsyncIterator[Served]:
        """Serve `read(start, end)` of `size` bytes under a fresh nonce for the length of the block; `key` always means the same bytes."""
        nonce = secrets.token_urlsafe(24)
        served = Served(read, size, self._cache.of(key), f"http://127.0.0.1:{self._port}/{nonce}", self._port)
        self._sources[nonce] = served
        try:
            yield served
        finally:
            del self._sources[nonce]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        try:
            while True:
                async with asyncio.timeout(HEAD_TIMEOUT_S):
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                if not await self._answer(head, writer):
                    break
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, TimeoutError):
            pass
        finally:
            with contextlib.suppress(ConnectionError):
                writer.close()

    async def _answer(self, head: str, writer: asyncio.StreamWriter) -> bool:
        method, _, rest = head.partition(" ")
        served = self._sources.get(rest.partition(" ")[0].lstrip("/"))
        if served is None or method not in {"GET", "HEAD"}:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return False
        served.requests += 1
        start, end, is_part = _span(head, served.size)
        if start >= served.size > 0:
            writer.write(
                f"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */{served.size}\r\nContent-Length: 0\r\n\r\n".encode()
            )
            await writer.drain()
            return True
        status = "206 Partial Content" if is_part else "200 OK"
        extent = f"Content-Range: bytes {start}-{end - 1}/{served.size}\r\n" if is_part else ""
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: application/octet-stream\r\nAccept-Ranges: bytes\r\nContent-Length: {end - start}\r\n{extent}\r\n".encode()
        )
        if method == "GET":
            await self._send(served, start, end, writer)
        await writer.drain()
        return True

    async def _send(self, served: Served, start: int, end: int, writer: asyncio.StreamWriter) -> None:
        position, tries = start, 0
        while position < end:
            try:
                async with aclosing(served.blocks.read(served.read, position, end)) as pieces:
                    async for piece, fetched in pieces:
                        served.bytes_read += fetched
                        writer.write(piece)
                        await writer.drain()
                        position += len(piece)
                        tries = 0
            except ConnectionError:
                raise
            except Exception as error:
                tries += 1
                served.failures += 1
                if tries >= TRIES:
                    served.is_cut = True
                    log.warning("source can't be read", extra={"internal": str(error)})
                    raise ConnectionError from error
                await asyncio.sleep(PAUSE_S * tries)


def _span(head: str, size: int) -> tuple[int, int, bool]:
    match = _RANGE.search(head)
    if match is None or match.groups() == ("", ""):
        return 0, size, False
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size, True
    return int(first), min(size, int(last) + 1) if last else size, True
