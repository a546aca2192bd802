"""Which files are archives, and how their members are packed. Pure."""

_SUFFIXES = {
    "zip": ("zip", "jar", "cbz", "apk", "whl", "kmz"),
    "tar": ("tar", "tgz", "tbz2", "txz", "tzst", "tar.gz", "tar.bz2", "tar.xz", "tar.zst"),
    "7z": ("7z", "cb7"),
    "rar": ("rar", "cbr"),
}
_TYPES = {
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
    "application/java-archive": "zip",
    "application/x-tar": "tar",
    "application/x-7z-compressed": "7z",
    "application/vnd.rar": "rar",
    "application/x-rar-compressed": "rar",
    "application/x-rar": "rar",
}


def archive_format(media_type: str, name: str) -> str | None:
    """zip, tar, 7z or rar; None for what is no archive by its name and type."""
    lower = name.lower()
    for form, suffixes in _SUFFIXES.items():
        if lower.endswith(tuple(f".{suffix}" for suffix in suffixes)):
            return form
    return _TYPES.get(media_type)
