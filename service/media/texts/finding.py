"""Words in a text of any size: a stretch of it at a time, read by ranges, so that no request reads or holds much."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from service.media.texts.decoding import TWO_BYTES, Encoding, align, page
from service.media.texts.schemas import TextMatch, TextMatches

BLOCK_BYTES = 1 << 20
STRETCH_BYTES = 32 << 20
MOST_MATCHES = 200
_AROUND = 60

Read = Callable[[int, int], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a block has: where lines with matches begin in it, their numbers there and matches; its line breaks, and how far it was read."""

    hits: list[tuple[int, int, tuple[str, str, str]]]
    breaks: int
    end: int


async def find(read: Read, size: int, encoding: Encoding, words: str, offset: int) -> TextMatches:
    """Lines that have `words` in them, whatever the case, from `offset` on, where a line begins. Raises StoreDown."""
    wanted = words.lower()
    position, end = max(offset, encoding.bom_bytes), min(size, offset + STRETCH_BYTES)
    found: list[TextMatch] = []
    lines = 0
    while position < end and len(found) <= MOST_MATCHES:
        body = await read(position, position + BLOCK_BYTES)
        is_end = position + len(body) >= size
        skipped = align(body, encoding) if position else 0
        room = MOST_MATCHES + 1 - len(found)
        # It takes long enough to be felt by others.
        seen = await asyncio.to_thread(_look, body, skipped, wanted, encoding, room, is_end=is_end)
        if not seen.end:
            break
        found += [TextMatch(position + at, lines + number, *parts) for at, number, parts in seen.hits]
        lines += seen.breaks
        position += seen.end
        if not is_end and not seen.breaks:
            # A line longer than a block was cut: what lies across the cut is whole in the next.
            position -= min(seen.end - 1, len(wanted.encode(encoding.name, "replace")) - (2 if encoding.name in TWO_BYTES else 1))
    if len(found) > MOST_MATCHES:
        # The one too many is where the next search begins.
        position, lines = found[-1].offset, found.pop().line
    return TextMatches(found, position if position < size else None, lines, size)


def _look(body: bytes, skipped: int, wanted: str, encoding: Encoding, room: int, *, is_end: bool) -> _Seen:
    text, used = page(body[skipped:], encoding, is_end=is_end)
    end = skipped + used if used else 0
    hits = _in_block(body[skipped:end], wanted, encoding, room) if wanted in text.lower() else []
    return _Seen([(skipped + at, number, parts) for at, number, parts in hits], text.count("\n"), end)


def _in_block(block: bytes, wanted: str, encoding: Encoding, most: int) -> list[tuple[int, int, tuple[str, str, str]]]:
    """Of each line that has it: where it begins in the block, its number, and the first match with what is around it."""
    hits = []
    for number, (begin, line) in enumerate(_lines(block, encoding)):
        at = line.lower().find(wanted)
        if at >= 0:
            after = at + len(wanted)
            hits.append((begin, number, (line[max(0, at - _AROUND) : at], line[at:after], line[after : after + _AROUND].rstrip("\r"))))
            if len(hits) == most:
                break
    return hits


def _lines(block: bytes, encoding: Encoding) -> Iterator[tuple[int, str]]:
    begin = 0
    if encoding.name in TWO_BYTES:
        for line in block.decode(encoding.name, "replace").split("\n"):
            yield begin, line
            begin += 2 + len(line.encode(encoding.name, "replace"))
        return
    for raw in block.split(b"\n"):
        yield begin, raw.decode(encoding.name, "replace")
        begin += 1 + len(raw)
