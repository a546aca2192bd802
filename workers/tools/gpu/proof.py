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
# NVENC has only so many sessions on a machine, and other programs use them too: one of these is a reason to wait.
_BUSY = re.compile(r"OpenEncodeSessionEx failed: (out of memory|incompatible client key)|too many concurrent sessions", re.IGNORECASE)
# Which part of ffmpeg is speaking: [name @ 0x…].
_WHERE = re.compile(r"^(\[[^\]]*\]\s*)+")


@dataclass(frozen=True, slots=True)
class Proof:
    """`mode`: `full` decodes and encodes there, `hybrid` only decodes, `cpu` does neither; `reason` says why it is not more."""

    mode: str
    reason: str


def is_busy(said: str) -> bool:
    """Whether ffmpeg failed for want of an encoder session."""
    return _BUSY.search(said) is not None


def _cause(error: ChildFailed) -> str:
    """What went wrong first; what ffmpeg says after that follows from it."""
    lines = [_WHERE.sub("", line).strip() for line in error.said.splitlines()]
    return next((line for line in lines if line), str(error))[:300]


async def prove(ffmpeg: str, uuid: str, folder: Path) -> Proof:
    """Try both on the device with that UUID; a few seconds."""
    clip = folder / "probe.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=1"]
    quiet = [ffmpeg, "-v", "error", "-nostdin", "-y"]
    access = Access(folder, gpu=uuid)
    await sandbox.run([*quiet, *picture, "-c:v", "libx264", "-pix_fmt", "yuv420p", str(clip)], Limits(), Access(folder))
    decoding = [flag for name, value in DECODING.items() for flag in (f"-{name}", str(value))]
    scaling = "scale_cuda=64:64:format=nv12,hwdownload,format=nv12"
    try:
        await sandbox.run([*quiet, *decoding, "-i", str(clip), "-vf", scaling, "-f", "null", "-"], LIMITS, access)
    except ChildFailed as error:
        return Proof(CPU, f"It does not decode: {_cause(error)}")
    encoding = [flag for name, value in nvenc(50, 1_000).items() for flag in (f"-{name}", str(value))]
    try:
        await sandbox.run([*quiet, *picture, *encoding, "-f", "null", "-"], LIMITS, access)
    except ChildFailed as error:
        return Proof(HYBRID, f"It decodes but does not encode: {_cause(error)}")
    return Proof(FULL, "")
