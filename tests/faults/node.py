"""One more API process of a running stack, made to die: `python -m tests.faults.node` serves it, `Node` drives it.

Failpoints are not written into the product. Every unit of work of the database and every call to the store that the uploads slice
makes is an I/O step; its name is who made it, what it was, and when: before it, after it, and for a transaction `inside`, with
all statements run and nothing committed. So there is one between any two I/O steps, also of code that is written tomorrow.
The server is forked from a process that has the whole application built: it is back a moment after each death.
"""

import contextlib
import datetime as dt
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path

import httpx

from tests.harness import ROOT, free_port, wait_until

STORE_CALLS = ("head", "put", "delete", "create_multipart", "put_part", "copy_part", "complete_multipart", "abort_multipart", "list_parts")
UNITS = ("read", "statement", "write")


class Trap:
    """Kills this process when it comes to one of the failpoints that the file names; notes every failpoint it passes."""

    def __init__(self, folder: Path) -> None:
        self._armed, self._seen = folder / "armed", folder / "seen"
        self._fired = folder / "fired"
        self._known: set[str] = set()

    def hit(self, operation: str, when: str) -> None:
        name = f"{caller()}:{operation}:{when}"
        if not name.startswith("service.uploads."):
            return
        if name not in self._known:
            self._known.add(name)
            with self._seen.open("a") as seen:
                seen.write(f"{name}\n")
        with contextlib.suppress(OSError):
            if name in self._armed.read_text().splitlines():
                self._armed.unlink()
                with self._fired.open("a") as fired:
                    fired.write(f"{name}\n")
                os.kill(os.getpid(), signal.SIGKILL)


def caller() -> str:
    """The nearest function of the product that is neither the database's nor the store's own."""
    frame = sys._getframe(2)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("service.") and not module.startswith(("service.core.db", "service.storage")):
            return f"{module}.{frame.f_code.co_qualname}"
        frame = frame.f_back
    return ""


def set_traps(trap: Trap) -> None:
    from service.core.db import Database
    from service.storage.s3 import S3Store

    def unit_of_work(name: str, original):
        @contextlib.asynccontextmanager
        async def guarded(self):
            trap.hit(name, "before")
            async with original(self) as session:
                yield session
                if name == "write":
                    trap.hit(name, "inside")
            trap.hit(name, "after")

        return guarded

    def call(name: str, original):
        @functools.wraps(original)
        async def guarded(*args, **kwargs):
            trap.hit(name, "before")
            result = await original(*args, **kwargs)
            trap.hit(name, "after")
            return result

        return guarded

    for name in UNITS:
        setattr(Database, name, unit_of_work(name, getattr(Database, name)))
    for name in STORE_CALLS:
        setattr(S3Store, name, call(name, getattr(S3Store, name)))


def _utc(seconds: float, *, naive: bool) -> dt.datetime:
    found = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return found.replace(tzinfo=None) if naive else found


def skew_clock(folder: Path) -> None:
    """This process's clock is off by the seconds that the file `clock` names, from the moment it does."""
    import botocore.auth
    import botocore.endpoint

    real = time.time

    def skewed() -> float:
        with contextlib.suppress(OSError, ValueError):
            return real() + float((folder / "clock").read_text())
        return real()

    time.time = skewed
    time.time_ns = lambda: int(skewed() * 1e9)
    for module in (botocore.auth, botocore.endpoint):
        module.get_current_datetime = lambda remove_tzinfo=True: _utc(skewed(), naive=remove_tzinfo)


def main() -> None:
    """Fork, serve, and fork again whenever the server was killed."""
    from service.app import serve

    folder = Path(os.environ["FAULTS_DIR"])
    skew_clock(folder)
    set_traps(Trap(folder))
    app = serve.create_app()
    serve.create_app = lambda: app
    child = 0

    def stop(*_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    while True:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            serve.main()
            os._exit(0)
        (folder / "pid").write_text(str(child))
        os.waitpid(child, 0)


class Node:
    """An API process of `stack`, with settings of its own where `overrides` has some."""

    def __init__(self, stack, folder: Path, **overrides: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self.port = folder, free_port()
        environment = stack.settings_env() | {"STOWAGE_PORT": str(self.port), "STOWAGE_HOST": "127.0.0.1", "FAULTS_DIR": str(folder)}
        environment["STOWAGE_DATA_DIR"] = str(folder)
        environment["STOWAGE_NODE"] = folder.name
        environment.pop("STOWAGE_LISTEN_FD", None)
        for name, value in overrides.items():
            environment[name] = value
            environment.pop(f"{name}_FILE", None)
        with (folder / "node.log").open("ab") as log:
            self._process = subprocess.Popen([sys.executable, "-m", "tests.faults.node"], env=environment, cwd=ROOT, stdout=log, stderr=log)
        self.base = f"http://127.0.0.1:{self.port}"
        self.wait()

    def wait(self) -> None:
        """Until it answers."""

        def answers() -> bool:
            assert self._process.poll() is None, self.log()[-2000:]
            with contextlib.suppress(httpx.HTTPError):
                return httpx.get(f"{self.base}/healthz", timeout=2).status_code == 200
            return False

        wait_until(answers, 30, 0.05, "the node's start")

    def log(self) -> str:
        return (self._folder / "node.log").read_text()

    def arm(self, names: Collection[str]) -> None:
        (self._folder / "armed.new").write_text("\n".join(names))
        (self._folder / "armed.new").rename(self._folder / "armed")

    @property
    def is_armed(self) -> bool:
        return (self._folder / "armed").exists()

    def disarm(self) -> None:
        (self._folder / "armed").unlink(missing_ok=True)

    def kill(self) -> None:
        """The server, now; another is forked at once."""
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((self._folder / "pid").read_text()), signal.SIGKILL)

    def set_clock(self, off_by_s: float) -> None:
        (self._folder / "clock").write_text(str(off_by_s))

    def seen(self) -> set[str]:
        return set(self._lines("seen"))

    def fired(self) -> list[str]:
        """Failpoints it died at, one a death."""
        return self._lines("fired")

    def _lines(self, name: str) -> list[str]:
        path = self._folder / name
        return path.read_text().splitlines() if path.exists() else []

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)

    def bugs(self) -> list[str]:
        """Log lines of errors that nobody foresaw."""
        return [line for line in self.log().splitlines() if "unexpected error" in line]


if __name__ == "__main__":
    main()
