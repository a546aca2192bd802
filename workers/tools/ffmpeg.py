"""ffmpeg command lines, assembled by ffmpeg-python and never run by it. Pure.

The flags are proven ones: chunks of one film stitched without DISCONTINUITY (see docs/reference/media.md).
"""

import functools
import os
import subprocess
from collections.abc import Mapping

import ffmpeg
import imageio_ffmpeg

FORMATS = "mov,matroska,mpegts,avi,asf,flv,ogg,wav,mp3,aac,flac,mpeg,mxf,aiff,caf,amr"
PROTOCOLS = "http,tcp"
# Sound beside a picture: this many times real time, after a burst that is enough to start playing.
PACE = 40
PACE_BURST_S = 15
# Whoever is behind may catch up as fast as this. By itself ffmpeg takes a twentieth more, but sleeps as if it read in real time, and gets to twice
# that at best.
CATCH_UP = 1_000
MAX_PIXELS = 70_000_000
POSTER_READS_S = 3
# By itself Linux lets it grow to many megabytes, all of them read for nothing where a chunk ends.
RECEIVE_BUFFER = 128 << 10
HLS = {
    "f": "hls",
    "hls_playlist_type": "vod",
    "hls_segment_type": "fmp4",
    "hls_fmp4_init_filename": "init.mp4",
    "avoid_negative_ts": "disabled",
}


# How ffmpeg and our own readers by libav open what people uploaded: over loopback only and by known demuxers.
OPENING = {"protocol_whitelist": PROTOCOLS, "format_whitelist": FORMATS, "max_streams": "64", "recv_buffer_size": str(RECEIVE_BUFFER)}

# Segments that keep their own decode times, so that chunks join without DISCONTINUITY.
OWN_TIMES = "movflags=+frag_discont+negative_cts_offsets+skip_sidx:use_editlist=0"

# From linear light to BT.709: its primaries, Hable's curve, limited range.
_TONE_MAP: tuple[tuple[str, dict[str, object]], ...] = (
    ("format", {"pix_fmts": "gbrpf32le"}),
    ("zscale", {"p": "bt709"}),
    ("tonemap", {"tonemap": "hable", "desat": 0}),
    ("zscale", {"t": "bt709", "m": "bt709", "r": "tv"}),
    ("format", {"pix_fmts": "yuv420p"}),
)


def executable(configured: str) -> str:
    return configured or imageio_ffmpeg.get_ffmpeg_exe()


@functools.cache
def _knows(path: str, option: str) -> bool:
    """Whether a build has an option: `readrate_catchup` came with version 8."""
    output = subprocess.run([path, "-hide_banner", "-h", "long"], capture_output=True, text=True, timeout=20, check=True).stdout  # noqa: S603  the configured binary
    return f"-{option} " in output


@functools.cache
def build_of(path: str) -> str:
    """The build's own name for itself: part of every plan, because inits of different builds differ."""
    output = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20, check=True).stdout  # noqa: S603  the configured binary
    return output.split(" Copyright")[0].removeprefix("ffmpeg version ").strip()


def source(url: str, **options: object) -> ffmpeg.nodes.Stream:
    """What people uploaded, over loopback only and by known demuxers."""
    return ffmpeg.input(
        url,
        **OPENING,
        probesize="50M",
        analyzeduration="20M",
        rw_timeout=60_000_000,
        reconnect=1,
        reconnect_on_network_error=1,
        reconnect_delay_max=10,
        max_pixels=MAX_PIXELS,
        **options,
    )


# Matrix to primaries and transfer function that go with it (ITU-T H.273).
COLOURS: Mapping[str, tuple[str, str]] = {
    "bt709": ("bt709", "bt709"),
    "smpte170m": ("smpte170m", "smpte170m"),
    "bt470bg": ("bt470bg", "smpte170m"),
}


def in_colours(picture: ffmpeg.nodes.Stream, matrix: str) -> ffmpeg.nodes.Stream:
    """Marked as what it is, so that nothing is converted; as it says itself without a matrix."""
    if not matrix:
        return picture
    primaries, transfer = COLOURS[matrix]
    return picture.filter("setparams", colorspace=matrix, color_primaries=primaries, color_trc=transfer)


def start(path: str) -> list[str]:
    """How a run begins that says how far it is, and keeps the source's times."""
    return [path, "-v", "error", "-nostdin", "-y", "-copyts", "-start_at_zero", "-progress", "pipe:1", "-stats_period", "0.5"]


def tone_mapped(picture: ffmpeg.nodes.Stream, transfer: str) -> ffmpeg.nodes.Stream:
    """HDR of that transfer function as BT.709."""
    for name, options in ((("zscale", {"tin": transfer, "pin": "bt2020", "min": "bt2020nc", "t": "linear", "npl": 100})), *_TONE_MAP):
        picture = picture.filter(name, **options)
    return picture


def aac(kbits: int) -> dict[str, object]:
    """Options of every sound that we make: stereo."""
    return {"c:a": "aac", "b:a": f"{kbits}k", "ac": 2}


def _sound(opened: ffmpeg.nodes.Stream, index: int, copies: int) -> list[ffmpeg.nodes.Stream]:
    sound = opened[f"a:{index}"].filter("aresample", 48_000, **{"async": 1, "first_pts": 0}).filter("atrim", start_sample=1_024)
    if copies == 1:
        return [sound]
    split = sound.filter_multi_output("asplit", copies)
    return [split[number] for number in range(copies)]


def read_through(
    path: str,
    url: str,
    folder: str,
    *,
    sounds: Mapping[str, tuple[int, int]],
    texts: Mapping[str, int],
    picture: str | None,
    segment_s: float,
    is_paced: bool,
) -> list[str]:
    """All that is not cut in chunks, in one pass over the source; folder names lead to positions among streams of their kind,
    of sounds with kbit/s.

    Sound: AAC-LC stereo at 48 kHz; `start_sample` drops the encoder's priming, so sound starts with the picture. Texts: `v.vtt`, WebVTT.
    `picture`: the folder that the source's own picture goes to, copied. `is_paced`: read no faster than what waits for chunks needs it.
    """
    pace: dict[str, object] = {"readrate": PACE, "readrate_initial_burst": PACE_BURST_S} if is_paced else {}
    if is_paced and _knows(path, "readrate_catchup"):
        pace["readrate_catchup"] = CATCH_UP
    opened = source(url, **pace)
    common = {**HLS, "map_metadata": -1, "hls_time": f"{segment_s:.9f}", "hls_flags": "temp_file"}
    outputs = []
    tracks = {index: _sound(opened, index, sum(one == index for one, _ in sounds.values())) for index, _ in sounds.values()}
    for name, (index, kbits) in sounds.items():
        sound = tracks[index].pop()
        how = {
            **aac(kbits),
            "hls_segment_options": "movflags=+frag_discont+skip_sidx:use_editlist=0",
            "hls_segment_filename": f"{folder}/{name}/s%05d.m4s",
        }
        outputs.append(ffmpeg.output(sound, f"{folder}/{name}/v.m3u8", **common, **how))
    if picture is not None:
        how = {
            "c:v": "copy",
            "hls_segment_options": OWN_TIMES,
            "hls_segment_filename": f"{folder}/{picture}/s%05d.m4s",
        }
        outputs.append(ffmpeg.output(opened["v:0"], f"{folder}/{picture}/v.m3u8", **common, **how))
    outputs += [
        ffmpeg.output(opened[f"s:{index}"], f"{folder}/{name}/v.vtt", **{"c:s": "webvtt", "f": "webvtt"}) for name, index in texts.items()
    ]
    command: list[str] = ffmpeg.merge_outputs(*outputs).compile(cmd=start(path))
    return command


def poster(path: str, url: str, target: str, *, at_s: float, width: int, transfer: str, matrix: str) -> list[str]:
    """The most telling keyframe of a few seconds from a moment on, as PNG; tones of an HDR source (`transfer`) are mapped.

    `matrix`: what its colours are, if that has to be said.
    """
    # The keyframe before the moment counts: in those seconds there may be no other. Its time is below zero then, and would be dropped.
    opened = source(url, ss=f"{at_s:.3f}", t=POSTER_READS_S, noaccurate_seek=None, skip_frame="nokey")
    picture = in_colours(opened["v:0"], matrix).filter("thumbnail", 10).filter("scale", width, -2).filter("setpts", 0)
    if transfer:
        picture = tone_mapped(picture, transfer)
    command: list[str] = ffmpeg.output(picture, target, **{"frames:v": 1, "f": "image2", "c:v": "png"}).compile(
        cmd=[path, "-v", "error", "-nostdin", "-y"]
    )
    return command


def samples(path: str, url: str, target: str, *, rate: int) -> list[str]:
    """The first sound track as raw unsigned 8-bit mono of so many samples per second, silence where there is a gap."""
    sound = source(url, fflags="+genpts")["a:0"].filter("aresample", rate, **{"async": 1, "first_pts": 0})
    command: list[str] = ffmpeg.output(sound, target, **{"ac": 1, "f": "u8", "c:a": "pcm_u8"}).compile(cmd=start(path))
    return command


def cores() -> int:
    return len(os.sched_getaffinity(0))
