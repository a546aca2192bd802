"""`stowage up --detach`, `down`, `status`, `logs`: speaking to a supervisor through its data directory."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from infra.embedded.layout import Layout

START_TIMEOUT_S = 180
STOP_TIMEOUT_S = 90
TAIL_BYTES = 16_384


def up_detached(data_dir: Path) -> int:
    """Start in the background and return once it is ready (or has failed)."""
    layout = Layout(data_dir.resolve())
    if layout.is_running():
        sys.stderr.write(f"stowage: Stowage is already running on {layout.root}: see `stowage status`, stop it with `stowage down`.\n")
        return 1
    layout.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = layout.logs / "supervisor.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli.main", "up"],
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "STOWAGE_DATA_DIR": str(layout.root)},
        )
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.stderr.write(log.read_text(encoding="utf-8", errors="replace"))
            return 1
        status = layout.status()
        if status.get("pid") == process.pid and status.get("state") == "ready":
            sys.stdout.write(log.read_text(encoding="utf-8", errors="replace"))
            return 0
        time.sleep(0.1)
    sys.stderr.write(f"stowage: not ready within {START_TIMEOUT_S} s; see {log}\n")
    return 1


def down(data_dir: Path) -> int:
    layout = Layout(data_dir.resolve())
    pid = layout.status().get("pid")
    if not layout.is_running() or not isinstance(pid, int):
        sys.stdout.write("Stowage is not running.\n")
        return 0
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while layout.is_running():
        if time.monotonic() > deadline:
            sys.stderr.write(f"stowage: process {pid} did not stop within {STOP_TIMEOUT_S} s.\n")
            return 1
        time.sleep(0.05)
    sys.stdout.write("stopped\n")
    return 0


def status(data_dir: Path, *, as_json: bool) -> int:
    """0 while it is ready, 3 otherwise (as init scripts do)."""
    layout = Layout(data_dir.resolve())
    found = layout.status()
    if not layout.is_running():
        found = {**found, "state": "stopped", "processes": []}
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        sys.stdout.write(f"{found.get('state')}  {found.get('ui_url', '')}  data in {layout.root}\n")
        processes = found.get("processes")
        for process in processes if isinstance(processes, list) else []:
            rss = f"{process['rss_bytes'] / 1e6:7.1f} MB"
            sys.stdout.write(
                f"  {process['name']:14} {process['health']:10} pid {process['pid'] or '-':>7} {rss} restarts {process['restarts']}\n"
            )
    return 0 if found.get("state") == "ready" else 3


def logs(data_dir: Path, name: str | None, *, follow: bool) -> int:
    """Print the end of one process's log, or list the logs."""
    folder = Layout(data_dir.resolve()).logs
    names = sorted(path.stem for path in folder.glob("*.log"))
    if name is None:
        sys.stdout.write("".join(f"{known}\n" for known in names))
        return 0
    path = folder / f"{name}.log"
    if name not in names:
        sys.stderr.write(f"stowage: there is no log {name!r}; there are: {', '.join(names) or 'none'}.\n")
        return 2
    with path.open(encoding="utf-8", errors="replace") as file, contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        size = path.stat().st_size
        if size > TAIL_BYTES:
            file.seek(size - TAIL_BYTES)
            file.readline()
        sys.stdout.write(file.read())
        while follow:
            sys.stdout.write(file.read())
            sys.stdout.flush()
            time.sleep(0.3)
    return 0
