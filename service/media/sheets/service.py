"""From a workbook to its sheets."""

from pathlib import PurePosixPath

import msgspec

from service.core.db import Database
from service.files.repository import Found
from service.media.jobs import ReadSheets
from service.media.on_demand import find_or_make, made
from service.media.sheets.errors import NoWorkbook, StillReading, WorkbookUnreadable
from service.media.sheets.schemas import SheetsRead

KIND = "sheets"
WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})


async def sheets_of(database: Database, found: Found) -> tuple[str, SheetsRead]:
    """Where the blocks lie, and what sheets there are. Raises NoWorkbook, StillReading, WorkbookUnreadable."""
    if PurePosixPath(found.file.name).suffix.lower() not in WORKBOOKS:
        raise NoWorkbook
    sheets = await find_or_make(database, ReadSheets(found.file.id, found.version.id, KIND))
    row, prefix = made(sheets, StillReading, WorkbookUnreadable)
    return prefix, msgspec.convert(row.facts, SheetsRead)
