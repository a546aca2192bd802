"""`stowage up`: stores in parallel, set-up, then the product's processes; one supervisor per data directory."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from infra.embedded.layout import Layout, StackError, write_private
from infra.embedded.process import Child
from infra.embedded.stack import Stack, build

WRITE_STATUS_EVERY_S = 1.0
SETUP_TIMEOUT_S = 180

Say = Callable[[str], None]


class Supervisor:
    """Runs one Stack until it is told to stop."""

    def __init__(self, stack: Stack, say: Say) -> None:
        self._stack = stack
        self._say = say
        self._began = time.monotonic()
        self._state = "starting"
        self._stores = [Child(spec, stack.layout.logs, say) for spec in stack.stores]
        self._apps = [Child(spec, stack.layout.logs, say) for spec in stack.apps]
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Start, watch, stop in order. Raises StackError if the start fails."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)
        status = asyncio.create_task(self._write_status())
        watches: list[asyncio.Task[None]] = []
        try:
            await self._start(self._stores)
            watches += [asyncio.create_task(child.watch()) for child in self._stores]
            await self._set_up()
            await self._start(self._apps)
            watches += [asyncio.create_task(child.watch()) for child in self._apps]
            self._state = "ready"
            self._greet()
            await self._stop.wait()
            self._say("stopping")
        finally:
            self._state = "stopping"
            await asyncio.gather(*(child.stop() for child in self._apps))
            await asyncio.gather(*(child.stop() for child in self._stores))
            for task in [*watches, status]:
                task.cancel()
            self._state = "stopped"
            self._save()

    async def _start(self, children: list[Child]) -> None:
        async def one(child: Child) -> None:
            seconds = await child.start()
            self._say(f"{child.spec.name} is ready ({seconds:.1f} s)")

        await asyncio.gather(*(one(child) for child in children))

    async def _set_up(self) -> None:
        """Buckets, identities, migrations, the administrator: all idempotent."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "service.cli.main",
            "setup",
            env=self._stack.env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), SETUP_TIMEOUT_S)
        except TimeoutError as error:
            process.kill()
            message = f"Set-up took longer than {SETUP_TIMEOUT_S} s."
            raise StackError(message) from error
        if process.returncode:
            (self._stack.layout.logs / "setup.log").write_bytes(output)
            last = output.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            message = f"Set-up failed: {last[0][:400]} (more in {self._stack.layout.logs / 'setup.log'})"
            raise StackError(message)
        self._say("database and buckets are set up")

    def _greet(self) -> None:
        stack = self._stack
        password = stack.layout.secret("admin_password")
        user = stack.env.get("STOWAGE_ADMIN_USER", "admin")
        self._say(f"ready in {time.monotonic() - self._began:.1f} s (store: {stack.store}, data: {stack.layout.root})")
        sys.stdout.write(
            f"\n  Stowage   {stack.url}\n  API       {stack.url}/api/v1/docs\n  user      {user}\n  password  {password}\n\n  `stowage status` shows its processes; Ctrl-C or `stowage down` stops it.\n\n"
        )
        sys.stdout.flush()

    def _save(self) -> None:
        stack = self._stack
        processes = [
            {"name": child.spec.name, "pid": child.pid, "health": child.health, "restarts": child.restarts, "rss_bytes": child.rss_bytes()}
            for child in [*self._stores, *self._apps]
        ]
        status = {
            "state": self._state,
            "pid": os.getpid(),
            "api_url": f"{stack.url}/api/v1",
            "ui_url": stack.url,
            "store": stack.store,
            "data_dir": str(stack.layout.root),
            "admin_user": stack.env.get("STOWAGE_ADMIN_USER", "admin"),
            "admin_password_file": str(stack.layout.secret_file("admin_password")),
            "processes": processes,
        }
        with contextlib.suppress(OSError):
            write_private(stack.layout.status_file, json.dumps(status))

    async def _write_status(self) -> None:
        ticks = 0
        while True:
            self._save()
            ticks += 1
            if ticks % 30 == 0:
                for child in [*self._stores, *self._apps]:
                    child.rotate_log()
            await asyncio.sleep(WRITE_STATUS_EVERY_S)


def run(data_dir: Path) -> int:
    """Foreground `stowage up`. Returns the exit status."""
    began = time.monotonic()

    def say(text: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - began:6.1f} s] {text}\n")
        sys.stdout.flush()

    try:
        layout = Layout(data_dir.resolve())
        layout.prepare()
        with layout.lock():
            asyncio.run(Supervisor(build(data_dir, os.environ), say).run())
    except StackError as error:
        sys.stderr.write(f"stowage: {error}\n")
        return 1
    except ExceptionGroup as group:
        sys.stderr.write(f"stowage: {group.exceptions[0]}\n")
        return 1
    say("stopped")
    return 0
