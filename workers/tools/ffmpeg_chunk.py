"""The command line of one chunk, by mode. Pure.

`full` decodes and encodes on a GPU (NVDEC, NVENC), `hybrid` decodes and scales there and encodes with x264, `cpu` needs none. Children see
one GPU, whose number is 0. Chunks of one rendition are all made in one mode: encoders' headers differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import ffmpeg

from workers.tools.ffmpeg import COLOURS, HLS, OWN_TIMES, in_colours, source, start, tone_mapped
from workers.tools.ffmpeg_sound import SoundCut, cut_sound

FULL, HYBRID, CPU = "full", "hybrid", "cpu"
PRESET = "veryfast"
_X264 = f"x264-{PRESET}-crf23"
# What a plan calls its encoder: the mode before a colon, where it is not the CPU's.
ENCODERS: Mapping[str, str] = {FULL: f"{FULL}:nvenc-p4-cq23", HYBRID: f"{HYBRID}:{_X264}", CPU: _X264}
# Frames stay in the GPU's memory: without the output format a failing decoder would be replaced by the CPU's, unsaid.
DECODING: Mapping[str, object] = {
    "hwaccel": "cuda",
    "hwaccel_device": 0,
    "hwaccel_output_format": "cuda",
    "extra_hw_frames": 8,
    "threads": 1,
}


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


@dataclass(frozen=True, slots=True)
class Cut:
    """Which frames of the grid: `first`..`first + frames - 1`, with an IDR every `gop` and a segment every `segment` of them."""

    rate: Fraction
    first: int
    frames: int
    gop: int
    segment: int


def nvenc(gop_frames: int, kbits: int) -> dict[str, object]:
    """Options of the GPU's H.264 encoder: closed GOPs of a fixed length."""
    return {
        "c:v": "h264_nvenc",
        "gpu": 0,
        "preset": "p4",
        "tune": "hq",
        "rc": "vbr",
        "cq": 23,
        **_rates(kbits),
        "profile:v": "high",
        "g": gop_frames,
        "bf": 2,
        "forced-idr": 1,
        "no-scenecut": 1,
        "strict_gop": 1,
    }


def _x264(gop_frames: int, kbits: int, threads: int) -> dict[str, object]:
    return {
        "c:v": "libx264",
        "preset": PRESET,
        "profile:v": "high",
        "crf": 23,
        **_rates(kbits),
        "pix_fmt": "yuv420p",
        "threads": threads,
        "x264-params": f"scenecut=0:open_gop=0:keyint={gop_frames}:min-keyint={gop_frames}:stitchable=1",
    }


def _rates(kbits: int) -> dict[str, object]:
    return {"maxrate": f"{kbits}k", "bufsize": f"{kbits * 2}k"}


def video_chunk(
    path: str,
    url: str,
    folder: str,
    *,
    mode: str,
    cut: Cut,
    sizes: Sequence[Size],
    stills: Stills | None,
    sounds: Mapping[str, SoundCut],
    is_interlaced: bool,
    transfer: str,
    matrix: str,
    seek_s: float,
    threads: int,
) -> list[str]:
    """All rungs of one chunk in one process: decode once, scale and encode each; `stills` go to `board.jpg`, `sounds` to folders so named.

    `seek_s` is where reading begins; `transfer` is that of an HDR source (`smpte2084`, `arib-std-b67`), whose tones are mapped to BT.709;
    `matrix` that of one whose colours are kept. Interlaced and HDR sources are for the mode `cpu`.
    """
    begins = Fraction(cut.first) / cut.rate
    # Seeking to 0 would still cut a stream that starts a little before it.
    seeking = {"ss": f"{seek_s:.6f}"} if seek_s > 0 else {}
    opened = source(url, **(DECODING if mode != CPU else {}), **seeking)
    picture = opened["v:0"]
    picture = in_colours(picture, matrix)
    if is_interlaced:
        picture = picture.filter("bwdif", mode="send_frame")
    rate = f"{cut.rate.numerator}/{cut.rate.denominator}"
    picture = picture.filter("fps", fps=rate, start_time=f"{float(begins):.9f}", round="near")
    # Where frames are counted only behind the encoders, seconds more are read and decoded before they have caught up.
    picture = picture.filter("trim", end_frame=cut.frames)
    if transfer:
        # Scaled first, to the largest rung: mapping costs by the pixel.
        picture = picture.filter("scale", sizes[0].width, sizes[0].height)
        picture = tone_mapped(picture, transfer)
    copies = picture.filter_multi_output("split", len(sizes) + (stills is not None))
    outputs = [_rendition(copies[number], folder, size, mode, cut, matrix, threads) for number, size in enumerate(sizes)]
    if stills is not None:
        outputs.append(_sheet(copies[len(sizes)], folder, stills, mode))
    outputs += [cut_sound(opened, sound, folder, name, _muxer(cut)) for name, sound in sounds.items()]
    command: list[str] = ffmpeg.merge_outputs(*outputs).compile(cmd=start(path))
    return command


def _scaled(picture: ffmpeg.nodes.Stream, width: int, height: int, mode: str, *, is_fetched: bool) -> ffmpeg.nodes.Stream:
    """On the GPU where the frames are, and from there into main memory where the next one works on the CPU."""
    if mode == CPU:
        return picture.filter("scale", width, height)
    picture = picture.filter("scale_cuda", width, height, format="nv12")
    return picture.filter("hwdownload").filter("format", "nv12") if is_fetched else picture


def _sheet(picture: ffmpeg.nodes.Stream, folder: str, stills: Stills, mode: str) -> ffmpeg.nodes.Stream:
    sheet = picture.filter("select", f"not(mod(n,{stills.every_frames}))")
    sheet = _scaled(sheet, stills.width, stills.height, mode, is_fetched=True)
    return ffmpeg.output(
        sheet.filter("setsar", 1).filter("tile", f"{stills.columns}x{stills.rows}"),
        f"{folder}/board.jpg",
        **{"f": "image2", "update": 1, "frames:v": 1, "c:v": "mjpeg", "q:v": 5, "pix_fmt": "yuvj420p", "map_metadata": -1},
    )


def _muxer(cut: Cut) -> dict[str, object]:
    return {
        **HLS,
        "hls_time": f"{float(cut.segment / cut.rate):.9f}",
        "hls_flags": "independent_segments",
        "hls_segment_options": OWN_TIMES,
        "start_number": cut.first // cut.segment,
    }


def _rendition(
    picture: ffmpeg.nodes.Stream, folder: str, size: Size, mode: str, cut: Cut, matrix: str, threads: int
) -> ffmpeg.nodes.Stream:
    primaries, transfer = COLOURS[matrix or "bt709"]
    return ffmpeg.output(
        _scaled(picture, size.width, size.height, mode, is_fetched=mode == HYBRID).filter("setsar", 1),
        f"{folder}/{size.name}/v.m3u8",
        **_muxer(cut),
        **{"frames:v": cut.frames},
        **(nvenc(cut.gop, size.kbits) if mode == FULL else _x264(cut.gop, size.kbits, threads)),
        colorspace=matrix or "bt709",
        color_primaries=primaries,
        color_trc=transfer,
        map_metadata=-1,
        hls_segment_filename=f"{folder}/{size.name}/s%05d.m4s",
    )
