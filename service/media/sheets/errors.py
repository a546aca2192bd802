"""Refusals of sheets."""

from service.core.errors import Invalid, Kind, StowageError


class NoWorkbook(Invalid):
    code = "sheets.none"
    public = "This file has no sheets: XLSX, XLSB, XLS and ODS have."


class WorkbookUnreadable(StowageError):
    """Its text is the reader's own."""

    code = "sheets.unreadable"
    kind = Kind.CONFLICT
    public = "This workbook can't be shown."


class StillReading(StowageError):
    code = "sheets.reading"
    kind = Kind.CONFLICT
    public = "This workbook is being read. Try again in a moment."
