"""Wire types of text pages."""

import msgspec


class TextPage(msgspec.Struct):
    """Bytes `offset` to `next_offset` of the file, decoded; `next_offset` null at its end.

    `encoding` is to be given with the next request; with `is_guess` nothing in the file says that it is that one.
    """

    text: str
    encoding: str
    is_guess: bool
    offset: int
    next_offset: int | None
    size_bytes: int


class TextMatch(msgspec.Struct):
    """A line that has what was looked for: the byte it begins at, its number counted from where the search began (the first is 0), and its
    first match with a little of what is before and after.
    """

    offset: int
    line: int
    before: str
    match: str
    after: str


class TextMatches(msgspec.Struct):
    """Matches up to `next_offset`, from where the search goes on; null at the end of the file. `lines` lie in between."""

    items: list[TextMatch]
    next_offset: int | None
    lines: int
    size_bytes: int
