"""Limited child: says what a source is, as one JSON object on stdout. Arguments: URL, expected kind.

`{"kind": "video"|"audio"|"image"|"other"|"failed", …}`; for "failed", `reason` is for people.
"""

import json
import sys
from typing import Any

import av
import av.error
from PIL import Image, UnidentifiedImageError

from workers.tools.ffmpeg import FORMATS, PROTOCOLS
from workers.tools.images import FORMATS as IMAGE_FORMATS
from workers.tools.images import MAX_PIXELS, TooLarge, check_size
from workers.tools.source_file import open_source

MAX_STREAMS = 64
SNIFF_BYTES = 4_096
_PLAYLIST = (b"#EXTM3U", b"<?xml", b"<MPD", b"ffconcat", b"[playlist]")
_MEDIA_TYPES = {
    "mov": "video/mp4",
    "matroska": "video/x-matroska",
    "mpegts": "video/mp2t",
    "avi": "video/x-msvideo",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "flv": "video/x-flv",
    "asf": "video/x-ms-wmv",
    "mpeg": "video/mpeg",
    "mxf": "application/mxf",
    "aac": "audio/aac",
}


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
            }
    except (TooLarge, Image.DecompressionBombError):
        return _failed(f"The picture is too large to show: more than {MAX_PIXELS // 1_000_000} megapixels.")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None


def _media(url: str, expected: str) -> dict[str, Any] | None:
    options = {
        "protocol_whitelist": PROTOCOLS,
        "format_whitelist": FORMATS,
        "probesize": "50000000",
        "analyzeduration": "20000000",
        "max_streams": str(MAX_STREAMS),
    }
    try:
        with av.open(url, options=options, timeout=60) as container:
            return _facts(container, expected)
    except (av.error.FFmpegError, ValueError, UnicodeDecodeError):
        return None


def _facts(container: Any, expected: str) -> dict[str, Any] | None:
    video = next(
        (
            stream
            for stream in container.streams.video
            if not stream.disposition & av.stream.Disposition.attached_pic and stream.codec_context.codec.type == "video"
        ),
        None,
    )
    audio = [
        {"index": number, "language": _text(stream.metadata.get("language"), "und"), "title": _text(stream.metadata.get("title"))}
        for number, stream in enumerate(container.streams.audio)
    ]
    if video is None and not audio:
        return _failed("There is neither picture nor sound in this file.") if expected in {"video", "audio"} else None
    # Text and pictures opened as a one-frame film by a generous demuxer are not media.
    if not expected and (container.duration is None or container.format.name.startswith(("image", "tty"))):
        return None
    form = next((known for known in _MEDIA_TYPES if known in container.format.name), "")
    media_type = _MEDIA_TYPES.get(form, "")
    if video is None and form in {"mov", "matroska"}:
        media_type = "audio/mp4" if form == "mov" else "audio/webm"
    facts: dict[str, Any] = {
        "kind": "video" if video is not None else "audio",
        "container": container.format.name,
        "media_type": media_type,
        "duration_s": _duration(container, video),
        "bit_rate": int(container.bit_rate or 0),
        "audio": audio,
    }
    if video is not None:
        facts |= _picture(container, video)
        if not facts["width"]:
            return _failed("The picture of this film can't be decoded; the file is probably damaged.")
    return facts


def _text(value: str | None, nothing: str = "") -> str:
    text = "".join(char for char in (value or "") if char.isprintable())[:80]
    return "" if text == nothing else text


def _duration(container: Any, video: Any) -> float:
    if video is not None and video.duration and video.time_base:
        return float(video.duration * video.time_base)
    return float(container.duration or 0) / 1_000_000


def _picture(container: Any, video: Any) -> dict[str, Any]:
    """Size as displayed; rotation is only told by a decoded frame."""
    context = video.codec_context
    rotation, width, height, interlaced = 0, 0, 0, False
    for number, frame in enumerate(container.decode(video)):
        rotation, width, height = frame.rotation % 360, frame.width, frame.height
        interlaced = bool(getattr(frame, "interlaced_frame", False))
        if number >= 0:
            break
    aspect = video.sample_aspect_ratio or 1
    shown = round(width * float(aspect)) if aspect else width
    if rotation in {90, 270}:
        shown, height = height, shown
    rate = video.average_rate or video.guessed_rate or 25
    return {
        "width": shown,
        "height": height,
        "rotation": rotation,
        "rate_num": rate.numerator,
        "rate_den": rate.denominator,
        "video_codec": context.name,
        "is_interlaced": interlaced,
        "bit_rate": int(context.bit_rate or container.bit_rate or 0),
        "start_s": float(container.start_time or 0) / 1_000_000,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(probe(*sys.argv[1:3])))
