"""What a child may use, and how it takes on its limits: the last steps before it runs what it was started for."""

import contextlib
import ctypes
import os
import resource
import signal
from dataclasses import dataclass

from workers.tools.confine import Confinement

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes and seconds; `nice` lets the service go first. A child on a GPU has no limit of memory: CUDA maps more than there is."""

    memory_bytes: int = 2 << 30
    cpu_s: int = 600
    wall_s: float = 120
    output_bytes: int = 4 << 20
    file_bytes: int = 4 << 30
    files: int = 256
    nice: int = 5


def end_with_parent() -> None:
    """Of the calling process: it is killed when the thread that started it ends."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def take_on(limits: Limits, parent: int, confined: Confinement, *, is_on_gpu: bool = False) -> None:
    """In a forked child of `parent`: own session, limits, confinement. No way back."""
    os.setsid()
    end_with_parent()
    os.nice(limits.nice)
    # Each child has a session, and Linux shares the cores between sessions first: their group must be as nice.
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as group:  # noqa: PTH123  in a forked child, as little as possible
        group.write(str(limits.nice))
    if not is_on_gpu:
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits.files, limits.files))
    if os.getppid() != parent:
        os._exit(1)
    confined.enter()
