"""Wire types of sheets."""

import msgspec


class Sheet(msgspec.Struct):
    """`is_cut`: it has more rows or columns than are shown. A block is 1,000 rows."""

    name: str
    rows: int
    columns: int
    blocks: int
    is_cut: bool


class SheetPage(msgspec.Struct):
    """All sheets, and where a block of one of them is: behind `url` a JSON array of rows of strings; null where there is none."""

    sheets: list[Sheet]
    url: str | None


class SheetsRead(msgspec.Struct):
    """What a worker notes of them."""

    sheets: list[Sheet]
