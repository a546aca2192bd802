"""`/files/{id}/pages`."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get
from litestar.params import Parameter

from service.core.http.inject import Caller, Config, Db, Injected
from service.files.service import get_sound_file
from service.media.addresses import derived_url
from service.media.pages.schemas import DocumentPages, PageHits, PageView
from service.media.pages.service import MAX_HITS, pages_from, search
from service.storage.delivery import Delivery
from service.storage.port import Reader

MAX_PAGES = 5_000


class PageController(Controller):
    path = "/files/{file_id:uuid}/pages"
    tags = ("media",)

    @get("/", summary="Pictures of the pages of a PDF or office document, some at a time, from the block that `first` is in")
    async def pages(
        self,
        file_id: UUID,
        request: Request[Any, Any, Any],
        principal: Caller,
        database: Db,
        delivery: Annotated[Delivery, Injected],
        settings: Config,
        first: Annotated[int, Parameter(ge=1, le=MAX_PAGES)] = 1,
    ) -> DocumentPages:
        async with database.read() as session:
            found = await get_sound_file(session, principal, file_id)
        prefix, pages = await pages_from(database, found, first)

        def url(name: str, media_type: str = "image/webp") -> str:
            return derived_url(delivery, request, settings, f"{prefix}{name}", media_type)

        def view(no: int, width: int, height: int) -> PageView:
            if not pages.has_text:
                return PageView(no, width, height, url(f"{no}.webp"), None, None)
            return PageView(no, width, height, url(f"{no}.webp"), url(f"{no}s.webp"), url(f"{no}.json", "application/json"))

        items = [view(*made) for made in pages.made]
        last = items[-1].no if items else 0
        return DocumentPages(pages.count, items, last + 1 if items and last < min(pages.count, MAX_PAGES) else None)

    @get("/search", summary="Pages of a PDF or office document on which words are written")
    async def search(
        self,
        file_id: UUID,
        q: Annotated[str, Parameter(min_length=2, max_length=200)],
        principal: Caller,
        database: Db,
        store: Annotated[Reader, Injected],
        settings: Config,
    ) -> PageHits:
        async with database.read() as session:
            found = await get_sound_file(session, principal, file_id)
        items = await search(database, store, settings.store.derived, found, q)
        return PageHits(items, len(items) == MAX_HITS)
