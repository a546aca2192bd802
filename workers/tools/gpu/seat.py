"""A worker's GPU: what it was proven to do, how many jobs at once, which child works there for which job, and what CUDA compiled for it."""

import asyncio
import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from workers.tools.ffmpeg_chunk import CPU, FULL, HYBRID
from workers.tools.gpu import nvml, proof
from workers.tools.gpu.nvml import Device, NoGpu
from workers.tools.sandbox import KERNELS

JOB_BYTES = 700 << 20
JOBS_PER_ENCODER = 2
_ORDER = (CPU, HYBRID, FULL)
# NVENC engines on a chip where there are several, by what a name contains (NVIDIA's support matrix).
_ENCODERS = {"L40": 3, "L4": 2}


class Seat:
    """`mode` is `cpu` until `prove` has found a better one; `proofs` counts how often it was tried."""

    def __init__(self, device: Device, lock: IO[str] | None, ffmpeg: str, scratch: Path, cores: int, slots: int) -> None:
        self.device = device
        self._lock = lock
        self.mode = CPU
        self.reason = "It has not been tried yet."
        self.decodes: tuple[str, ...] = ()
        self._best = CPU
        self._ffmpeg, self._scratch, self._cores, self._configured = ffmpeg, scratch, cores, slots
        self.proofs = 0
        self._lost = 0
        self._jobs: dict[int, str] = {}
        self._proving = asyncio.Lock()
        self._kernels = scratch / "kernels"

    @property
    def slots(self) -> int:
        """Jobs at once; fewer by each time that all encoder sessions were taken, until the next proof."""
        if self.mode == CPU:
            return 0
        return max(1, (self._configured or self.most_slots()) - self._lost)

    def most_slots(self) -> int:
        """By memory and encoders where it encodes, else by the cores that do."""
        if self.mode != FULL:
            return max(2, self._cores // 2)
        engines = next((count for name, count in _ENCODERS.items() if name in self.device.name), 1)
        return max(1, min(engines * JOBS_PER_ENCODER, self.device.memory_bytes // JOB_BYTES))

    @property
    def has_lost(self) -> bool:
        """Whether it did more once than it was last proven to do."""
        return _ORDER.index(self.mode) < _ORDER.index(self._best)

    def lend_kernels(self, folder: Path) -> None:
        """Into a child's folder: a copy of its own, because children have strangers' films in their hands. Blocks."""
        if self._kernels.exists():
            shutil.copytree(self._kernels, folder / KERNELS)

    async def prove(self) -> None:
        """Try it now. Whatever goes wrong is a reason not to use it."""
        async with self._proving:
            self._scratch.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
                try:
                    self.lend_kernels(Path(folder))
                    found = await proof.prove(self._ffmpeg, self.device.uuid, Path(folder))
                except Exception as error:
                    found = proof.Proof(CPU, f"It could not be tried: {error}")
                made = Path(folder) / KERNELS
                if found.decodes and made.exists() and not self._kernels.exists():
                    made.rename(self._kernels)
            self.mode, self.reason, self.decodes, self._lost = found.mode, found.reason, found.decodes, 0
            self._best = max(self._best, self.mode, key=_ORDER.index)
            self.proofs += 1

    def lose_slot(self) -> None:
        self._lost += 1

    @contextlib.contextmanager
    def job(self, job_id: str) -> Iterator[Callable[[int], None]]:
        """Yields what to call with the process id of the child that works for a job."""
        pids: list[int] = []

        def begins(pid: int) -> None:
            pids.append(pid)
            self._jobs[pid] = job_id

        try:
            yield begins
        finally:
            for pid in pids:
                self._jobs.pop(pid, None)

    def sample(self) -> dict[str, Any]:
        """What it is doing, with its own jobs told apart. Blocks."""
        figures = nvml.sample(self.device.index)
        by_pid = figures.pop("processes", {})
        return {**figures, "jobs": {job: by_pid[pid] for pid, job in list(self._jobs.items()) if pid in by_pid}} if figures else {}


def take(devices: Sequence[Device], index: int, folder: Path) -> tuple[Device, IO[str]]:
    """The GPU with that index, or (-1) the first one that no other worker here has: ours while the file is open. Raises NoGpu."""
    wanted = [device for device in devices if index in {-1, device.index}]
    for device in wanted:
        lock = (folder / f"stowage-{device.uuid}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        return device, lock
    message = f"GPU {index} is not there, or another worker has it." if index >= 0 else "Other workers of this machine have all its GPUs."
    raise NoGpu(message)
