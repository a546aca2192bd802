"""HLS playlists (RFC 8216 and Apple's authoring rules) as text. Pure: rows in, lines out."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from service.media.facts import AudioTrack, SubtitleTrack
from service.media.planning import AUDIO_KBITS, BOARD_COLUMNS, LIGHT_KBITS, Plan, Rung, stills_in

BOARD = "board"
IFRAMES = "iframes"
Signer = Callable[[str], str]
MEDIA_TYPE = "application/vnd.apple.mpegurl"


@dataclass(frozen=True, slots=True)
class Segment:
    """Duration in s, place in its object in bytes; `key`: how far its first picture reaches, 0 if there is none."""

    seconds: float
    offset: int
    size: int
    key: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """One object with the segments of one chunk."""

    key: str
    init_key: str
    codecs: str
    segments: Sequence[Segment]

    @property
    def seconds(self) -> float:
        return sum(segment.seconds for segment in self.segments)

    @property
    def size(self) -> int:
        return sum(segment.size for segment in self.segments)


def contiguous(pieces: dict[int, Piece]) -> list[Piece]:
    """Pieces 0, 1, 2, … up to the first gap."""
    prefix: list[Piece] = []
    while len(prefix) in pieces:
        prefix.append(pieces[len(prefix)])
    return prefix


def bandwidth(pieces: Sequence[Piece]) -> tuple[int, int]:
    """(peak of any segment, average) in bit/s, measured."""
    peak = max((segment.size * 8 / segment.seconds for piece in pieces for segment in piece.segments if segment.seconds > 0), default=0.0)
    seconds = sum(piece.seconds for piece in pieces)
    average = sum(piece.size for piece in pieces) * 8 / seconds if seconds else 0.0
    return math.ceil(peak), math.ceil(average)


def media_playlist(pieces: Sequence[Piece], sign: Signer, *, target_s: int, is_whole: bool, is_iframes: bool = False) -> str:
    """EVENT while pieces are still coming, VOD with an end once all are there; segments by byte range.

    `is_iframes`: only the first picture of every segment (RFC 8216, 4.3.3.6).
    """
    lines = _head(target_s, is_whole=is_whole)
    if is_iframes:
        lines.append("#EXT-X-I-FRAMES-ONLY")
    if pieces and pieces[0].init_key:
        lines.append(f'#EXT-X-MAP:URI="{sign(pieces[0].init_key)}"')
    for piece in pieces:
        url = sign(piece.key)
        for segment in piece.segments:
            size = segment.key if is_iframes else segment.size
            lines += [f"#EXTINF:{segment.seconds:.6f},", f"#EXT-X-BYTERANGE:{size}@{segment.offset}", url]
    if is_whole:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _head(target_s: int, *, is_whole: bool) -> list[str]:
    return [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{max(1, target_s)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if is_whole else 'EVENT'}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-START:TIME-OFFSET=0,PRECISE=YES",
    ]


def storyboard(plan: Plan, pieces: Sequence[Piece], sign: Signer) -> str:
    """WebVTT whose cues name a still of a sheet by `#xywh=` (W3C media fragments), for the seek bar."""
    lines = ["WEBVTT", ""]
    board = plan.board
    for chunk, piece in zip(plan.chunks, pieces, strict=False):
        if board is None:
            break
        url = sign(piece.key)
        for number in range(stills_in(board, chunk)):
            first = chunk.first_frame + number * board.every_frames
            last = min(first + board.every_frames, chunk.first_frame + chunk.frames)
            row, column = divmod(number, BOARD_COLUMNS)
            place = f"{column * board.width},{row * board.height},{board.width},{board.height}"
            lines += [f"{_clock(first / plan.rate)} --> {_clock(last / plan.rate)}", f"{url}#xywh={place}", ""]
    return "\n".join(lines)


def _clock(seconds: Fraction) -> str:
    whole, thousandths = divmod(round(seconds * 1_000), 1_000)
    return f"{whole // 3_600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{thousandths:03}"


LIGHT = "audio-light"


def audio_name(index: int) -> str:
    return f"audio{index}"


def subtitles_name(index: int) -> str:
    return f"subs{index}"


def _media_line(kind: str, track: AudioTrack | SubtitleTrack, names: set[str], uri: str, extra: str) -> str:
    """One EXT-X-MEDIA; names are unique within a group (RFC 8216, 4.3.4.1)."""
    title = (track.title or track.language or f"Track {track.index + 1}").replace('"', "'").replace("\n", " ")
    name = title if title not in names else f"{title} ({track.index + 1})"
    names.add(name)
    language = track.language or "und"
    group = "audio" if kind == "AUDIO" else "subtitles"
    return f'#EXT-X-MEDIA:TYPE={kind},GROUP-ID="{group}",NAME="{name}",LANGUAGE="{language}",{extra},URI="{uri}.m3u8"'


@dataclass(frozen=True, slots=True)
class Master:
    """What a master playlist names: renditions from the largest down, sounds, subtitles, the lighter one of sound alone; each has begun."""

    plan: Plan
    rungs: Sequence[tuple[Rung, list[Piece]]]
    audio: Sequence[tuple[AudioTrack, list[Piece]]]
    subtitles: Sequence[SubtitleTrack] = ()
    light: Sequence[Piece] = ()


def master_playlist(master: Master) -> str:
    """Sound alone gives variants without RESOLUTION."""
    plan, audio = master.plan, master.audio
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    measured = [bandwidth(pieces) for _, pieces in audio]
    # Any of them may be chosen: the fattest counts.
    sound_peak, sound_average = (max(peak for peak, _ in measured), max(average for _, average in measured)) if measured else (0, 0)
    codec = audio[0][1][0].codecs if audio else ""
    group = _tracks(lines, master, is_grouped=bool(master.rungs) or len(audio) > 1)
    if not master.rungs:
        bits = f"BANDWIDTH={max(sound_peak, AUDIO_KBITS * 1_000)},AVERAGE-BANDWIDTH={max(sound_average, 1)}"
        lines += [f'#EXT-X-STREAM-INF:{bits},CODECS="{codec}"{group}', f"{audio_name(audio[0][0].index)}.m3u8"]
        if master.light:
            peak, average = bandwidth(master.light)
            bits = f"BANDWIDTH={max(peak, LIGHT_KBITS * 1_000)},AVERAGE-BANDWIDTH={max(average, 1)}"
            lines += [f'#EXT-X-STREAM-INF:{bits},CODECS="{master.light[0].codecs}"', f"{LIGHT}.m3u8"]
        return "\n".join(lines) + "\n"
    for rung, pieces in master.rungs:
        peak, average = bandwidth(pieces)
        codecs = ",".join(filter(None, [pieces[0].codecs, codec]))
        bits = f"BANDWIDTH={peak + sound_peak},AVERAGE-BANDWIDTH={average + sound_average}"
        size = f"RESOLUTION={rung.width}x{rung.height}"
        lines += [f'#EXT-X-STREAM-INF:{bits},CODECS="{codecs}",{size},FRAME-RATE={float(plan.rate):.3f}{group}', f"{rung.name}.m3u8"]
    rung, pieces = master.rungs[-1]
    keys = [Segment(segment.seconds, segment.offset, segment.key) for piece in pieces for segment in piece.segments]
    if all(segment.size for segment in keys):
        peak, average = bandwidth([Piece("", "", "", keys)])
        bits = f"BANDWIDTH={max(peak, 1)},AVERAGE-BANDWIDTH={max(average, 1)}"
        lines.append(
            f'#EXT-X-I-FRAME-STREAM-INF:{bits},CODECS="{pieces[0].codecs}",RESOLUTION={rung.width}x{rung.height},URI="{IFRAMES}-{rung.name}.m3u8"'
        )
    return "\n".join(lines) + "\n"


def _tracks(lines: list[str], master: Master, *, is_grouped: bool) -> str:
    """Add the EXT-X-MEDIA lines; returns what variants say of them."""
    names: set[str] = set()
    chosen = next((track for track, _ in master.audio if track.is_default), master.audio[0][0] if master.audio else None)
    if is_grouped:
        for track, _ in master.audio:
            extra = f'DEFAULT={"YES" if track is chosen else "NO"},AUTOSELECT=YES,CHANNELS="2"'
            lines.append(_media_line("AUDIO", track, names, audio_name(track.index), extra))
    names = set()
    for text in master.subtitles:
        forced = ",FORCED=YES" if text.is_forced else ""
        lines.append(_media_line("SUBTITLES", text, names, subtitles_name(text.index), f"DEFAULT=NO,AUTOSELECT=YES{forced}"))
    return (',AUDIO="audio"' if master.audio and is_grouped else "") + (',SUBTITLES="subtitles"' if master.subtitles else "")
