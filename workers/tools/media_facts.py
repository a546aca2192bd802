"""What a container says of its streams, checked by decoding where it often lies. Runs in limited children.

The shape is `service.media.facts.SourceFacts`.
"""

import bisect
import contextlib
import itertools
import re
from fractions import Fraction
from typing import Any

import av
import av.error
import av.filter

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
# Bitmaps (PGS, VobSub, DVB) have no text to show.
_TEXT_SUBTITLES = frozenset(
    {"subrip", "ass", "ssa", "mov_text", "webvtt", "text", "sami", "microdvd", "subviewer", "jacosub", "stl", "realtext", "srt"}
)
# By libavutil's numbers (ITU-T H.273, table 4).
_MATRICES = {1: "bt709", 2: "unspecified", 5: "bt470bg", 6: "smpte170m"}
# Codecs that can be decoded from any packet on, but for some milliseconds.
_ANYWHERE = ("pcm_", "aac", "mp3", "ac3", "eac3", "alac", "flac", "opus", "vorbis")
_TRANSFERS = {1: "bt709", 16: "smpte2084", 18: "arib-std-b67"}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
# Matroska's statistics of a track.
_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
MAX_CHAPTERS = 500
MAX_TAGS, MAX_TAG = 30, 300
# Enough for a telecine pattern to show.
FRAMES_TO_JUDGE = 40
PLACES_TO_JUDGE = 1_000
# As far as ffmpeg's MP4 reader goes out of order to read on.
BESIDE_S = 1.0
# All sound after the picture falls to the last chunk.
LONGER_S = 30.0
# Where the shorter of both ends, muxers leave their order.
MAY_STRAY = 0.2
# Dolby Vision without a base layer that others can show (profile 5).
_DOLBY_ONLY = frozenset({"dvh1", "dvhe", "dav1"})


def media_facts(container: Any) -> dict[str, Any] | None:
    """None where there is neither picture nor sound. Raises av's errors."""
    pictures = [stream for stream in container.streams.video if stream.codec_context and stream.codec_context.codec.type == "video"]
    covers = [stream for stream in pictures if stream.disposition & av.stream.Disposition.attached_pic]
    video = next((stream for stream in pictures if stream not in covers), None)
    form = next((known for known in _MEDIA_TYPES if known in container.format.name), "")
    beside = video if form == "mov" else None
    audio = [_sound(number, stream, beside) for number, stream in _known(container.streams.audio)]
    if video is None and not audio:
        return None
    media_type = _MEDIA_TYPES.get(form, "")
    if video is None and form in {"mov", "matroska"}:
        media_type = "audio/mp4" if form == "mov" else "audio/webm"
    length = _duration(container, video)
    facts: dict[str, Any] = {
        "kind": "video" if video is not None else "audio",
        "container": container.format.name,
        "media_type": media_type,
        "duration_s": length[0],
        "is_length_sure": length[1],
        "bit_rate": int(container.bit_rate or 0),
        "start_s": float(container.start_time or 0) / 1_000_000,
        "audio": audio,
        "subtitles": [_subtitles(number, stream) for number, stream in _known(container.streams.subtitles)],
        "chapters": [
            {"start_s": float(chapter["start"] * chapter["time_base"]), "title": _text(chapter["metadata"].get("title"))}
            for chapter in container.chapters()[:MAX_CHAPTERS]
        ],
        "has_cover": bool(covers),
        "tags": _tags(container.metadata),
    }
    if video is not None:
        facts |= _picture(container, video)
    return facts


def _known(streams: Any) -> list[tuple[int, Any]]:
    """Streams that there is a decoder for, with their position among all of the kind."""
    return [(number, stream) for number, stream in enumerate(streams) if stream.codec_context is not None]


def _text(value: str | None, most: int = 80) -> str:
    return "".join(char for char in (value or "") if char.isprintable())[:most].strip()


def _track(number: int, stream: Any) -> dict[str, Any]:
    language = stream.metadata.get("language") or ""
    return {
        "index": number,
        "language": language if _LANGUAGE.fullmatch(language) and language != "und" else "",
        "title": _text(stream.metadata.get("title")),
        "is_default": bool(stream.disposition & av.stream.Disposition.default),
    }


def _sound(number: int, stream: Any, video: Any) -> dict[str, Any]:
    """`video`: the picture of a container whose index is whole and exact, if it is one."""
    can_be_cut = video is not None and _is_exact(stream) and _is_beside(stream, video)
    exact_rate = int(stream.codec_context.sample_rate) if can_be_cut else 0
    return _track(number, stream) | {"channels": int(stream.codec_context.channels or 0), "exact_rate": exact_rate}


def _is_exact(stream: Any) -> bool:
    """Whether the index gives every packet's time to the sample, and a decoder that begins anywhere soon gives what it would have given.

    Phones that stamp sound by a clock do not; HE-AAC says only now and then how its high tones and its stereo are made.
    """
    context = stream.codec_context
    if not context.name.startswith(_ANYWHERE) or (context.name == "aac" and context.profile != "LC"):
        return False
    entries, rate = stream.index_entries, context.sample_rate
    # Without a count the file is fragmented, and its index not yet known.
    if not rate or stream.time_base != Fraction(1, rate) or not entries or not stream.frames:
        return False
    if context.name.startswith("pcm_"):
        return True
    if len(entries) < stream.frames:
        return False
    times = [entry.timestamp for entry in entries]
    return len({later - time for time, later in itertools.pairwise(times)}) == 1


def _is_beside(stream: Any, video: Any) -> bool:
    """Whether sound lies in the file where the picture of the same time lies, so that who reads both reads on, and ends about when it does."""
    pictures = sorted((entry.pos, entry.timestamp) for entry in video.index_entries)
    sounds = list(stream.index_entries)
    longer_s = float((stream.duration or 0) * stream.time_base - (video.duration or 0) * video.time_base)
    if not pictures or longer_s > LONGER_S:
        return False
    judged = sounds[:: max(1, len(sounds) // PLACES_TO_JUDGE)]
    near = [pictures[min(bisect.bisect(pictures, (sound.pos, 0)), len(pictures) - 1)][1] for sound in judged]
    apart = (at * video.time_base - sound.timestamp * stream.time_base for at, sound in zip(near, judged, strict=True))
    astray = sum(abs(seconds) > BESIDE_S for seconds in apart)
    return bool(astray <= len(judged) * MAY_STRAY)


def _subtitles(number: int, stream: Any) -> dict[str, Any]:
    track, name = _track(number, stream), stream.codec_context.name
    del track["is_default"]
    is_forced = bool(stream.disposition & av.stream.Disposition.forced)
    return track | {"codec": name, "is_text": name in _TEXT_SUBTITLES, "is_forced": is_forced}


def _tags(metadata: dict[str, str]) -> dict[str, str]:
    return {_text(name): _text(value, MAX_TAG) for name, value in list(metadata.items())[:MAX_TAGS] if _text(value)}


def _duration(container: Any, video: Any) -> tuple[float, bool]:
    """Length in s, and whether it is the picture's own: a container's is that of its longest track, be it a subtitle."""
    if video is not None and video.duration and video.time_base:
        return float(video.duration * video.time_base), True
    if video is not None and (tag := _CLOCK.fullmatch(video.metadata.get("DURATION", ""))):
        hours, minutes, seconds = tag.groups()
        return int(hours) * 3_600 + int(minutes) * 60 + float(seconds), True
    return float(container.duration or 0) / 1_000_000, False


def _picture(container: Any, video: Any) -> dict[str, Any]:
    """Size as displayed; rotation, interlacing and colours are only told by decoded frames."""
    context = video.codec_context
    frames = _first_frames(container, video)
    if not frames:
        return {"width": 0, "height": 0}
    rotation, width, height = frames[0].rotation % 360, frames[0].width, frames[0].height
    aspect = video.sample_aspect_ratio or 1
    shown = round(width * float(aspect))
    if rotation in {90, 270}:
        shown, height = height, shown
    rate = video.average_rate or video.guessed_rate or 25
    transfer = _TRANSFERS.get(int(frames[0].color_trc), "")
    return {
        "width": shown,
        "height": height,
        "rotation": rotation,
        "is_square": aspect == 1,
        "rate_num": rate.numerator,
        "rate_den": rate.denominator,
        "video_codec": context.name,
        "profile": context.profile or "",
        "level": max(0, int(context.level or 0)),
        "pixel_format": frames[0].format.name,
        "transfer": transfer,
        "matrix": _MATRICES.get(int(frames[0].colorspace), ""),
        "is_interlaced": _is_interlaced(frames, video),
        "is_undecodable_hdr": context.codec_tag in _DOLBY_ONLY and not transfer,
        "keyframe_gap_s": _keyframe_gap(video),
        "bit_rate": int(context.bit_rate or container.bit_rate or 0),
    }


def _first_frames(container: Any, video: Any) -> list[Any]:
    """One frame; more of them where the first one is marked as interlaced."""
    decoded = container.decode(video)
    first = next(decoded, None)
    if first is None:
        return []
    if not first.interlaced_frame:
        return [first]
    try:
        return [first, *itertools.islice(decoded, FRAMES_TO_JUDGE - 1)]
    except av.error.FFmpegError:
        return [first]


def _is_interlaced(frames: list[Any], video: Any) -> bool:
    """Marked as interlaced, and ffmpeg's `idet` sees combing: many progressive films carry the mark."""
    if sum(frame.interlaced_frame for frame in frames) * 2 <= len(frames):
        return False
    graph = av.filter.Graph()
    source = graph.add_buffer(template=video)
    judge, sink = graph.add("idet"), graph.add("buffersink")
    source.link_to(judge)
    judge.link_to(sink)
    graph.configure()
    found: dict[str, str] = {}
    for frame in [*frames, None]:
        graph.push(frame)
        # It answers some frames late, and says when it has nothing more.
        with contextlib.suppress(av.error.BlockingIOError, av.error.EOFError):
            while True:
                found = dict(graph.pull().metadata)
    fields = sum(float(found.get(f"lavfi.idet.single.{order}", 0)) for order in ("tff", "bff"))
    whole = float(found.get("lavfi.idet.single.progressive", 0))
    # Calm pictures show little combing; a still or dark start shows nothing, and the mark is believed.
    return fields * 10 >= fields + whole


def _keyframe_gap(video: Any) -> float:
    """Longest distance in s between keyframes by the container's index; 0 where there is none for every frame."""
    times = [entry.timestamp for entry in video.index_entries if entry.is_keyframe]
    if len(video.index_entries) < (video.frames or 1) or not times or not video.time_base:
        return 0.0
    ends = [*times[1:], times[0] + (video.duration or 0)]
    return float(max(end - start for start, end in zip(times, ends, strict=True)) * video.time_base)
