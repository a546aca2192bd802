"""Limited child: the index of an archive. Arguments: format, URL or path, file for the index. Prints its facts as JSON.

What is refused is an answer, too: `{"refused": "why, for people"}`.
"""

import json
import sys
from pathlib import Path

from workers.tools.archives.entries import Refused, gather
from workers.tools.archives.index import write_index
from workers.tools.archives.others import read_7z, read_rar, read_tar
from workers.tools.archives.zip_directory import read_zip
from workers.tools.source_file import open_source

READERS = {"zip": read_zip, "tar": read_tar, "7z": read_7z, "rar": read_rar}


def main() -> int:
    """Exit status 0 with an answer; anything else is a crash."""
    form, source, target = sys.argv[1:4]
    try:
        with open_source(source) if source.startswith("http://") else Path(source).open("rb") as file, Path(target).open("wb") as index:
            size = file.seek(0, 2)
            file.seek(0)
            facts = write_index(gather(form, READERS[form](file, size)), index)
    except Refused as error:
        facts = {"refused": str(error)}
    except (MemoryError, RecursionError):
        facts = {"refused": "This archive needs more memory to be listed than we give it."}
    sys.stdout.write(json.dumps(facts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
