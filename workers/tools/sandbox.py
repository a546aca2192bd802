"""Children that parse what strangers sent: confined, own session, rlimits, wall clock, bare environment, capped output."""

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workers.tools.confine import Access, Confinement, confinement

PR_SET_PDEATHSIG = 1
MAX_STDERR = 16 << 10
_libc = ctypes.CDLL(None)


class ChildFailed(Exception):
    """The child ended badly; the text is its last words, `said` the end of all it said."""

    def __init__(self, message: str, said: str = "") -> None:
        self.said = said or message
        super().__init__(message)


class ChildTimedOut(ChildFailed):
    """The child took too long and was killed."""


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


def _environment(access: Access) -> Mapping[str, str]:
    # No credentials, no proxies: only what programs need to start.
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    own = {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1"}
    gpu = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": access.gpu} if access.gpu else {}
    return kept | own | gpu | ({"TMPDIR": str(access.folder)} if access.folder else {})


def _setup(limits: Limits, access: Access, parent: int, confined: Confinement) -> Callable[[], None]:
    def setup() -> None:
        os.setsid()
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.nice(limits.nice)
        # Each child has a session, and Linux shares the cores between sessions first: their group must be as nice.
        with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as group:  # noqa: PTH123  in a forked child, as little as possible
            group.write(str(limits.nice))
        if not access.gpu:
            resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 5))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (limits.files, limits.files))
        if os.getppid() != parent:
            os._exit(1)
        confined.enter()

    return setup


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
            preexec_fn=_setup(limits, access, os.getpid(), confined),
        )


async def kill(process: asyncio.subprocess.Process) -> None:
    """End the child and all it started."""
    if process.returncode is None:
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
    """Run to the end; returns standard output. Raises ChildFailed, ChildTimedOut."""
    process = await start(argv, limits, access)
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
