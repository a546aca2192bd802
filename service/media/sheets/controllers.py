"""`/files/{id}/sheets`."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get
from litestar.params import Parameter

from service.core.http.inject import Caller, Config, Db, Injected
from service.files.service import get_sound_file
from service.media.addresses import derived_url
from service.media.sheets.schemas import SheetPage
from service.media.sheets.service import sheets_of
from service.storage.delivery import Delivery

MOST = 1_000


class SheetController(Controller):
    path = "/files/{file_id:uuid}/sheets"
    tags = ("media",)

    @get("/", summary="The sheets of a workbook, and the address of some rows of one of them")
    async def sheets(
        self,
        file_id: UUID,
        request: Request[Any, Any, Any],
        principal: Caller,
        database: Db,
        delivery: Annotated[Delivery, Injected],
        settings: Config,
        sheet: Annotated[int, Parameter(ge=0, le=MOST)] = 0,
        block: Annotated[int, Parameter(ge=0, le=MOST)] = 0,
    ) -> SheetPage:
        async with database.read() as session:
            found = await get_sound_file(session, principal, file_id)
        prefix, read = await sheets_of(database, found)
        if sheet >= len(read.sheets) or block >= read.sheets[sheet].blocks:
            return SheetPage(read.sheets, None)
        url = derived_url(delivery, request, settings, f"{prefix}{sheet}-{block}.json", "application/json")
        return SheetPage(read.sheets, url)
