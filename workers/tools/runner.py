"""Runs ffmpeg: progress as it goes, a watchdog for silence, and its last words when it fails."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from workers.tools import sandbox
from workers.tools.confine import Access
from workers.tools.limits import Limits
from workers.tools.sandbox import ChildFailed, ChildTimedOut

SILENCE_S = 90.0

OnFrame = Callable[[int], Awaitable[None]]


async def run_ffmpeg(
    argv: Sequence[str],
    limits: Limits,
    access: Access,
    on_progress: OnFrame | None = None,
    on_start: Callable[[int], None] | None = None,
) -> None:
    """Run to the end. `on_progress` is given how many frames are written, twice a second; `on_start` the process id.

    Exit status 0 proves nothing about the output: callers verify it. Raises ChildFailed, ChildTimedOut.
    """
    process = await sandbox.start(argv, limits, access)
    if on_start is not None:
        on_start(process.pid)
    errors = asyncio.create_task(sandbox.read_capped(process.stderr, sandbox.MAX_STDERR))
    try:
        async with asyncio.timeout(limits.wall_s):
            await _follow(process, on_progress)
            status = await process.wait()
    except TimeoutError as error:
        message = f"ffmpeg took longer than {limits.wall_s:.0f} s"
        raise ChildTimedOut(message) from error
    finally:
        await sandbox.kill(process)
        said = await errors
    if status != 0:
        raise sandbox.failure(said, status)


async def _follow(process: asyncio.subprocess.Process, on_progress: OnFrame | None) -> None:
    while process.stdout is not None:
        try:
            async with asyncio.timeout(SILENCE_S):
                line = await process.stdout.readline()
        except TimeoutError as error:
            message = f"ffmpeg said nothing for {SILENCE_S:.0f} s"
            raise ChildFailed(message) from error
        if not line:
            return
        name, _, value = line.decode("ascii", "replace").strip().partition("=")
        if on_progress is not None and name == "frame" and value.isdecimal():
            await on_progress(int(value))
