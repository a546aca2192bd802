"""An entry of an archive as it is shown, and what is never shown: names that would leave the archive, links, devices, doubles."""

import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MAX_ENTRIES = 500_000
MAX_DEPTH = 32
MAX_NAME = 1_024
_PLAIN = frozenset({0, stat.S_IFREG, stat.S_IFDIR})
_NO_NAMES = frozenset({"", ".", ".."})
# A NUL or backslash, an absolute path, a drive, and parts that are empty, `.` or `..`.
_UNSAFE = re.compile(r"[\0\\]|^/|^.:|(?:^|/)\.{0,2}(?:/|$)")


class Refused(Exception):
    """Nothing of this archive is shown; the text says why, to people."""


class NeedsPassword(Refused):
    """Even its names are encrypted."""

    def __init__(self, form: str, password: str) -> None:
        super().__init__(
            "This password does not open the archive."
            if password
            else f"Even the names in this {form} are encrypted: it takes the password to list them."
        )


@dataclass(slots=True)
class Entry:
    """`path` as written, `size` and `packed` in bytes, `modified` in seconds since 1970 (0: unknown).

    `offset` is that of the local header (ZIP) or of the data (TAR, stored RAR); -1 where a member can't be read by itself.
    `method` is ZIP's number, or 0 for bytes as they are.
    """

    path: str
    is_dir: bool
    size: int
    packed: int = 0
    modified: int = 0
    method: int = 0
    is_encrypted: bool = False
    offset: int = -1
    crc: int | None = None
    mode: int = 0


@dataclass(slots=True)
class Contents:
    """Entries that are fit to be shown, and how many were left out for which reason."""

    format: str
    entries: list[Entry] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def gather(form: str, found: Iterable[Entry]) -> Contents:
    """Raises Refused for more entries than we show."""
    contents = Contents(form)
    seen: set[str] = set()
    folders: dict[str, str] = {}
    for number, entry in enumerate(found):
        if number >= MAX_ENTRIES:
            message = f"There are more than {MAX_ENTRIES:,} entries in this archive, more than we show."
            raise Refused(message)
        path = entry.path.rstrip("/")
        if not path.isascii():
            # What no encoding fits has half characters in it, which can't be written.
            path = path.encode("utf-8", "replace").decode()
        reason = "link or device" if entry.mode and stat.S_IFMT(entry.mode) not in _PLAIN else _reason(path, folders)
        if reason is None and path in seen:
            reason = "double"
        if reason is not None:
            contents.left_out[reason] += 1
            continue
        seen.add(path)
        entry.path = path
        contents.entries.append(entry)
    return contents


def _reason(path: str, folders: dict[str, str]) -> str | None:
    """Why a path is left out. Asked for each of very many, so what was found of a folder is kept in `folders`: nothing, or a reason."""
    folder, slash, name = path.rpartition("/")
    above = folder + slash
    reason = folders.get(above)
    if reason is None:
        is_deep = above.count("/") >= MAX_DEPTH
        reason = folders[above] = "unsafe name" if _UNSAFE.search(f"{above}name") else "too deep" if is_deep else ""
    if reason:
        return reason
    if name in _NO_NAMES or "\\" in name or "\0" in name or (not slash and name[1:2] == ":"):
        return "unsafe name"
    return "too deep" if len(path) > MAX_NAME else None


def with_folders(entries: Iterable[Entry]) -> Iterator[Entry]:
    """All entries, and the folders that are only there by the names of what is in them; with sizes and counts of folders."""
    folders: dict[str, Entry] = {}
    files: list[Entry] = []
    inside: dict[str, list[int]] = {}
    for entry in entries:
        if entry.is_dir:
            folders[entry.path] = Entry(entry.path, is_dir=True, size=0, modified=entry.modified)
            inside.setdefault(entry.path, [0, 0])
            continue
        files.append(entry)
        held = inside.setdefault(entry.path.rpartition("/")[0], [0, 0])
        held[0] += entry.size
        held[1] += 1
    for path, (size, count) in inside.items():
        above = path
        while above:
            folder = folders.get(above)
            if folder is None:
                folder = folders[above] = Entry(above, is_dir=True, size=0)
            folder.size += size
            folder.packed += count
            above = above.rpartition("/")[0]
    yield from folders.values()
    # A file that is called like a folder could never be opened.
    yield from (entry for entry in files if entry.path not in folders)
