"""HLS playlists (RFC 8216 and Apple's authoring rules) as text. Pure: rows in, lines out."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.media.planning import AUDIO_KBITS, AudioTrack, Plan, Rung

Signer = Callable[[str], str]
MEDIA_TYPE = "application/vnd.apple.mpegurl"


@dataclass(frozen=True, slots=True)
class Piece:
    """One object with the segments of one chunk: (duration s, offset, bytes) each."""

    key: str
    init_key: str
    codecs: str
    segments: Sequence[tuple[float, int, int]]

    @property
    def seconds(self) -> float:
        return sum(duration for duration, _, _ in self.segments)

    @property
    def size(self) -> int:
        return sum(count for _, _, count in self.segments)


def contiguous(pieces: dict[int, Piece]) -> list[Piece]:
    """Pieces 0, 1, 2, … up to the first gap."""
    prefix: list[Piece] = []
    while len(prefix) in pieces:
        prefix.append(pieces[len(prefix)])
    return prefix


def bandwidth(pieces: Sequence[Piece]) -> tuple[int, int]:
    """(peak of any segment, average) in bit/s, measured."""
    peak = max((count * 8 / duration for piece in pieces for duration, _, count in piece.segments if duration > 0), default=0.0)
    seconds = sum(piece.seconds for piece in pieces)
    average = sum(piece.size for piece in pieces) * 8 / seconds if seconds else 0.0
    return math.ceil(peak), math.ceil(average)


def media_playlist(pieces: Sequence[Piece], sign: Signer, *, target_s: float, is_whole: bool) -> str:
    """EVENT while pieces are still coming, VOD with an end once all are there; segments by byte range."""
    longest = max((duration for piece in pieces for duration, _, _ in piece.segments), default=target_s)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{max(1, round(max(longest, target_s)))}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if is_whole else 'EVENT'}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-START:TIME-OFFSET=0,PRECISE=YES",
    ]
    if pieces:
        lines.append(f'#EXT-X-MAP:URI="{sign(pieces[0].init_key)}"')
    for piece in pieces:
        url = sign(piece.key)
        for duration, offset, count in piece.segments:
            lines += [f"#EXTINF:{duration:.6f},", f"#EXT-X-BYTERANGE:{count}@{offset}", url]
    if is_whole:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _audio_line(track: AudioTrack, name: str, *, is_default: bool) -> str:
    language = f',LANGUAGE="{track.language}"' if track.language else ""
    title = (track.title or track.language or f"Track {track.index + 1}").replace('"', "'").replace("\n", " ")
    return f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="{title}"{language},DEFAULT={"YES" if is_default else "NO"},AUTOSELECT=YES,CHANNELS="2",URI="{name}.m3u8"'


def audio_name(index: int) -> str:
    return f"audio{index}"


def master_playlist(plan: Plan, rungs: Sequence[tuple[Rung, list[Piece]]], audio: Sequence[tuple[AudioTrack, list[Piece]]]) -> str:
    """Only rungs and tracks that have begun; audio alone gives one variant without RESOLUTION."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    sound_peak, sound_average = bandwidth(audio[0][1]) if audio else (0, 0)
    codec = audio[0][1][0].codecs if audio else ""
    if not rungs:
        lines += [
            f'#EXT-X-STREAM-INF:BANDWIDTH={max(sound_peak, AUDIO_KBITS * 1_000)},AVERAGE-BANDWIDTH={max(sound_average, 1)},CODECS="{codec}"',
            f"{audio_name(audio[0][0].index)}.m3u8",
        ]
        return "\n".join(lines) + "\n"
    for number, (track, _) in enumerate(audio):
        lines.append(_audio_line(track, audio_name(track.index), is_default=number == 0))
    group = ',AUDIO="audio"' if audio else ""
    for rung, pieces in rungs:
        peak, average = bandwidth(pieces)
        codecs = ",".join(filter(None, [pieces[0].codecs, codec]))
        attributes = f'BANDWIDTH={peak + sound_peak},AVERAGE-BANDWIDTH={average + sound_average},CODECS="{codecs}",RESOLUTION={rung.width}x{rung.height},FRAME-RATE={float(plan.rate):.3f}{group}'
        lines += [f"#EXT-X-STREAM-INF:{attributes}", f"{rung.name}.m3u8"]
    return "\n".join(lines) + "\n"
