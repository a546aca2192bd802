"""What a file is taken for before anybody reads it: by its claimed type, its name and its first bytes."""

import mimetypes

import puremagic

HEAD_BYTES = 4_096
UNKNOWN = "application/octet-stream"
PLAIN_TEXT = "text/plain"
# Types that are text, whatever their name says.
_TEXT_TYPES = frozenset(
    {
        "application/json",
        "application/xml",
        "application/javascript",
        "application/sql",
        "application/x-sh",
        "application/x-subrip",
        "application/yaml",
        "application/toml",
    }
)
# A guess by fewer bytes than this is no better than the name.
_SURE = 0.3
_AT_START = (
    b"\x1a\x45\xdf\xa3", b"RIFF", b"OggS", b"fLaC", b"ID3", b"FLV", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3",
    b"\x06\x0e\x2b\x34", b"FORM", b"caff", b"#!AMR", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"BM", b"\x00\x00\x00\x0cjP", b"RF64",
)  # fmt: skip
_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})
_TS_SYNC, _TS_PACKETS = 0x47, (188, 192)
VIDEO_SUFFIXES = frozenset(
    {"mp4", "m4v", "mov", "mkv", "webm", "avi", "ts", "m2ts", "mts", "mpg", "mpeg", "wmv", "flv", "mxf", "ogv", "3gp"}
)
AUDIO_SUFFIXES = frozenset({"mp3", "m4a", "aac", "flac", "ogg", "oga", "opus", "wav", "aif", "aiff", "wma", "caf"})
IMAGE_SUFFIXES = frozenset({"jpg", "jpeg", "png", "webp", "gif", "avif", "heic", "heif", "tif", "tiff", "bmp", "jp2", "jpx", "j2k"})


def expected_kind(claimed: str, name: str) -> str:
    """What a person would take the file for: video, audio, image or nothing of the kind."""
    kind = claimed.partition("/")[0].lower()
    if kind in {"video", "audio", "image"} and "svg" not in claimed:
        return kind
    suffix = name.rpartition(".")[2].lower()
    return "video" if suffix in VIDEO_SUFFIXES else "audio" if suffix in AUDIO_SUFFIXES else "image" if suffix in IMAGE_SUFFIXES else ""


def could_be_media(head: bytes) -> bool:
    """True for every container and picture format we read; false for nearly everything else."""
    if head.startswith(_AT_START) or head[4:8] in _BOXES:
        return True
    # MPEG audio and ADTS begin with a frame sync; transport streams repeat theirs (m2ts has four bytes before it).
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:  # noqa: PLR2004  eleven bits of sync
        return True
    return any(
        len(head) > start + size and head[start] == head[start + size] == _TS_SYNC for start, size in zip((0, 4), _TS_PACKETS, strict=True)
    )


def is_plain(claimed: str, name: str, head: bytes) -> bool:
    """Neither film nor sound nor picture, and never claimed to be: no parser has to be started to say so."""
    return not expected_kind(claimed, name) and not could_be_media(head)


def sniff(head: bytes, name: str, claimed: str) -> str:
    """The media type of content by its first bytes. Where they fit several types, the claimed one or that of the name decides.

    What the bytes are not is never answered because somebody claims it; text has no signature, so for text the name decides.
    """
    claimed = claimed.partition(";")[0].strip().lower()
    named = (mimetypes.guess_type(name, strict=False)[0] or "").lower()
    try:
        found = puremagic.magic_string(head) if head else []
    except puremagic.PureError:
        found = []
    if _is_text(head):
        return _text_type(claimed, named, {match.mime_type for match in found})
    fitting = [match.mime_type for match in found if match.mime_type]
    for wanted in (claimed, named):
        if wanted and wanted in fitting:
            return wanted
    sure = [match.mime_type for match in found if match.mime_type and match.confidence >= _SURE]
    return sure[0] if sure else UNKNOWN


def _is_text(head: bytes) -> bool:
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    # The last character may be cut in the middle.
    for cut in range(4):
        try:
            (head[: len(head) - cut] if cut else head).decode("utf-8")
        except UnicodeDecodeError:
            continue
        return not head.startswith(b"%PDF-")
    return False


def _text_type(claimed: str, named: str, found: set[str]) -> str:
    # Markup is dangerous where it is shown, so it is called so even if the name says otherwise.
    for dangerous in ("image/svg+xml", "text/html"):
        if dangerous in found:
            return dangerous
    for wanted in (named, claimed):
        if wanted.startswith("text/") or wanted in _TEXT_TYPES or wanted.endswith(("+json", "+xml")):
            return wanted
    return "application/json" if "application/json" in found else PLAIN_TEXT
