"""`/files/{id}/text`."""

import asyncio
from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.params import Parameter

from service.core.http.inject import Caller, Db, Injected
from service.files.service import get_sound_file
from service.media.texts.decoding import HEAD_BYTES, align, detect, named, page
from service.media.texts.schemas import TextPage
from service.storage.port import Reader

# Longer than any character, so that each page gets on.
MIN_BYTES, MAX_BYTES = 16, 1 << 20


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
        encoding: Annotated[str | None, Parameter(max_length=40)] = None,
    ) -> TextPage:
        async with database.read() as session:
            version = (await get_sound_file(session, principal, file_id)).version
        size = version.size_bytes

        async def read(start: int, end: int) -> bytes:
            start, end = min(start, size), min(end, size)
            return b"".join([chunk async for chunk in store.read(version.bucket, version.key, start, end)]) if start < end else b""

        head = await read(0, HEAD_BYTES) if encoding is None else b""
        if encoding is None:
            # Guessing takes long enough to be felt by others.
            known = await asyncio.to_thread(detect, head, is_whole=len(head) == size)
        else:
            known = named(encoding)
        start = max(offset, known.bom_bytes)
        start += (start - known.bom_bytes) % 2 if known.name.startswith("utf-16") else 0
        # The first page is what the encoding was told by.
        body = head[start : start + limit] if min(start + limit, size) <= len(head) else await read(start, start + limit)
        skipped = align(body, known) if start else 0
        text, used = page(body[skipped:], known, is_end=start + len(body) >= size)
        end = start + skipped + used
        return TextPage(text, known.name, known.is_guess, start + skipped, end if end < size else None, size)
