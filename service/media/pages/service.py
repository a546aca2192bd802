"""From a file and a number to pictures of pages; from words to the pages that they are on."""

import asyncio
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

import msgspec

from service.core.db import Database
from service.files.repository import Found
from service.media.jobs import ConvertOffice, ReadPages, RenderPages
from service.media.on_demand import CONTENT, find_or_make, made
from service.media.pages.errors import DocumentUnreadable, NoDocument, StillRendering
from service.media.pages.schemas import PageHit, PagesMade
from service.storage.port import Reader

PAGES_AT_ONCE = 8
PDF = "application/pdf"
OFFICE = frozenset({".doc", ".docx", ".odt", ".rtf", ".ppt", ".pptx", ".odp"})
OFFICE_PDF, TEXT = "office_pdf", "pages_text"
MAX_TEXT_BYTES = 64 << 20
AROUND = 60
MAX_HITS = 200


def block_of(first: int) -> int:
    """Pages are made in blocks that begin at 1, 9, 17 and so on."""
    return (first - 1) // PAGES_AT_ONCE * PAGES_AT_ONCE + 1


async def _pdf_of(database: Database, found: Found) -> str:
    """The derivative that is the document's PDF; empty where it is one itself. Raises NoDocument, StillRendering, DocumentUnreadable."""
    version, suffix = found.version, PurePosixPath(found.file.name).suffix.lower()
    if (version.media_type or version.claimed_type) == PDF or suffix == ".pdf":
        return ""
    if suffix not in OFFICE:
        raise NoDocument
    made(await find_or_make(database, ConvertOffice(found.file.id, version.id, OFFICE_PDF, suffix)), StillRendering, DocumentUnreadable)
    return OFFICE_PDF


async def pages_from(database: Database, found: Found, first: int) -> tuple[str, PagesMade]:
    """Where the block of a page lies, and what is in it. Raises NoDocument, StillRendering, DocumentUnreadable."""
    of, block = await _pdf_of(database, found), block_of(first)
    pages = await find_or_make(database, RenderPages(found.file.id, found.version.id, f"pages_{block}", block, of))
    row, prefix = made(pages, StillRendering, DocumentUnreadable)
    return prefix, msgspec.convert(row.facts, PagesMade)


async def search(database: Database, store: Reader, bucket: str, found: Found, words: str) -> list[PageHit]:
    """Where words are written, at most MAX_HITS places, without regard to case. Raises as `pages_from`, and StoreDown."""
    of = await _pdf_of(database, found)
    text = await find_or_make(database, ReadPages(found.file.id, found.version.id, TEXT, of))
    _, prefix = made(text, StillRendering, DocumentUnreadable)
    packed = b"".join([chunk async for chunk in store.read(bucket, f"{prefix}{CONTENT}")])
    return await asyncio.to_thread(lambda: list(_hits(packed, " ".join(words.split()))))


def _hits(packed: bytes, words: str) -> Iterator[PageHit]:
    pages = msgspec.json.decode(zlib.decompressobj().decompress(packed, MAX_TEXT_BYTES), type=list[str])
    wanted, left = words.lower(), MAX_HITS
    for no, page in enumerate(pages, 1):
        # Lines are broken by the layout, not by the sense. Lower case may be longer: then places are a little off, and nothing else.
        text = " ".join(page.split())
        low, at = text.lower(), -1
        while wanted and (at := low.find(wanted, at + 1)) >= 0:
            end = at + len(wanted)
            yield PageHit(no, text[max(0, at - AROUND) : at], text[at:end], text[end : end + AROUND])
            if not (left := left - 1):
                return
