"""The sound of one chunk, so that chunks join without a click. Pure.

AAC frames overlap: each is decoded together with the one before. So an encoder begins some frames early, and those are dropped; where two
chunks meet, one's last frame and the other's first are of the same samples, and fade into each other.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import ffmpeg

from workers.tools.ffmpeg import aac

RATE, FRAME = 48_000, 1_024
# Until then its choice of bits still shows that it has only begun.
LEAD_FRAMES = 32
# The encoder still holds this many frames back when its input ends.
TRAIL_FRAMES = 2


@dataclass(frozen=True, slots=True)
class SoundCut:
    """AAC frames `first`..`last - 1` of a track at 48 kHz, and with `is_open` all that follow. `rate`: the source's, in samples per second."""

    index: int
    rate: int
    first: int
    last: int
    is_open: bool
    kbits: int


def frames_before(moment_s: Fraction) -> int:
    """How many AAC frames begin before a moment."""
    return math.ceil(moment_s * RATE / FRAME)


def cut_sound(opened: ffmpeg.nodes.Stream, cut: SoundCut, folder: str, name: str, how: Mapping[str, object]) -> ffmpeg.nodes.Stream:
    """Output of one track's frames into `folder/name`, silence where the source has none; `how`: options of the muxer."""
    lead = min(LEAD_FRAMES, cut.first)
    # The encoder puts one frame before what it is given.
    begins = (cut.first - lead + 1) * FRAME
    step = RATE // math.gcd(cut.rate, RATE)
    # `first_pts` counts samples of the source: a moment that is a whole number of both, or the grid would be off by a fraction.
    aligned = max(0, begins // step - 1) * (cut.rate * step // RATE)
    sound = opened[f"a:{cut.index}"].filter("aformat", sample_rates=cut.rate)
    sound = sound.filter("aresample", RATE, **{"async": 1, "first_pts": aligned}).filter("atrim", start_pts=begins)
    dropped, ends = f"lt(pts,{cut.first * FRAME})", cut.last * FRAME
    if cut.is_open:
        sound = sound.filter("apad", whole_len=ends - begins).filter("asetpts", f"{begins}+N")
    else:
        sound = sound.filter("apad").filter("asetpts", f"{begins}+N").filter("atrim", end_pts=ends + TRAIL_FRAMES * FRAME)
        dropped += f"+gte(pts,{ends})"
    return ffmpeg.output(
        sound,
        f"{folder}/{name}/v.m3u8",
        **how,
        **aac(cut.kbits),
        **{"bsf:a": f"noise=amount=0:drop='{dropped}'"},
        map_metadata=-1,
        hls_segment_filename=f"{folder}/{name}/s%05d.m4s",
    )
