"""Bytes to text: which encoding, and where a page may end. Pure."""

import codecs
from dataclasses import dataclass

from charset_normalizer import from_bytes

from service.core.errors import Invalid

HEAD_BYTES = 64 << 10
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
TWO_BYTES = ("utf-16-le", "utf-16-be")
_NOT_PLAIN = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
# A guess has to leave fewer odd characters than this.
_MOST_CHAOS = 0.2


class NotText(Invalid):
    code = "text.not_text"
    public = "This file is not text."


class UnknownEncoding(Invalid):
    code = "text.unknown_encoding"
    public = "There is no such text encoding."


@dataclass(frozen=True, slots=True)
class Encoding:
    """`is_guess`: nothing in the file says so, it only fits. `bom_bytes` at its beginning are no text."""

    name: str
    is_guess: bool
    bom_bytes: int = 0


def named(name: str) -> Encoding:
    """One that a client gives back. Raises UnknownEncoding."""
    try:
        found = codecs.lookup(name)
        # Of codecs that turn bytes into bytes, or run code, none is asked.
        if not found._is_text_encoding or found.name.replace("-", "_") in _NOT_PLAIN:  # noqa: SLF001  the only way to tell
            raise LookupError
    except (LookupError, ValueError) as error:
        raise UnknownEncoding from error
    return Encoding(found.name, is_guess=False)


def detect(head: bytes, *, is_whole: bool) -> Encoding:
    """BOM, else UTF-8 where it fits, else the best guess. `head` is the beginning, at most HEAD_BYTES. Raises NotText."""
    for bom, name in _BOMS:
        if head.startswith(bom):
            return Encoding(name, is_guess=False, bom_bytes=len(bom))
    if b"\0" in head:
        raise NotText
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=is_whole)
    except UnicodeDecodeError:
        best = from_bytes(head, threshold=_MOST_CHAOS).best()
        if best is None:
            raise NotText from None
        return Encoding(best.encoding, is_guess=True)
    return Encoding("utf-8", is_guess=False)


def page(body: bytes, encoding: Encoding, *, is_end: bool) -> tuple[str, int]:
    """The text of `body`, and how many of its bytes that is: to the end of a line where there is one, never half a character."""
    if not is_end:
        body = body[: _line_end(body, encoding.name) or len(body)]
    decoder = codecs.getincrementaldecoder(encoding.name)(errors="replace")
    text = decoder.decode(body, final=is_end)
    return text, len(body) - len(decoder.getstate()[0])


def align(body: bytes, encoding: Encoding) -> int:
    """How many bytes at the beginning of `body`, which was cut anywhere, belong to a character before it."""
    if encoding.name != "utf-8":
        return 0
    return next((at for at in range(min(4, len(body))) if body[at] & 0xC0 != 0x80), 0)  # noqa: PLR2004  continuation bytes, RFC 3629 §3


def _line_end(body: bytes, encoding: str) -> int:
    """Behind the last line break; 0: there is none."""
    mark = "\n".encode(encoding) if encoding in TWO_BYTES else b"\n"
    at = body.rfind(mark)
    while at > 0 and at % len(mark):
        at = body.rfind(mark, 0, at + len(mark) - 1)
    return at + len(mark) if at >= 0 else 0
