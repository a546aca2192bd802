"""Where the embedded stack keeps things, and what was chosen once: ports and secrets. Everything is 0700/0600."""

import fcntl
import json
import os
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MIN_FREE_BYTES = 512 << 20
LOOPBACK = "127.0.0.1"
SECRET_NAMES = (
    "postgres_password",
    "valkey_password",
    "s3_secret_key",
    "s3_presign_secret_key",
    "s3_parts_secret_key",
    "secret_key",
    "admin_password",
)


class StackError(Exception):
    """One sentence for the operator; the process ends with a status other than 0."""


def write_private(path: Path, text: str) -> None:
    """Write a file that never, not even for a moment, is readable by others."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.rename(path)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _free_ports(count: int) -> list[int]:
    """Ports free right now, all held open until the last is found, so that they differ."""
    held = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in held]
    for server in held:
        server.close()
    return ports


PORT_NAMES = ("postgres", "valkey", "s3", "s3-account", "s3-container", "s3-object")


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths below one data directory."""

    root: Path

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def status_file(self) -> Path:
        return self.run / "supervisor.json"

    def secret_file(self, name: str) -> Path:
        return self.secrets / name

    def secret(self, name: str) -> str:
        return self.secret_file(name).read_text(encoding="utf-8").strip()

    def prepare(self) -> None:
        """Make the tree and check that it can hold data. Raises StackError."""
        try:
            for folder in (self.root, self.logs, self.run, self.secrets, self.config):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe = self.run / ".probe"
            probe.write_bytes(b"x")
        except OSError as error:
            message = f"The data directory {self.root} can't be written: {error.strerror}. Choose another with STOWAGE_DATA_DIR."
            raise StackError(message) from error
        free = shutil.disk_usage(self.root).free
        if free < MIN_FREE_BYTES:
            message = f"The disk of {self.root} is full: {free >> 20} MiB are left, {MIN_FREE_BYTES >> 20} MiB are needed to start."
            raise StackError(message)
        for name in SECRET_NAMES:
            if not self.secret_file(name).exists():
                write_private(self.secret_file(name), secrets.token_urlsafe(32 if "password" not in name else 18) + "\n")

    def check_xattr(self) -> None:
        """The PyPI object store keeps metadata in extended attributes. Raises StackError."""
        probe = self.run / ".probe"
        try:
            os.setxattr(probe, "user.stowage", b"x" * 200)
        except OSError as error:
            message = f"The file system of {self.root} has no extended attributes ({error.strerror}), which the embedded store needs: use another disk, or STOWAGE_EMBEDDED_STORE=minio."
            raise StackError(message) from error

    def lock(self) -> IO[str]:
        """Hold the data directory for one supervisor. Raises StackError where another has it."""
        file = (self.run / "supervisor.lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = f"Stowage is already running on {self.root}: see `stowage status`, stop it with `stowage down`."
            raise StackError(message) from error
        return file

    def is_running(self) -> bool:
        path = self.run / "supervisor.lock"
        if not path.exists():
            return False
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False

    def ports(self) -> dict[str, int]:
        """Internal ports: chosen once, kept, and free. Raises StackError."""
        path = self.config / "ports.json"
        if not path.exists():
            write_private(path, json.dumps(dict(zip(PORT_NAMES, _free_ports(len(PORT_NAMES)), strict=True))))
        ports: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
        for name, port in ports.items():
            if not is_free(port):
                message = f"Port {port}, kept for {name}, is used by another program: stop that, or remove {path} to have new ports chosen."
                raise StackError(message)
        return ports

    def status(self) -> dict[str, object]:
        """What the supervisor last wrote about itself; {} if it never ran."""
        try:
            found: dict[str, object] = json.loads(self.status_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found
