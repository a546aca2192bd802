"""Names that people give to files, folders and projects: display data only, never part of a key or a path on disk."""

import re
import unicodedata

from service.core.errors import Invalid

MAX_NAME_BYTES = 255
# C0, C1, and the characters that reorder text (bidi overrides and isolates, Unicode TR 36).
UNSAFE = "\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNSAFE = re.compile(f"[{UNSAFE}/\\\\]")
_SUFFIX = re.compile(r"^(?P<stem>.*?)(?: \((?P<number>\d{1,6})\))?(?P<extension>\.[^. ]{1,16})?$", re.DOTALL)


class BadName(Invalid):
    code = "names.bad_name"
    public = "That name can't be used: names have 1 to 255 bytes, no slashes and no control characters."


def clean_name(text: str) -> str:
    """Return `text` in NFC without surrounding space. Raises BadName where it can't be a name."""
    name = unicodedata.normalize("NFC", text).strip()
    if not name or name in {".", ".."} or _UNSAFE.search(name) or len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
        raise BadName
    return name


def safe_name(text: str, fallback: str = "unnamed") -> str:
    """Return the nearest legal name: for names that arrive with bytes which must not be refused."""
    name = _UNSAFE.sub("_", unicodedata.normalize("NFC", text)).strip()
    encoded = name.encode("utf-8", "ignore")
    if len(encoded) > MAX_NAME_BYTES:
        stem, dot, extension = name.rpartition(".")
        tail = f".{extension}" if dot and len(extension.encode()) <= 16 else ""  # noqa: PLR2004  an extension longer than this is none
        head = (stem if tail else name).encode("utf-8", "ignore")[: MAX_NAME_BYTES - len(tail.encode())]
        name = head.decode("utf-8", "ignore") + tail
    return fallback if not name or name in {".", ".."} else name


def numbered(name: str, number: int) -> str:
    """Return `name` with ` (number)` before its extension, within the length of a name."""
    match = _SUFFIX.match(name)
    stem, extension = (match["stem"], match["extension"] or "") if match else (name, "")
    tail = f" ({number}){extension}"
    return stem.encode()[: MAX_NAME_BYTES - len(tail.encode())].decode("utf-8", "ignore") + tail


def split_path(path: str) -> list[str]:
    """Split a slash path into clean names; empty segments are dropped. Raises BadName."""
    return [clean_name(segment) for segment in path.replace("\\", "/").split("/") if segment.strip()]
