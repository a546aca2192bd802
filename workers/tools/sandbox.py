"""Children that parse what strangers sent: confined, own session, rlimits, wall clock, bare environment, capped output."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from workers.tools.confine import Access, confinement
from workers.tools.fork_server import Order
from workers.tools.forking import Forked, ForkServer
from workers.tools.limits import Limits, take_on

MAX_STDERR = 16 << 10
# In the folder of a child on a GPU: where CUDA keeps what it compiled. Compiling takes seconds of a core, in every child that finds nothing there.
KERNELS = ".kernels"


class ChildFailed(Exception):
    """The child ended badly; the text is its last words, `said` the end of all it said."""

    def __init__(self, message: str, said: str = "") -> None:
        self.said = said or message
        super().__init__(message)


class ChildTimedOut(ChildFailed):
    """The child took too long and was killed."""


def _environment(access: Access) -> Mapping[str, str]:
    # No credentials, no proxies: only what programs need to start.
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    own = {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1"}
    gpu = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": access.gpu, "CUDA_CACHE_PATH": f"{access.folder}/{KERNELS}"}
    return kept | own | (gpu if access.gpu else {}) | ({"TMPDIR": str(access.folder)} if access.folder else {})


# One per worker process.
_forks = ForkServer(_environment(Access()))


def warm() -> None:
    """What `run_module` needs is there before anyone waits for it. Raises OSError."""
    _forks.warm()


async def start(argv: Sequence[str], limits: Limits, access: Access) -> asyncio.subprocess.Process:
    """Start a limited child with pipes for output and errors, in the folder it may write to."""
    with confinement(access, argv[0]) as confined:
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=access.folder or "/",
            env=_environment(access),
            preexec_fn=partial(take_on, limits, os.getpid(), confined, is_on_gpu=bool(access.gpu)),
        )


async def kill(process: asyncio.subprocess.Process | Forked) -> None:
    """End the child and all it started."""
    if process.returncode is None and process.pid:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def read_capped(stream: asyncio.StreamReader | None, most: int) -> bytes:
    """The last `most` bytes of a stream; all of it is read, so that the child never blocks."""
    kept = b""
    while stream is not None and (chunk := await stream.read(65_536)):
        kept = (kept + chunk)[-most:]
    return kept


async def run(argv: Sequence[str], limits: Limits, access: Access) -> bytes:
    """Run a program to its end; returns standard output. Raises ChildFailed, ChildTimedOut."""
    return await _output_of(await start(argv, limits, access), limits)


async def run_module(module: str, arguments: Sequence[str], limits: Limits, access: Access) -> bytes:
    """Run one of our own modules as a program: as `run`, without the time that Python takes to start. Not for GPUs.

    Raises as `run`, and OSError, TimeoutError or ValueError where no child could be started.
    """
    folder = str(access.folder) if access.folder is not None else None
    order = Order(module, list(arguments), limits, folder)
    with confinement(access, sys.executable) as confined:
        child = await _forks.start(order, confined.ruleset)
    try:
        return await _output_of(child, limits)
    finally:
        child.close()


async def _output_of(process: asyncio.subprocess.Process | Forked, limits: Limits) -> bytes:
    try:
        async with asyncio.timeout(limits.wall_s):
            output, errors, status = await asyncio.gather(
                read_capped(process.stdout, limits.output_bytes), read_capped(process.stderr, MAX_STDERR), process.wait()
            )
    except TimeoutError as error:
        message = f"took longer than {limits.wall_s:.0f} s"
        raise ChildTimedOut(message) from error
    finally:
        await kill(process)
    if status != 0:
        raise failure(errors, status)
    return output


def failure(errors: bytes, status: int | None) -> ChildFailed:
    """From the end of what a child said on stderr, or how it died."""
    said = errors.decode("utf-8", "replace")
    lines = [line for line in said.splitlines() if line.strip()]
    if lines:
        return ChildFailed(lines[-1][:500], said)
    return ChildFailed(f"killed by signal {-status}" if status is not None and status < 0 else f"status {status}")
