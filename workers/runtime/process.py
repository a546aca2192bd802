"""What background processes share: settings, logging, signals, saying that they are ready."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

from service.core import logs
from service.core.settings import Settings, load


def begin() -> Settings:
    """Settings from the environment; logging set up."""
    settings = load(os.environ)
    logs.configure(settings.server.log_level, settings.server.logs_dir if settings.server.logs_dir.is_dir() else None)
    return settings


def be_nice(nice: int) -> None:
    """Let others go first. Linux shares the cores between sessions before it looks at processes, so ours has to be as nice."""
    os.nice(nice)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(nice))


def stop_event() -> asyncio.Event:
    """Set on SIGTERM or SIGINT."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, event.set)
    return event


def say_ready() -> None:
    if path := os.environ.get("STOWAGE_READY_FILE"):
        Path(path).write_text(str(os.getpid()))


async def pause(event: asyncio.Event, seconds: float) -> None:
    """Sleep, but wake at once when `event` is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
