"""Limited child of archives. It prints an answer as JSON; what is refused is one, too: `{"refused": "why, for people"}`.

`list FORMAT SOURCE INDEX`: writes the index of an archive, answers with its facts.
`take FORMAT SOURCE TARGET WANTED`: writes one member (`taking.Wanted` as JSON, without the password), answers with its size in bytes.
SOURCE is a URL or path. A password is in the file `password` of the folder that the child runs in.
"""

import gc
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from workers.tools.archives.entries import Entry, NeedsPassword, Refused, gather
from workers.tools.archives.index import write_index
from workers.tools.archives.zip_directory import read_zip
from workers.tools.source_file import open_source

PASSWORD = "password"  # noqa: S105  the name of a file


def _reader(form: str) -> Callable[[IO[bytes], int, str], Iterator[Entry]]:
    if form == "zip":
        return read_zip
    from workers.tools.archives import others

    return {"tar": others.read_tar, "7z": others.read_7z, "rar": others.read_rar}[form]


def _answer(verb: str, form: str, file: IO[bytes], target: Path, rest: list[str], password: str) -> dict[str, Any]:
    if verb == "take":
        from workers.tools.archives.taking import Wanted, take

        return {"size": take(form, file, Wanted(**json.loads(rest[0]), password=password), target)}
    # Hundreds of thousands of entries without a circle among them, looked through again and again for some.
    gc.disable()
    size = file.seek(0, 2)
    file.seek(0)
    with target.open("wb") as index:
        return write_index(gather(form, _reader(form)(file, size, password)), index)


def main() -> int:
    """Exit status 0 with an answer; anything else is a crash."""
    verb, form, source, target, *rest = sys.argv[1:]
    kept = Path(PASSWORD)
    password = kept.read_text("utf-8") if kept.exists() else ""
    try:
        with open_source(source) if source.startswith("http://") else Path(source).open("rb") as file:
            facts = _answer(verb, form, file, Path(target), rest, password)
    except NeedsPassword as error:
        facts = {"refused": str(error), "needs_password": True}
    except Refused as error:
        facts = {"refused": str(error)}
    except (MemoryError, RecursionError):
        facts = {"refused": "This archive needs more memory than we give it."}
    sys.stdout.write(json.dumps(facts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
