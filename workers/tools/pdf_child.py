"""Limited child of PDFs. It prints an answer as JSON; what is refused is one, too: `{"refused": "why, for people"}`.

`pages SOURCE FOLDER FIRST COUNT`: pages from FIRST (1) on as `{no}.webp`, small as `{no}s.webp`, and what is written there as `{no}.json`:
runs `[x, y, width, height, text]`, each a line or a part of one, in fractions of the page from its top left.
`text SOURCE TARGET`: the text of all pages as a JSON array of strings, packed with zlib.
SOURCE is a URL or path.
"""

import ctypes
import json
import sys
import zlib
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw
from pypdfium2.raw import FPDF_ERR_PASSWORD

from workers.tools.source_file import open_source

LONGEST_PX = 1_600
SMALL_PX = 200
QUALITY = 82
MAX_RUNS = 4_000
MAX_CHARS = 8_000_000
MAX_PAGES = 5_000
# Coordinates on a page go through the library as whole numbers.
_GRID = 100_000


def main() -> int:
    """Exit status 0 with an answer; anything else is a crash."""
    verb, source, target, *rest = sys.argv[1:]
    try:
        with open_source(source) if source.startswith("http://") else Path(source).open("rb") as file:
            document = pdfium.PdfDocument(file)
            answer = _render(document, Path(target), *map(int, rest)) if verb == "pages" else _text(document, Path(target))
    except pdfium.PdfiumError as error:
        is_locked = getattr(error, "err_code", None) == FPDF_ERR_PASSWORD
        reason = "This PDF is locked with a password." if is_locked else "This PDF can't be read: it is damaged, or was cut."
        answer = {"refused": reason}
    except (MemoryError, RecursionError):
        answer = {"refused": "This PDF needs more memory to be shown than we give it."}
    sys.stdout.write(json.dumps(answer))
    return 0


def _render(document: Any, folder: Path, first: int, count: int) -> dict[str, Any]:
    made = []
    for no in range(first, min(first + count, len(document) + 1)):
        page = document[no - 1]
        width, height = page.get_size()
        picture = page.render(scale=LONGEST_PX / max(width, height, 1.0), may_draw_forms=False).to_pil().convert("RGB")
        picture.thumbnail((LONGEST_PX, LONGEST_PX))
        picture.save(folder / f"{no}.webp", "WEBP", quality=QUALITY, method=3)
        made.append([no, *picture.size])
        picture.thumbnail((SMALL_PX, SMALL_PX))
        picture.save(folder / f"{no}s.webp", "WEBP", quality=QUALITY, method=3)
        (folder / f"{no}.json").write_text(json.dumps(_runs(page)), "utf-8")
        page.close()
    return {"count": len(document), "made": made, "has_text": True}


def _runs(page: Any) -> list[list[Any]]:
    """A page that can't say what is written on it has nothing written on it."""
    try:
        text = page.get_textpage()
        found = []
        for index in range(min(text.count_rects(), MAX_RUNS)):
            left, bottom, right, top = text.get_rect(index)
            words = text.get_text_bounded(left, bottom, right, top).strip()
            if words:
                (x, y), (end_x, end_y) = _place(page, left, top), _place(page, right, bottom)
                box = (min(x, end_x), min(y, end_y), abs(end_x - x), abs(end_y - y))
                found.append([*(round(value / _GRID, 4) for value in box), words])
    except pdfium.PdfiumError:
        return []
    return found


def _place(page: Any, x: float, y: float) -> tuple[int, int]:
    """A point of the page as it is drawn: turned, cropped, from the top."""
    at_x, at_y = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page.raw, 0, 0, _GRID, _GRID, 0, x, y, ctypes.byref(at_x), ctypes.byref(at_y))
    return at_x.value, at_y.value


def _text(document: Any, target: Path) -> dict[str, Any]:
    pages: list[str] = []
    left = MAX_CHARS
    for no in range(min(len(document), MAX_PAGES)):
        page = document[no]
        try:
            text = page.get_textpage().get_text_range()[:left].replace("\r\n", "\n")
        except pdfium.PdfiumError:
            text = ""
        pages.append(text)
        left -= len(text)
        page.close()
        if left <= 0:
            break
    body = zlib.compress(json.dumps(pages).encode())
    target.write_bytes(body)
    return {"pages": len(pages), "is_whole": len(pages) == len(document) and left > 0, "bytes": len(body)}


if __name__ == "__main__":
    sys.exit(main())
