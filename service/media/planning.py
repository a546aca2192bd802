"""From what a source is to an immutable plan: frame grid, rungs, chunks. Pure (knowledge: Apple's HLS authoring rules).

IDR every 2 s, segments of 6 s cut in frames; the short side names a rung; nothing is scaled up.
"""

import hashlib
from fractions import Fraction

import msgspec

RUNGS = (1080, 720, 480, 360, 240)
# Peak kbit/s of H.264 at 30 fps by short side; beyond 30 fps half as much again.
_KBITS = {1080: 5_000, 720: 2_800, 480: 1_400, 360: 800, 240: 400}
STANDARD_RATES = tuple(
    Fraction(number, den)
    for number, den in (
        (10, 1),
        (12, 1),
        (15, 1),
        (24_000, 1_001),
        (24, 1),
        (25, 1),
        (30_000, 1_001),
        (30, 1),
        (48, 1),
        (50, 1),
        (60_000, 1_001),
        (60, 1),
    )
)
IDR_SECONDS = 2
IDRS_PER_SEGMENT = 3
FIRST_CHUNKS = (1, 2, 4)
HIGH_RATE = 31
MIN_RATE = Fraction(10)
CAP_OVER_SOURCE = 1.3
MAX_AUDIO_TRACKS = 8
MAX_DURATION_S = 24 * 3_600
MAX_PIXELS = 8_192 * 8_192
AUDIO_KBITS = 128


class AudioTrack(msgspec.Struct, frozen=True):
    """Position among the source's audio streams, its language (ISO 639 or empty) and title."""

    index: int
    language: str = ""
    title: str = ""


class SourceFacts(msgspec.Struct, frozen=True):
    """What probing found. `width`, `height` as displayed (after rotation and pixel aspect), duration in s, rate in bit/s."""

    kind: str
    container: str = ""
    media_type: str = ""
    duration_s: float = 0.0
    width: int = 0
    height: int = 0
    rotation: int = 0
    rate_num: int = 0
    rate_den: int = 1
    video_codec: str = ""
    is_interlaced: bool = False
    bit_rate: int = 0
    start_s: float = 0.0
    audio: list[AudioTrack] = []


class Rung(msgspec.Struct, frozen=True):
    """One rendition; sizes in pixels, even; `kbits` is its peak."""

    name: str
    width: int
    height: int
    kbits: int


class Chunk(msgspec.Struct, frozen=True):
    """Output frames first..first+frames-1."""

    no: int
    first_frame: int
    frames: int


class Plan(msgspec.Struct, frozen=True):
    """Everything an encoder needs to know; its hash is in every output's key."""

    version: int
    ffmpeg: str
    encoder: str
    rate_num: int
    rate_den: int
    frames: int
    gop_frames: int
    segment_frames: int
    is_interlaced: bool
    rungs: list[Rung]
    chunks: list[Chunk]
    audio: list[AudioTrack]
    duration_s: float

    @property
    def rate(self) -> Fraction:
        return Fraction(self.rate_num, self.rate_den)

    @property
    def segment_s(self) -> float:
        """Exact duration of a full segment: ffmpeg must be told this and not 6."""
        return float(self.segment_frames / self.rate) if self.rungs else 6.0


class Unplannable(Exception):
    """The text is for the person who owns the file."""


def output_rate(facts: SourceFacts) -> Fraction:
    """The nearest standard rate up to 60; a slower one is kept."""
    if facts.rate_num <= 0 or facts.rate_den <= 0:
        return Fraction(25)
    rate = Fraction(facts.rate_num, facts.rate_den)
    if rate < MIN_RATE:
        return max(rate.limit_denominator(1_001), Fraction(1))
    return min(STANDARD_RATES, key=lambda standard: abs(standard - rate))


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)


def rungs_for(facts: SourceFacts, rate: Fraction) -> list[Rung]:
    """All standard rungs up to the source's short side, or just its own size below the smallest."""
    short = min(facts.width, facts.height)
    sizes = [size for size in RUNGS if size <= short] or [_even(short - short % 2)]
    # A bit of slack for sources a few lines off a standard size (1078 for 1080).
    cap = facts.bit_rate * CAP_OVER_SOURCE / 1_000 if facts.bit_rate else None
    rungs = []
    for size in sizes:
        ratio = size / short
        width, height = (
            (_even(facts.width * ratio), _even(size)) if facts.width >= facts.height else (_even(size), _even(facts.height * ratio))
        )
        kbits = _KBITS.get(size, 300) * (1.5 if rate > HIGH_RATE else 1)
        rungs.append(Rung(str(size), width, height, int(max(120, min(kbits, cap or kbits)))))
    return rungs


def chunks_for(frames: int, segment_frames: int, chunk_segments: int) -> list[Chunk]:
    """First chunks of 1, 2 and 4 segments so that play starts early, then full ones."""
    chunks: list[Chunk] = []
    position = 0
    while position < frames:
        segments = FIRST_CHUNKS[len(chunks)] if len(chunks) < len(FIRST_CHUNKS) else chunk_segments
        count = min(segments * segment_frames, frames - position)
        chunks.append(Chunk(len(chunks), position, count))
        position += count
    return chunks


def make_plan(facts: SourceFacts, *, ffmpeg: str, encoder: str, chunk_s: int) -> Plan:
    """Raises Unplannable."""
    if facts.duration_s <= 0:
        message = "The film has no length that can be read: it is probably damaged or not finished."
        raise Unplannable(message)
    if facts.duration_s > MAX_DURATION_S:
        message = "Films longer than 24 hours are not transcoded."
        raise Unplannable(message)
    has_video = facts.width > 0 and facts.height > 0
    if has_video and facts.width * facts.height > MAX_PIXELS:
        message = f"Pictures of {facts.width} by {facts.height} are too large to transcode."
        raise Unplannable(message)
    if not has_video and not facts.audio:
        message = "There is neither picture nor sound in this file."
        raise Unplannable(message)
    rate = output_rate(facts)
    gop = max(1, round(IDR_SECONDS * rate))
    segment = gop * IDRS_PER_SEGMENT
    frames = max(1, round(facts.duration_s * rate)) if has_video else 0
    chunk_segments = max(1, round(chunk_s * rate / segment))
    return Plan(
        version=1,
        ffmpeg=ffmpeg,
        encoder=encoder,
        rate_num=rate.numerator,
        rate_den=rate.denominator,
        frames=frames,
        gop_frames=gop,
        segment_frames=segment,
        is_interlaced=facts.is_interlaced,
        rungs=rungs_for(facts, rate) if has_video else [],
        chunks=chunks_for(frames, segment, chunk_segments),
        audio=facts.audio[:MAX_AUDIO_TRACKS],
        duration_s=facts.duration_s,
    )


def plan_hash(plan: Plan) -> str:
    return hashlib.sha256(msgspec.json.encode(plan, order="deterministic")).hexdigest()[:16]
