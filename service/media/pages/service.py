"""From a file and a number to pictures of pages."""

import msgspec

from service.core.db import Database
from service.files.repository import Found
from service.media.jobs import RenderPages
from service.media.on_demand import find_or_make
from service.media.pages.errors import DocumentUnreadable, NoDocument, StillRendering
from service.media.pages.schemas import PagesMade

PAGES_AT_ONCE = 8
PDF = "application/pdf"


def block_of(first: int) -> int:
    """Pages are made in blocks that begin at 1, 9, 17 and so on."""
    return (first - 1) // PAGES_AT_ONCE * PAGES_AT_ONCE + 1


async def pages_from(database: Database, found: Found, first: int) -> tuple[str, PagesMade]:
    """Where the block of a page lies, and what is in it. Raises NoDocument, StillRendering, DocumentUnreadable."""
    version = found.version
    if (version.media_type or version.claimed_type) != PDF and not found.file.name.lower().endswith(".pdf"):
        raise NoDocument
    block = block_of(first)
    row = await find_or_make(database, RenderPages(found.file.id, version.id, f"pages_{block}", block))
    if row is None:
        raise StillRendering
    if row.state != "ready" or row.prefix is None:
        raise DocumentUnreadable(row.error)
    return row.prefix, msgspec.convert(row.facts, PagesMade)
