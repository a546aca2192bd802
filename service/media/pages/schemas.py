"""Wire types of pages."""

import msgspec


class PageView(msgspec.Struct):
    """`no` from 1 on; pixels of the picture behind `url`.

    Behind `text_url` is what is written on it: JSON runs `[x, y, width, height, text]` in fractions of the page from its top left.
    """

    no: int
    width: int
    height: int
    url: str
    small_url: str | None
    text_url: str | None


class DocumentPages(msgspec.Struct):
    """Some pages of `count`; `next_first` is where the next ones begin."""

    count: int
    items: list[PageView]
    next_first: int | None


class PagesMade(msgspec.Struct):
    """What a worker notes of them: `made` are numbers with width and height."""

    count: int
    made: list[tuple[int, int, int]]
    has_text: bool = False


class PageHit(msgspec.Struct):
    """Words on a page, with what is around them."""

    no: int
    before: str
    match: str
    after: str


class PageHits(msgspec.Struct):
    """`is_cut`: there may be more."""

    items: list[PageHit]
    is_cut: bool
