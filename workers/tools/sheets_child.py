"""Limited child: the sheets of a workbook (XLSX, XLSB, XLS, ODS) as text. Arguments: URL or path, folder for `{sheet}-{block}.json`.

Each block is a JSON array of rows, each an array of strings. Prints what there is, or `{"refused": "why, for people"}`.
"""

import datetime as dt
import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import python_calamine as calamine

from workers.tools.source_file import open_source

ROWS_A_BLOCK = 1_000
MAX_SHEETS = 50
MAX_ROWS = 200_000
MAX_COLUMNS = 1_000
MAX_BYTES = 128 << 20
MAX_CELL = 2_000


def main() -> int:
    """Exit status 0 with an answer; anything else is a crash."""
    source, folder = sys.argv[1], Path(sys.argv[2])
    try:
        with open_source(source) if source.startswith("http://") else Path(source).open("rb") as file:
            answer: dict[str, Any] = {"sheets": list(_sheets(calamine.load_workbook(file), folder))}
    except calamine.PasswordError:
        answer = {"refused": "This workbook is locked with a password."}
    except (calamine.CalamineError, ValueError, OSError):
        answer = {"refused": "This workbook can't be read: it is damaged, or was cut."}
    except (MemoryError, RecursionError):
        answer = {"refused": "This workbook needs more memory to be shown than we give it."}
    sys.stdout.write(json.dumps(answer))
    return 0


def _sheets(book: Any, folder: Path) -> Iterator[dict[str, Any]]:
    left = MAX_BYTES
    for number, name in enumerate(book.sheet_names[:MAX_SHEETS]):
        sheet = book.get_sheet_by_index(number)
        rows, columns = iter(sheet.iter_rows()), min(sheet.width, MAX_COLUMNS)
        count = blocks = 0
        while count < MAX_ROWS and left > 0:
            block = [[_text(cell) for cell in row[:MAX_COLUMNS]] for row in islice(rows, ROWS_A_BLOCK)]
            if not block:
                break
            body = json.dumps(block, ensure_ascii=False).encode()
            (folder / f"{number}-{blocks}.json").write_bytes(body)
            count, blocks, left = count + len(block), blocks + 1, left - len(body)
        is_cut = next(rows, None) is not None or sheet.width > columns
        yield {"name": name, "rows": count, "columns": columns, "blocks": blocks, "is_cut": is_cut}


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004  beyond that a float is no exact number
        return str(int(value))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return (value.isoformat() if isinstance(value, dt.date | dt.time | dt.datetime) else str(value))[:MAX_CELL]


if __name__ == "__main__":
    sys.exit(main())
