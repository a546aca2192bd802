"""ffmpeg command lines, assembled by ffmpeg-python and never run by it. Pure.

The flags are proven ones: chunks of one film stitched without DISCONTINUITY (see docs/reference/media.md).
"""

import functools
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import ffmpeg
import imageio_ffmpeg

FORMATS = "mov,matroska,mpegts,avi,asf,flv,ogg,wav,mp3,aac,flac,mpeg,mxf,aiff,caf,amr"
PROTOCOLS = "http,tcp"
# Chunks begin reading this long before their first frame: safe for open GOPs and for MPEG-TS seeks.
LEAD_S = 12.0
# Sound beside a picture: this many times real time, after a burst that is enough to start playing.
PACE = 20
PACE_BURST_S = 15
MAX_PIXELS = 70_000_000
PRESET = "veryfast"
ENCODER = f"x264-{PRESET}-crf23"
_HLS = {
    "f": "hls",
    "hls_playlist_type": "vod",
    "hls_segment_type": "fmp4",
    "hls_fmp4_init_filename": "init.mp4",
    "avoid_negative_ts": "disabled",
}


@dataclass(frozen=True, slots=True)
class Size:
    """One rendition: folder name, pixels, peak kbit/s."""

    name: str
    width: int
    height: int
    kbits: int


def executable(configured: str) -> str:
    return configured or imageio_ffmpeg.get_ffmpeg_exe()


@functools.cache
def build_of(path: str) -> str:
    """The build's own name for itself: part of every plan, because inits of different builds differ."""
    output = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20, check=True).stdout  # noqa: S603  the configured binary
    return output.split(" Copyright")[0].removeprefix("ffmpeg version ").strip()


def _source(url: str, **options: object) -> ffmpeg.nodes.Stream:
    return ffmpeg.input(
        url,
        protocol_whitelist=PROTOCOLS,
        format_whitelist=FORMATS,
        max_streams=64,
        probesize="50M",
        analyzeduration="20M",
        rw_timeout=60_000_000,
        reconnect=1,
        reconnect_on_network_error=1,
        reconnect_delay_max=10,
        max_pixels=MAX_PIXELS,
        **options,
    )


def _start(path: str) -> list[str]:
    return [path, "-v", "error", "-nostdin", "-y", "-copyts", "-start_at_zero", "-progress", "pipe:1", "-stats_period", "0.5"]


def video_chunk(
    path: str,
    url: str,
    folder: str,
    *,
    rate: Fraction,
    first_frame: int,
    frames: int,
    gop_frames: int,
    segment_frames: int,
    sizes: Sequence[Size],
    is_interlaced: bool,
    threads: int,
) -> list[str]:
    """All rungs of one chunk in one process: decode once, scale and encode each."""
    start = Fraction(first_frame) / rate
    seek = max(0.0, float(start) - LEAD_S)
    # Seeking to 0 would still cut a stream that starts a little before it.
    source = _source(url, ss=f"{seek:.6f}") if seek else _source(url)
    picture = source["v:0"]
    if is_interlaced:
        picture = picture.filter("bwdif", mode="send_frame")
    picture = picture.filter("fps", fps=f"{rate.numerator}/{rate.denominator}", start_time=f"{float(start):.9f}", round="near")
    copies = picture.filter_multi_output("split", len(sizes))
    outputs = []
    for number, size in enumerate(sizes):
        scaled = copies[number].filter("scale", size.width, size.height).filter("setsar", 1)
        outputs.append(
            ffmpeg.output(
                scaled,
                f"{folder}/{size.name}/v.m3u8",
                **_HLS,
                **{
                    "frames:v": frames,
                    "c:v": "libx264",
                    "preset": PRESET,
                    "profile:v": "high",
                    "crf": 23,
                    "maxrate": f"{size.kbits}k",
                    "bufsize": f"{size.kbits * 2}k",
                    "pix_fmt": "yuv420p",
                    "threads": threads,
                    "x264-params": f"scenecut=0:open_gop=0:keyint={gop_frames}:min-keyint={gop_frames}:stitchable=1",
                    "colorspace": "bt709",
                    "color_primaries": "bt709",
                    "color_trc": "bt709",
                    "map_metadata": -1,
                    "hls_time": f"{float(segment_frames / rate):.9f}",
                    "hls_flags": "independent_segments",
                    "hls_segment_options": "movflags=+frag_discont+negative_cts_offsets+skip_sidx:use_editlist=0",
                    "start_number": first_frame // segment_frames,
                    "hls_segment_filename": f"{folder}/{size.name}/s%05d.m4s",
                },
            )
        )
    command: list[str] = ffmpeg.merge_outputs(*outputs).compile(cmd=_start(path))
    return command


def audio_track(path: str, url: str, folder: str, *, index: int, kbits: int, segment_s: float, is_paced: bool) -> list[str]:
    """One audio track, whole: AAC-LC stereo at 48 kHz. `start_sample` drops the encoder's priming, so sound starts with the picture.

    `is_paced`: read the source no faster than sound that waits for its picture needs it.
    """
    pace = {"readrate": PACE, "readrate_initial_burst": PACE_BURST_S} if is_paced else {}
    sound = (
        _source(url, **pace)[f"a:{index}"].filter("aresample", 48_000, **{"async": 1, "first_pts": 0}).filter("atrim", start_sample=1_024)
    )
    output = ffmpeg.output(
        sound,
        f"{folder}/v.m3u8",
        **_HLS,
        **{
            "c:a": "aac",
            "b:a": f"{kbits}k",
            "ac": 2,
            "map_metadata": -1,
            "hls_time": f"{segment_s:.9f}",
            "hls_flags": "temp_file",
            "hls_segment_options": "movflags=+frag_discont+skip_sidx:use_editlist=0",
            "hls_segment_filename": f"{folder}/s%05d.m4s",
        },
    )
    command: list[str] = output.compile(cmd=_start(path))
    return command


def poster(path: str, url: str, target: str, *, at_s: float, width: int) -> list[str]:
    """One representative frame near a moment, as PNG."""
    picture = _source(url, ss=f"{at_s:.3f}", skip_frame="nokey")["v:0"].filter("thumbnail", 10).filter("scale", width, -2)
    command: list[str] = ffmpeg.output(picture, target, **{"frames:v": 1, "f": "image2", "c:v": "png"}).compile(
        cmd=[path, "-v", "error", "-nostdin", "-y"]
    )
    return command


def cores() -> int:
    return len(os.sched_getaffinity(0))
