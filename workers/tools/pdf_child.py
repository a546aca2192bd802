"""Limited child: pages of a PDF as WebP. Arguments: URL or path, folder for `{no}.webp`, first page (1), how many. Prints what it made.

What is refused is an answer, too: `{"refused": "why, for people"}`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from pypdfium2.raw import FPDF_ERR_PASSWORD

from workers.tools.source_file import open_source

LONGEST_PX = 1_600
QUALITY = 82


def main() -> int:
    """Exit status 0 with an answer; anything else is a crash."""
    source, folder, first, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    try:
        with open_source(source) if source.startswith("http://") else Path(source).open("rb") as file:
            answer = _render(file, folder, first, count)
    except pdfium.PdfiumError as error:
        is_locked = getattr(error, "err_code", None) == FPDF_ERR_PASSWORD
        reason = "This PDF is locked with a password." if is_locked else "This PDF can't be read: it is damaged, or was cut."
        answer = {"refused": reason}
    except (MemoryError, RecursionError):
        answer = {"refused": "This PDF needs more memory to be shown than we give it."}
    sys.stdout.write(json.dumps(answer))
    return 0


def _render(file: Any, folder: Path, first: int, count: int) -> dict[str, Any]:
    document = pdfium.PdfDocument(file)
    made = []
    for no in range(first, min(first + count, len(document) + 1)):
        page = document[no - 1]
        width, height = page.get_size()
        picture = page.render(scale=LONGEST_PX / max(width, height, 1.0), may_draw_forms=False).to_pil().convert("RGB")
        picture.thumbnail((LONGEST_PX, LONGEST_PX))
        picture.save(folder / f"{no}.webp", "WEBP", quality=QUALITY, method=3)
        made.append([no, *picture.size])
        page.close()
    return {"count": len(document), "made": made}


if __name__ == "__main__":
    sys.exit(main())
