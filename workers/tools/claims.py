"""What a person would take a file for, by what was claimed of it."""

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


def claims_media(claimed: str, name: str) -> bool:
    return expected_kind(claimed, name) != ""
