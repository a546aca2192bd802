"""From what a source is to an immutable plan: frame grid, rungs, chunks. Pure (knowledge: Apple's HLS authoring rules).

IDR every 2 s, segments of 6 s cut in frames; the short side names a rung; nothing is scaled up.
"""

import hashlib
from fractions import Fraction

import msgspec

from service.media.facts import AudioTrack, SourceFacts, SubtitleTrack

RUNGS = (2160, 1440, 1080, 720, 480, 360, 240)
# Peak kbit/s of H.264 at 30 fps by short side; beyond 30 fps half as much again.
_KBITS = {2160: 16_000, 1440: 9_000, 1080: 5_000, 720: 2_800, 480: 1_400, 360: 800, 240: 400}
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
HD_LINES = 720
CAP_OVER_SOURCE = 1.3
MAX_AUDIO_TRACKS = 8
MAX_SUBTITLES = 16
MAX_DURATION_S = 24 * 3_600
MAX_PIXELS = 8_192 * 8_192
AUDIO_KBITS, LIGHT_KBITS = 128, 64
# Containers whose index says where keyframes are: a seek lands where it should.
_INDEXED = ("mov", "matroska")
# How a film can be encoded, from what always works to what needs the most of a GPU.
MODES = ("cpu", "hybrid", "full")
# A picture that every browser plays as it is, if its keyframes are dense enough to cut at.
SOURCE = "source"
_SAFE_PROFILES = frozenset({"Constrained Baseline", "Baseline", "Main", "High"})
_SAFE_LEVEL = 42
_SAFE_GAP_S = 2.1
# Stills for the seek bar, one sheet per chunk.
BOARD_SIDE = 160
BOARD_COLUMNS = 10
_SHORT_FILM_S, _LONG_FILM_S = 120, 3_600


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


class Board(msgspec.Struct, frozen=True):
    """Storyboard: size of one still in pixels, and how many frames lie between two."""

    width: int
    height: int
    every_frames: int


class Plan(msgspec.Struct, frozen=True):
    """Everything an encoder needs to know; its hash is in every output's key.

    `matrix` is that of the picture's YCbCr, which is kept; without one it is converted to BT.709. `decoder` is what a GPU has to decode,
    where one is used (`decoder_for`). `remux` is a rung that is the source's own picture, copied; `target_s` every playlist's
    EXT-X-TARGETDURATION.
    """

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
    is_length_sure: bool = True
    transfer: str = ""
    matrix: str = ""
    decoder: str = ""
    has_index: bool = True
    remux: Rung | None = None
    subtitles: list[SubtitleTrack] = []
    board: Board | None = None
    target_s: int = 6

    @property
    def cuts_sound(self) -> bool:
        """Whether sound is made with the picture's chunks: where it can be cut, and nothing else needs a pass of its own."""
        needs_pass = self.subtitles or self.remux is not None
        return bool(self.rungs and self.is_length_sure and not needs_pass and all(track.exact_rate for track in self.audio))

    @property
    def has_through(self) -> bool:
        """Whether anything is read in one pass beside the chunks."""
        return bool(self.subtitles or self.remux is not None or (self.audio and not self.cuts_sound))

    @property
    def has_light_sound(self) -> bool:
        """Whether there is a second, lighter rendition of the sound: where it is all there is, and one track."""
        return not self.rungs and len(self.audio) == 1

    @property
    def mode(self) -> str:
        """One of MODES: the encoder's name says it, where it is not the CPU."""
        head, _, rest = self.encoder.partition(":")
        return head if rest else MODES[0]

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


def rungs_for(facts: SourceFacts, rate: Fraction, largest: int = 1_080) -> list[Rung]:
    """All standard rungs up to the source's short side and `largest`, or just its own size below the smallest."""
    short = min(facts.width, facts.height)
    sizes = [size for size in RUNGS if size <= min(short, largest)] or [_even(short - short % 2)]
    cap = facts.bit_rate * CAP_OVER_SOURCE / 1_000 if facts.bit_rate else None
    rungs = []
    for size in sizes:
        ratio = size / short
        width, height = (
            (_even(facts.width * ratio), _even(size)) if facts.width >= facts.height else (_even(size), _even(facts.height * ratio))
        )
        kbits = _peak_kbits(size, rate)
        rungs.append(Rung(str(size), width, height, int(max(120, min(kbits, cap or kbits)))))
    return rungs


def _peak_kbits(short_side: int, rate: Fraction) -> float:
    return _KBITS.get(short_side, 300) * (1.5 if rate > HIGH_RATE else 1)


def does(mode: str, needed: str) -> bool:
    """Whether what was proven in a mode does for a plan in another."""
    return MODES.index(mode) >= MODES.index(needed)


def matrix_for(facts: SourceFacts) -> str:
    """The YCbCr matrix to keep. Films that don't say theirs are shown by players as BT.709 from 720 lines on, else as BT.601."""
    if facts.hdr_transfer or not facts.pixel_format.startswith("yuv"):
        return ""
    guess = "bt709" if min(facts.width, facts.height) >= HD_LINES else "smpte170m"
    return guess if facts.matrix == "unspecified" else facts.matrix


def remux_for(facts: SourceFacts, rate: Fraction, top: Rung) -> Rung | None:
    """The source's picture as a rung of its own, where every browser plays it, it is not fatter than we would make it, and it can be cut."""
    short = min(facts.width, facts.height)
    is_safe = (
        facts.container.startswith("mov")
        and facts.video_codec == "h264"
        and facts.pixel_format == "yuv420p"
        and facts.profile in _SAFE_PROFILES
        and 0 < facts.level <= _SAFE_LEVEL
        and facts.rotation == 0
        and facts.is_square
        and not facts.is_interlaced
        and Fraction(facts.rate_num or 1, facts.rate_den or 1) <= 60  # noqa: PLR2004  Apple's rule 1.19
    )
    if not is_safe or short != min(top.width, top.height) or not 0 < facts.keyframe_gap_s <= _SAFE_GAP_S:
        return None
    if facts.bit_rate > _peak_kbits(short, rate) * CAP_OVER_SOURCE * 1_000:
        return None
    return Rung(SOURCE, facts.width, facts.height, facts.bit_rate // 1_000)


def board_for(facts: SourceFacts, gop_frames: int, segment_frames: int) -> Board:
    """A still every 2 s of a short film, 6 s of a usual and 12 s of a long one."""
    ratio = BOARD_SIDE / max(facts.width, facts.height)
    every = gop_frames if facts.duration_s <= _SHORT_FILM_S else segment_frames * (2 if facts.duration_s > _LONG_FILM_S else 1)
    return Board(_even(facts.width * ratio), _even(facts.height * ratio), every)


def stills_in(board: Board, chunk: Chunk) -> int:
    """Stills that a chunk's sheet holds; each chunk begins with one."""
    return -(-chunk.frames // board.every_frames)


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


def make_plan(
    facts: SourceFacts,
    *,
    ffmpeg: str,
    encoder: str,
    chunk_s: int,
    largest: int = 1_080,
    may_remux: bool = True,
    may_cut_sound: bool = True,
    decoder: str = "",
) -> Plan:
    """Raises Unplannable."""
    _check(facts)
    rate = output_rate(facts)
    gop = max(1, round(IDR_SECONDS * rate))
    segment = gop * IDRS_PER_SEGMENT
    frames = max(1, round(facts.duration_s * rate)) if facts.width else 0
    rungs = rungs_for(facts, rate, largest) if facts.width else []
    remux = remux_for(facts, rate, rungs[0]) if len(rungs) > 1 and may_remux else None
    if remux is not None:
        rungs = rungs[1:]
    segment_s = float(segment / rate) if rungs else float(IDR_SECONDS * IDRS_PER_SEGMENT)
    return Plan(
        version=2,
        ffmpeg=ffmpeg,
        encoder=encoder,
        rate_num=rate.numerator,
        rate_den=rate.denominator,
        frames=frames,
        gop_frames=gop,
        segment_frames=segment,
        is_interlaced=facts.is_interlaced,
        transfer=facts.hdr_transfer,
        matrix=matrix_for(facts),
        decoder=decoder,
        has_index=facts.container.startswith(_INDEXED),
        rungs=rungs,
        remux=remux,
        chunks=chunks_for(frames, segment, max(1, round(chunk_s * rate / segment))),
        audio=[track if may_cut_sound else msgspec.structs.replace(track, exact_rate=0) for track in facts.audio[:MAX_AUDIO_TRACKS]],
        subtitles=[track for track in facts.subtitles if track.is_text][:MAX_SUBTITLES],
        board=board_for(facts, gop, segment) if rungs else None,
        duration_s=facts.duration_s,
        is_length_sure=facts.is_length_sure,
        target_s=round(segment_s + (facts.keyframe_gap_s if remux is not None else 0)),
    )


def _check(facts: SourceFacts) -> None:
    if facts.duration_s <= 0:
        message = "The film has no length that can be read: it is probably damaged or not finished."
    elif facts.duration_s > MAX_DURATION_S:
        message = "Films longer than 24 hours are not transcoded."
    elif facts.width * facts.height > MAX_PIXELS:
        message = f"Pictures of {facts.width} by {facts.height} are too large to transcode."
    elif facts.is_undecodable_hdr:
        message = "This film is in Dolby Vision without a base picture (profile 5): its colours can't be shown."
    elif not facts.width and not facts.audio:
        message = "There is neither picture nor sound in this file."
    else:
        return
    raise Unplannable(message)


def plan_hash(plan: Plan) -> str:
    return hashlib.sha256(msgspec.json.encode(plan, order="deterministic")).hexdigest()[:16]
