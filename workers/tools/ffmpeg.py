"""ffmpeg command lines, assembled by ffmpeg-python and never run by it. Pure.

The flags are proven ones: chunks of one film stitched without DISCONTINUITY (see docs/reference/media.md).
"""

import functools
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import ffmpeg
import imageio_ffmpeg

FORMATS = "mov,matroska,mpegts,avi,asf,flv,ogg,wav,mp3,aac,flac,mpeg,mxf,aiff,caf,amr"
PROTOCOLS = "http,tcp"
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


# From linear light to BT.709: its primaries, Hable's curve, limited range.
_TONE_MAP: tuple[tuple[str, dict[str, object]], ...] = (
    ("format", {"pix_fmts": "gbrpf32le"}),
    ("zscale", {"p": "bt709"}),
    ("tonemap", {"tonemap": "hable", "desat": 0}),
    ("zscale", {"t": "bt709", "m": "bt709", "r": "tv"}),
    ("format", {"pix_fmts": "yuv420p"}),
)


@dataclass(frozen=True, slots=True)
class Stills:
    """A sheet of stills: pixels of each, frames between two, columns and rows."""

    width: int
    height: int
    every_frames: int
    columns: int
    rows: int


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
    stills: Stills | None,
    is_interlaced: bool,
    transfer: str,
    seek_s: float,
    threads: int,
) -> list[str]:
    """All rungs of one chunk in one process: decode once, scale and encode each; `stills` go to `board.jpg`.

    `seek_s` is where reading begins; `transfer` is that of an HDR source (`smpte2084`, `arib-std-b67`), whose tones are mapped to BT.709.
    """
    start = Fraction(first_frame) / rate
    # Seeking to 0 would still cut a stream that starts a little before it.
    source = _source(url, ss=f"{seek_s:.6f}") if seek_s > 0 else _source(url)
    picture = source["v:0"]
    if is_interlaced:
        picture = picture.filter("bwdif", mode="send_frame")
    picture = picture.filter("fps", fps=f"{rate.numerator}/{rate.denominator}", start_time=f"{float(start):.9f}", round="near")
    if transfer:
        # Scaled first, to the largest rung: mapping costs by the pixel.
        picture = picture.filter("scale", sizes[0].width, sizes[0].height)
        picture = _tone_mapped(picture, transfer)
    copies = picture.filter_multi_output("split", len(sizes) + (stills is not None))
    outputs = [
        _rendition(copies[number], folder, size, rate, first_frame, frames, gop_frames, segment_frames, threads)
        for number, size in enumerate(sizes)
    ]
    if stills is not None:
        # An end of its own: the sheet is finished by what it was given, full or not.
        sheet = copies[len(sizes)].filter("trim", end_frame=frames).filter("select", f"not(mod(n,{stills.every_frames}))")
        sheet = sheet.filter("scale", stills.width, stills.height).filter("setsar", 1).filter("tile", f"{stills.columns}x{stills.rows}")
        outputs.append(
            ffmpeg.output(
                sheet,
                f"{folder}/board.jpg",
                **{"f": "image2", "update": 1, "frames:v": 1, "c:v": "mjpeg", "q:v": 5, "pix_fmt": "yuvj420p", "map_metadata": -1},
            )
        )
    command: list[str] = ffmpeg.merge_outputs(*outputs).compile(cmd=_start(path))
    return command


def _tone_mapped(picture: ffmpeg.nodes.Stream, transfer: str) -> ffmpeg.nodes.Stream:
    for name, options in ((("zscale", {"tin": transfer, "pin": "bt2020", "min": "bt2020nc", "t": "linear", "npl": 100})), *_TONE_MAP):
        picture = picture.filter(name, **options)
    return picture


def _rendition(
    picture: ffmpeg.nodes.Stream,
    folder: str,
    size: Size,
    rate: Fraction,
    first_frame: int,
    frames: int,
    gop_frames: int,
    segment_frames: int,
    threads: int,
) -> ffmpeg.nodes.Stream:
    return ffmpeg.output(
        picture.filter("scale", size.width, size.height).filter("setsar", 1),
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


def read_through(
    path: str,
    url: str,
    folder: str,
    *,
    sounds: Mapping[str, int],
    texts: Mapping[str, int],
    picture: str | None,
    kbits: int,
    segment_s: float,
    is_paced: bool,
) -> list[str]:
    """All that is not cut in chunks, in one pass over the source; folder names lead to positions among streams of their kind.

    Sound: AAC-LC stereo at 48 kHz; `start_sample` drops the encoder's priming, so sound starts with the picture. Texts: `v.vtt`, WebVTT.
    `picture`: the folder that the source's own picture goes to, copied. `is_paced`: read no faster than what waits for chunks needs it.
    """
    source = _source(url, **({"readrate": PACE, "readrate_initial_burst": PACE_BURST_S} if is_paced else {}))
    common = {**_HLS, "map_metadata": -1, "hls_time": f"{segment_s:.9f}", "hls_flags": "temp_file"}
    outputs = []
    for name, index in sounds.items():
        sound = source[f"a:{index}"].filter("aresample", 48_000, **{"async": 1, "first_pts": 0}).filter("atrim", start_sample=1_024)
        how = {
            "c:a": "aac",
            "b:a": f"{kbits}k",
            "ac": 2,
            "hls_segment_options": "movflags=+frag_discont+skip_sidx:use_editlist=0",
            "hls_segment_filename": f"{folder}/{name}/s%05d.m4s",
        }
        outputs.append(ffmpeg.output(sound, f"{folder}/{name}/v.m3u8", **common, **how))
    if picture is not None:
        how = {
            "c:v": "copy",
            "hls_segment_options": "movflags=+frag_discont+negative_cts_offsets+skip_sidx:use_editlist=0",
            "hls_segment_filename": f"{folder}/{picture}/s%05d.m4s",
        }
        outputs.append(ffmpeg.output(source["v:0"], f"{folder}/{picture}/v.m3u8", **common, **how))
    outputs += [
        ffmpeg.output(source[f"s:{index}"], f"{folder}/{name}/v.vtt", **{"c:s": "webvtt", "f": "webvtt"}) for name, index in texts.items()
    ]
    command: list[str] = ffmpeg.merge_outputs(*outputs).compile(cmd=_start(path))
    return command


def poster(path: str, url: str, target: str, *, at_s: float, width: int, transfer: str) -> list[str]:
    """One representative frame near a moment, as PNG; tones of an HDR source (`transfer`) are mapped."""
    picture = _source(url, ss=f"{at_s:.3f}", skip_frame="nokey")["v:0"].filter("thumbnail", 10).filter("scale", width, -2)
    if transfer:
        picture = _tone_mapped(picture, transfer)
    command: list[str] = ffmpeg.output(picture, target, **{"frames:v": 1, "f": "image2", "c:v": "png"}).compile(
        cmd=[path, "-v", "error", "-nostdin", "-y"]
    )
    return command


def samples(path: str, url: str, target: str, *, rate: int) -> list[str]:
    """The first sound track as raw unsigned 8-bit mono of so many samples per second, silence where there is a gap."""
    sound = _source(url, fflags="+genpts")["a:0"].filter("aresample", rate, **{"async": 1, "first_pts": 0})
    command: list[str] = ffmpeg.output(sound, target, **{"ac": 1, "f": "u8", "c:a": "pcm_u8"}).compile(cmd=_start(path))
    return command


def cores() -> int:
    return len(os.sched_getaffinity(0))
