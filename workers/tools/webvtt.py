"""WebVTT as ffmpeg writes it, cut into segments for HLS. Pure (W3C WebVTT, RFC 8216 section 3.5)."""

import re
from dataclasses import dataclass

_TIMING = re.compile(r"(?:(\d+):)?(\d\d):(\d\d)\.(\d{3}) --> (?:(\d+):)?(\d\d):(\d\d)\.(\d{3})(.*)")
_HEAD = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n"
MAX_CUES = 100_000
MAX_CUE = 4_000


@dataclass(frozen=True, slots=True)
class Cue:
    """Times in s; `block` is the cue as it stands in the file."""

    start: float
    end: float
    block: str


def cues(text: str) -> list[Cue]:
    """The cues of a file, in its order; what is no cue is left out."""
    found: list[Cue] = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        timing = _TIMING.search(block)
        if timing is None or len(found) >= MAX_CUES:
            continue
        hours, minutes, seconds, thousandths, *end = timing.groups()[:8]
        found.append(Cue(_seconds(hours, minutes, seconds, thousandths), _seconds(*end), block.strip("\n")[:MAX_CUE]))
    return found


def _seconds(hours: str | None, minutes: str, seconds: str, thousandths: str) -> float:
    return int(hours or 0) * 3_600 + int(minutes) * 60 + int(seconds) + int(thousandths) / 1_000


def segments(found: list[Cue], segment_s: float, total_s: float) -> list[tuple[float, bytes]]:
    """(duration in s, bytes) of each segment of the film; a cue stands in every segment that it is shown in."""
    count = max(1, -(-int(total_s * 1_000) // int(segment_s * 1_000)))
    blocks: list[list[str]] = [[] for _ in range(count)]
    for cue in found:
        first = int(cue.start // segment_s)
        for number in range(first, min(count, int(max(cue.end - 0.001, cue.start) // segment_s) + 1)):
            blocks[number].append(cue.block)
    last = total_s - (count - 1) * segment_s
    return [
        (segment_s if number < count - 1 else last, (_HEAD + "\n\n".join(block) + "\n").encode()) for number, block in enumerate(blocks)
    ]
