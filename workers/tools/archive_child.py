"""Limited child: the index of an archive. Arguments: format, URL or path, file for the index. Prints its facts as JSON.

What is refused is an answer, too: `{"refused": "why, for people"}`.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from workers.tools.archives.entries import Entry, Refused, gather
from workers.tools.archives.index import write_index
from workers.tools.archives.zip_directory import read_zip
from workers.tools.source_file import open_source


def _reader(form: str) -> Callable[[IO[bytes], int], Iterator[Entry]]:
    if form == "zip":
        return read_zip
    from workers.tools.archives import others

    return {"tar": others.read_tar, "7z": others.read_7z, "rar": others.read_rar}[form]


def main() -> int:
    """Exit status 0 with an answer; anything else is a crash."""
    form, source, target = sys.argv[1:4]
    try:
        with open_source(source) if source.startswith("http://") else Path(source).open("rb") as file, Path(target).open("wb") as index:
            size = file.seek(0, 2)
            file.seek(0)
            facts = write_index(gather(form, _reader(form)(file, size)), index)
    except Refused as error:
        facts = {"refused": str(error)}
    except (MemoryError, RecursionError):
        facts = {"refused": "This archive needs more memory to be listed than we give it."}
    sys.stdout.write(json.dumps(facts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
