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
