"""What a GPU can be used for, proven by ffmpeg itself, confined as its jobs are. What a build lists as its encoders proves nothing."""

import re
from dataclasses import dataclass
from pathlib import Path

from workers.tools import sandbox
from workers.tools.confine import Access
from workers.tools.ffmpeg_chunk import CPU, DECODING, FULL, HYBRID, nvenc
from workers.tools.limits import Limits
from workers.tools.sandbox import ChildFailed

LIMITS = Limits(cpu_s=60, wall_s=60)
_PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=0.4")
# NVENC has only so many sessions on a machine, and other programs use them too: one of these is a reason to wait.
_BUSY = re.compile(r"OpenEncodeSessionEx failed: (out of memory|incompatible client key)|too many concurrent sessions", re.IGNORECASE)
# Which part of ffmpeg is speaking: [name @ 0x…].
_WHERE = re.compile(r"^(\[[^\]]*\]\s*)+")


# A short clip of each codec that GPUs decode; with ten bits where some do that.
_CLIPS = {
    "h264": ("libx264", "yuv420p"),
    "hevc": ("libx265", "yuv420p"),
    "hevc-10": ("libx265", "yuv420p10le"),
    "vp8": ("libvpx", "yuv420p"),
    "vp9": ("libvpx-vp9", "yuv420p"),
    "vp9-10": ("libvpx-vp9", "yuv420p10le"),
    "av1": ("libsvtav1", "yuv420p"),
    "av1-10": ("libsvtav1", "yuv420p10le"),
    "mpeg2video": ("mpeg2video", "yuv420p"),
    "mpeg4": ("mpeg4", "yuv420p"),
}
CODECS = tuple(_CLIPS)


@dataclass(frozen=True, slots=True)
class Proof:
    """`mode`: `full` decodes and encodes there, `hybrid` only decodes, `cpu` does neither; `reason` says why it is not more; `decodes`
    which of CODECS.
    """

    mode: str
    reason: str
    decodes: tuple[str, ...] = ()


def is_busy(said: str) -> bool:
    """Whether ffmpeg failed for want of an encoder session."""
    return _BUSY.search(said) is not None


def _cause(error: ChildFailed) -> str:
    """What went wrong first; what ffmpeg says after that follows from it."""
    lines = [_WHERE.sub("", line).strip() for line in error.said.splitlines()]
    return next((line for line in lines if line), str(error))[:300]


async def _decodes(ffmpeg: str, codec: str, access: Access) -> str:
    """Why it does not decode a codec; empty where it does."""
    encoder, pixels = _CLIPS[codec]
    clip = f"{access.folder}/{codec}.mkv"
    quiet = [ffmpeg, "-v", "error", "-nostdin", "-y"]
    decoding = [flag for name, value in DECODING.items() for flag in (f"-{name}", str(value))]
    scaling = "scale_cuda=64:64:format=nv12,hwdownload,format=nv12"
    try:
        await sandbox.run([*quiet, *_PICTURE, "-c:v", encoder, "-pix_fmt", pixels, clip], LIMITS, Access(access.folder))
        await sandbox.run([*quiet, *decoding, "-i", clip, "-vf", scaling, "-f", "null", "-"], LIMITS, access)
    except ChildFailed as error:
        return _cause(error)
    return ""


async def prove(ffmpeg: str, uuid: str, folder: Path) -> Proof:
    """Try all of it on the device with that UUID; some seconds. What CUDA compiled for it stays in the folder's `KERNELS`."""
    access = Access(folder, gpu=uuid)
    lacks = {codec: await _decodes(ffmpeg, codec, access) for codec in CODECS}
    decodes = tuple(codec for codec, reason in lacks.items() if not reason)
    if not decodes:
        return Proof(CPU, f"It does not decode: {lacks[CODECS[0]]}")
    encoding = [flag for name, value in nvenc(50, 1_000).items() for flag in (f"-{name}", str(value))]
    try:
        await sandbox.run([ffmpeg, "-v", "error", "-nostdin", *_PICTURE, *encoding, "-f", "null", "-"], LIMITS, access)
    except ChildFailed as error:
        return Proof(HYBRID, f"It decodes but does not encode: {_cause(error)}", decodes)
    return Proof(FULL, "", decodes)
