"""`/files/{id}/text` and `/files/{id}/text/matches`."""

import asyncio
from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.params import Parameter

from service.core.db import Database
from service.core.http.inject import Caller, Db, Injected
from service.core.principal import Principal
from service.files.service import get_sound_file
from service.media.texts.decoding import HEAD_BYTES, TWO_BYTES, Encoding, align, detect, named, page
from service.media.texts.finding import Read, find
from service.media.texts.schemas import TextMatches, TextPage
from service.storage.port import Reader

# Longer than any character, so that each page gets on.
MIN_BYTES, MAX_BYTES = 16, 1 << 20
MAX_WORDS = 200

Encoded = Annotated[str | None, Parameter(max_length=40)]


class TextController(Controller):
    path = "/files/{file_id:uuid}/text"
    tags = ("media",)

    @get("/", summary="A page of a file as text: `limit` bytes of it from `offset`, to the end of a line; never HTML")
    async def text(
        self,
        file_id: UUID,
        principal: Caller,
        database: Db,
        store: Annotated[Reader, Injected],
        offset: Annotated[int, Parameter(ge=0)] = 0,
        limit: Annotated[int, Parameter(ge=MIN_BYTES, le=MAX_BYTES)] = HEAD_BYTES,
        encoding: Encoded = None,
    ) -> TextPage:
        read, size = await _reader(principal, database, store, file_id)
        known, head = await _encoding(read, size, encoding)
        start = max(offset, known.bom_bytes)
        start += (start - known.bom_bytes) % 2 if known.name in TWO_BYTES else 0
        # The first page is what the encoding was told by.
        body = head[start : start + limit] if min(start + limit, size) <= len(head) else await read(start, start + limit)
        skipped = align(body, known) if start else 0
        text, used = page(body[skipped:], known, is_end=start + len(body) >= size)
        end = start + skipped + used
        return TextPage(text, known.name, known.is_guess, start + skipped, end if end < size else None, size)

    @get("/matches", summary="Lines of a file that have `q` in them, from `offset` on; some tens of MiB are looked through at a time")
    async def matches(
        self,
        file_id: UUID,
        principal: Caller,
        database: Db,
        store: Annotated[Reader, Injected],
        q: Annotated[str, Parameter(min_length=1, max_length=MAX_WORDS)],
        offset: Annotated[int, Parameter(ge=0)] = 0,
        encoding: Encoded = None,
    ) -> TextMatches:
        read, size = await _reader(principal, database, store, file_id)
        known, _ = await _encoding(read, size, encoding)
        return await find(read, size, known, q, offset)


async def _reader(principal: Principal, database: Database, store: Reader, file_id: UUID) -> tuple[Read, int]:
    """Reads a stretch of a file, and its size. Raises Missing, Corrupt."""
    async with database.read() as session:
        version = (await get_sound_file(session, principal, file_id)).version
    size = version.size_bytes

    async def read(start: int, end: int) -> bytes:
        start, end = min(start, size), min(end, size)
        return b"".join([chunk async for chunk in store.read(version.bucket, version.key, start, end)]) if start < end else b""

    return read, size


async def _encoding(read: Read, size: int, name: str | None) -> tuple[Encoding, bytes]:
    """The one that a client gives back, or what the beginning of the file says, which is returned too."""
    if name is not None:
        return named(name), b""
    head = await read(0, HEAD_BYTES)
    # Guessing takes long enough to be felt by others.
    return await asyncio.to_thread(detect, head, is_whole=len(head) == size), head
