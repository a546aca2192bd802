"""Limited child: says what a source is, as one JSON object on stdout. Arguments: URL, expected kind.

`{"kind": "video"|"audio"|"image"|"other"|"failed", …}`; for "failed", `reason` is for people.
"""

import json
import sys
from typing import Any

import av
import av.error
from PIL import Image, UnidentifiedImageError

from workers.tools.exif import tags_of
from workers.tools.ffmpeg import OPENING
from workers.tools.images import FORMATS as IMAGE_FORMATS
from workers.tools.images import MAX_PIXELS, TooLarge, check_size
from workers.tools.media_facts import media_facts
from workers.tools.source_file import open_source

SNIFF_BYTES = 4_096
_PLAYLIST = (b"#EXTM3U", b"<?xml", b"<MPD", b"ffconcat", b"[playlist]")


def probe(url: str, expected: str) -> dict[str, Any]:
    """Look at the content first; what was claimed (`expected`: video, audio, image or nothing) only decides whether not finding it is worth a word."""
    with open_source(url) as file:
        head = file.read(SNIFF_BYTES)
        if not head:
            return _failed("The file is empty.") if expected else {"kind": "other"}
        if expected in {"video", "audio"} and head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(_PLAYLIST):
            return _failed("This is a playlist or a text file, not a film: it only points to other places.")
        if image := _image(file):
            return image
    media = _media(url, expected)
    if media is not None:
        return media
    if expected:
        word = {"video": "film", "audio": "sound file", "image": "picture"}[expected]
        return _failed(f"This is not a {word} in any format we know; it may be damaged.")
    return {"kind": "other"}


def _failed(reason: str) -> dict[str, Any]:
    return {"kind": "failed", "reason": reason}


def _image(file: Any) -> dict[str, Any] | None:
    file.seek(0)
    try:
        with Image.open(file, formats=IMAGE_FORMATS) as image:
            check_size(image.width, image.height)
            turned = image.getexif().get(0x0112, 1) >= 5  # noqa: PLR2004  EXIF orientations 5 to 8 swap the sides
            width, height = (image.height, image.width) if turned else image.size
            return {
                "kind": "image",
                "container": str(image.format),
                "media_type": Image.MIME.get(str(image.format), "image/unknown"),
                "width": width,
                "height": height,
                "tags": tags_of(image),
            }
    except (TooLarge, Image.DecompressionBombError):
        return _failed(f"The picture is too large to show: more than {MAX_PIXELS // 1_000_000} megapixels.")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None


def _media(url: str, expected: str) -> dict[str, Any] | None:
    options = {**OPENING, "probesize": "50000000", "analyzeduration": "20000000"}
    try:
        with av.open(url, options=options, timeout=60) as container:
            found = media_facts(container)
            is_timeless = container.duration is None or container.format.name.startswith(("image", "tty"))
    except (av.error.FFmpegError, ValueError, UnicodeDecodeError):
        return None
    if found is None:
        return _failed("There is neither picture nor sound in this file.") if expected in {"video", "audio"} else None
    # Text and pictures opened as a one-frame film by a generous demuxer are not media.
    if not expected and is_timeless:
        return None
    if found["kind"] == "video" and not found["width"]:
        return _failed("The picture of this film can't be decoded; the file is probably damaged.")
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(probe(*sys.argv[1:3])))
