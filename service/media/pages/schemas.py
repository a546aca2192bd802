"""Wire types of pages."""

import msgspec


class PageView(msgspec.Struct):
    """`no` from 1 on; pixels of the picture behind `url`."""

    no: int
    width: int
    height: int
    url: str


class DocumentPages(msgspec.Struct):
    """Some pages of `count`; `next_first` is where the next ones begin."""

    count: int
    items: list[PageView]
    next_first: int | None


class PagesMade(msgspec.Struct):
    """What a worker notes of them: `made` are numbers with width and height."""

    count: int
    made: list[tuple[int, int, int]]
