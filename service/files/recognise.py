"""What a file is taken for before anybody reads it: by its claimed type, its name and its first bytes."""

HEAD_BYTES = 4_096
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
IMAGE_SUFFIXES = frozenset({"jpg", "jpeg", "png", "webp", "gif", "avif", "heic", "heif", "tif", "tiff", "bmp"})


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
