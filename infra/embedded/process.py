"""One supervised child: started, proven ready, restarted with backoff, stopped in order, dead when we die."""

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import time
import urllib.request
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from infra.embedded.layout import StackError

PR_SET_PDEATHSIG = 1
READY_TIMEOUT_S = 60.0
LOOK_EVERY_S = 0.03
FIRST_BACKOFF_S = 0.1
LONGEST_BACKOFF_S = 20.0
STEADY_AFTER_S = 5.0
MAX_LOG_BYTES = 20 << 20

_libc = ctypes.CDLL(None, use_errno=True)

Ready = Callable[[], Awaitable[bool]]
Announce = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Spec:
    """How to run a child. `argv` holds no secret; `death_signal` is what it gets when the supervisor dies."""

    name: str
    argv: Sequence[str]
    ready: Ready
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    stop_after_s: float = 20.0
    pass_fds: tuple[int, ...] = ()


def answers(url: str) -> Ready:
    """A probe that is true once a loopback URL answers 200."""

    def ask() -> bool:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  loopback
            return int(answer.status) == HTTPStatus.OK

    async def ready() -> bool:
        return await asyncio.to_thread(ask)

    return ready


def child_setup(parent: int, death_signal: int) -> Callable[[], None]:
    """For `preexec_fn`: a session of its own, and an end when `parent` ends."""

    def setup() -> None:
        os.setsid()
        _libc.prctl(PR_SET_PDEATHSIG, death_signal)
        # The parent may have died before prctl: nobody would tell us then.
        if os.getppid() != parent:
            os._exit(1)

    return setup


class Child:
    """A running Spec."""

    def __init__(self, spec: Spec, logs: Path, announce: Announce) -> None:
        self.spec = spec
        self.restarts = 0
        self.health = "stopped"
        self._log = logs / f"{spec.name}.log"
        self._announce = announce
        self._process: asyncio.subprocess.Process | None = None
        self._is_stopping: bool = False
        self._backoff_s = FIRST_BACKOFF_S
        self._started_at = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> float:
        """Start and wait until ready; returns the seconds it took. Raises StackError."""
        began = time.monotonic()
        self.health = "starting"
        await self._spawn()
        while not await self._is_ready():
            if self._process is not None and self._process.returncode is not None:
                message = f"{self.spec.name} ended at once with status {self._process.returncode}: {self._last_words()}"
                raise StackError(message)
            if time.monotonic() - began > READY_TIMEOUT_S:
                message = f"{self.spec.name} was not ready within {READY_TIMEOUT_S:.0f} s: {self._last_words()}"
                raise StackError(message)
            await asyncio.sleep(LOOK_EVERY_S)
        self.health = "ready"
        return time.monotonic() - began

    async def _spawn(self) -> None:
        self._started_at = time.monotonic()
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.spec.argv,
                env=dict(self.spec.env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self.spec.pass_fds,
                preexec_fn=child_setup(os.getpid(), self.spec.death_signal),
            )

    async def _is_ready(self) -> bool:
        try:
            async with asyncio.timeout(3):
                return await self.spec.ready()
        except Exception:
            return False

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = [line for line in self._log.read_text(encoding="utf-8", errors="replace")[-4_000:].splitlines() if line.strip()]
            return f"{lines[-1][:300] if lines else 'it said nothing'} (more in {self._log})"
        return "it said nothing"

    async def watch(self) -> None:
        """Restart whenever it dies, until stopped."""
        while True:
            if self._process is not None:
                status = await self._process.wait()
                if self._is_stopping:
                    return
                self.health = "restarting"
                is_steady = time.monotonic() - self._started_at > STEADY_AFTER_S
                self._backoff_s = FIRST_BACKOFF_S if is_steady else min(self._backoff_s * 2, LONGEST_BACKOFF_S)
                self._announce(f"{self.spec.name} died (status {status}); starting it again in {self._backoff_s:.1f} s")
            self._kill_group()
            await asyncio.sleep(self._backoff_s)
            if self._is_stopping:
                return
            self.restarts += 1
            try:
                await self.start()
            except (StackError, OSError) as error:
                self.health = "failing"
                self._announce(str(error))
                self._kill_group()

    def _kill_group(self) -> None:
        """What a dead child left running must not keep its port or its files."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def stop(self) -> None:
        self._is_stopping = True
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(self.spec.stop_signal)
            try:
                await asyncio.wait_for(process.wait(), self.spec.stop_after_s)
            except TimeoutError:
                self._announce(f"{self.spec.name} did not stop in {self.spec.stop_after_s:.0f} s and was killed")
                self._kill_group()
                await process.wait()
        self._kill_group()
        self.health = "stopped"

    def rotate_log(self) -> None:
        """Copy and truncate: the child keeps its descriptor, opened for appending."""
        with contextlib.suppress(OSError):
            if self._log.stat().st_size > MAX_LOG_BYTES:
                shutil.copyfile(self._log, self._log.with_suffix(".log.1"))
                os.truncate(self._log, 0)

    def rss_bytes(self) -> int:
        """Resident memory of the child alone; 0 where it does not run."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return 0
