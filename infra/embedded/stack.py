"""Which processes the embedded stack has, in which order, with which environment."""

import json
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.embedded import minio, postgres, swift, valkey
from infra.embedded.layout import LOOPBACK, Layout, StackError, write_private
from infra.embedded.process import Spec, answers

STORES = ("auto", "swift", "minio")
WORKERS = ("io", "cpu", "upkeep")
_PASSED = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "FFMPEG_PATH", "PYTHONWARNINGS")


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything `stowage up` starts: stores first, then (after set-up) the product's own processes."""

    layout: Layout
    store: str
    env: dict[str, str]
    stores: list[Spec]
    apps: list[Spec]
    listener: socket.socket
    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


def _choose_store(layout: Layout, environ: Mapping[str, str]) -> tuple[str, Path | None]:
    """The store asked for, or the one this data directory began with, or MinIO where there is one. Raises StackError."""
    asked = environ.get("STOWAGE_EMBEDDED_STORE", "auto")
    if asked not in STORES:
        message = f"STOWAGE_EMBEDDED_STORE must be one of {', '.join(STORES)}, not {asked!r}."
        raise StackError(message)
    record = layout.config / "store.json"
    begun = json.loads(record.read_text())["store"] if record.exists() else None
    binary = minio.find(environ)
    chosen = begun or (asked if asked != "auto" else "minio" if binary else "swift")
    if begun and asked not in {"auto", begun}:
        message = f"{layout.root} holds its objects in {begun}: STOWAGE_EMBEDDED_STORE={asked} needs another data directory."
        raise StackError(message)
    if chosen == "minio" and binary is None:
        message = "There is no MinIO binary: run `make minio`, or name one with STOWAGE_MINIO_BIN."
        raise StackError(message)
    if begun is None:
        write_private(record, json.dumps({"store": chosen}))
    return chosen, binary


def _listen(host: str, port: int) -> socket.socket:
    """The API's socket, held by the supervisor, so that a restarting API refuses nobody. Raises StackError."""
    try:
        return socket.create_server((host, port), backlog=1024, reuse_port=False)
    except OSError as error:
        message = f"Port {port} is taken by another program ({error.strerror}): choose another with STOWAGE_PORT."
        raise StackError(message) from error


def environment(layout: Layout, store: str, ports: Mapping[str, int], port: int, environ: Mapping[str, str]) -> dict[str, str]:
    """The settings of every process. Secrets are named by file, never carried."""
    files = {"STOWAGE_DATABASE_URL": postgres.url(layout, ports["postgres"]), "STOWAGE_REDIS_URL": valkey.url(layout, ports["valkey"])}
    for name, text in files.items():
        write_private(layout.secret_file(name.lower()), text + "\n")
    endpoint = f"http://{LOOPBACK}:{ports['s3']}"
    is_swift = store == "swift"
    defaults = {
        "STOWAGE_S3_ENDPOINT": endpoint,
        "STOWAGE_S3_PUBLIC_ENDPOINT": endpoint,
        "STOWAGE_S3_ACCESS_KEY": swift.access_key(swift.WRITER) if is_swift else minio.ROOT_USER,
        "STOWAGE_S3_PRESIGN_ACCESS_KEY": swift.access_key(swift.PRESIGNER) if is_swift else "stowage-read",
        "STOWAGE_S3_PARTS_ACCESS_KEY": swift.access_key(swift.PARTS_WRITER) if is_swift else "stowage-parts",
        "STOWAGE_S3_MULTIPART_EXPIRY": "0" if is_swift else str(9 * 86_400),
        "STOWAGE_ENVIRONMENT": "embedded",
        "STOWAGE_DATA_DIR": str(layout.root),
        "STOWAGE_PORT": str(port),
        "STOWAGE_UI_DIR": str(Path(environ.get("STOWAGE_UI_DIR", "frontend/out")).resolve()),
    }
    secret_files = {
        "STOWAGE_DATABASE_URL_FILE": layout.secret_file("stowage_database_url"),
        "STOWAGE_REDIS_URL_FILE": layout.secret_file("stowage_redis_url"),
        "STOWAGE_S3_SECRET_KEY_FILE": layout.secret_file("s3_secret_key"),
        "STOWAGE_S3_PRESIGN_SECRET_KEY_FILE": layout.secret_file("s3_presign_secret_key"),
        "STOWAGE_S3_PARTS_SECRET_KEY_FILE": layout.secret_file("s3_parts_secret_key"),
        "STOWAGE_SECRET_KEY_FILE": layout.secret_file("secret_key"),
        "STOWAGE_ADMIN_PASSWORD_FILE": layout.secret_file("admin_password"),
    }
    chosen = {name: value for name, value in environ.items() if name.startswith("STOWAGE_") or name in _PASSED}
    # Identities, ports and secrets of the stack itself are not for overriding; the rest is.
    fixed = {name: value for name, value in defaults.items() if name != "STOWAGE_S3_PUBLIC_ENDPOINT"}
    return {**defaults, **chosen, **fixed, **{name: str(path) for name, path in secret_files.items()}, "PYTHONUNBUFFERED": "1"}


def build(data_dir: Path, environ: Mapping[str, str]) -> Stack:
    """Prepare the data directory and describe all processes. Raises StackError."""
    layout = Layout(data_dir.resolve())
    host, port = environ.get("STOWAGE_HOST", LOOPBACK), _number(environ, "STOWAGE_PORT", 8000)
    listener = _listen(host, port)
    port = listener.getsockname()[1]
    ports = layout.ports()
    store, binary = _choose_store(layout, environ)
    env = environment(layout, store, ports, port, environ)
    write_private(layout.config / "environment.json", json.dumps(env))
    postgres.prepare(layout)
    stores = [postgres.spec(layout, ports["postgres"]), valkey.spec(layout, ports["valkey"])]
    if store == "swift":
        swift.prepare(layout, ports)
        stores += swift.specs(layout, ports, env)
    elif binary is not None:
        stores.append(minio.spec(layout, binary, ports["s3"]))
    return Stack(layout, store, env, stores, _apps(layout, env, listener, port, environ), listener, port)


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, str(default))
    if not text.isdecimal():
        message = f"{name} must be a whole number, not {text!r}."
        raise StackError(message)
    return int(text)


def _apps(layout: Layout, env: dict[str, str], listener: socket.socket, port: int, environ: Mapping[str, str]) -> list[Spec]:
    api_ready = answers(f"http://{LOOPBACK}:{port}/healthz")
    count = _number(environ, "STOWAGE_API_WORKERS", 1)
    names = ["api"] if count == 1 else [f"api-{number}" for number in range(1, count + 1)]
    api_env = {**env, "STOWAGE_LISTEN_FD": str(listener.fileno())}
    apis = [
        Spec(name, [sys.executable, "-m", "service.app.serve"], api_ready, api_env, pass_fds=(listener.fileno(),), stop_after_s=25)
        for name in names
    ]
    background = [
        ("relay", ["workers.relay"]),
        ("scheduler", ["workers.scheduler"]),
        *((f"worker-{queue}", ["workers.runtime", queue]) for queue in WORKERS),
    ]
    gpus = [
        _background(layout, {**env, "STOWAGE_GPU_INDEX": str(index)}, f"worker-gpu-{index}", ["workers.runtime", "gpu"])
        for index in range(_gpus())
    ]
    return [*apis, *(_background(layout, env, name, module) for name, module in background), *gpus]


def _gpus() -> int:
    """How many the NVIDIA driver has; what each can do is for its worker to find out."""
    return len(list(Path("/proc/driver/nvidia/gpus").glob("*")))


def _background(layout: Layout, env: dict[str, str], name: str, module: list[str]) -> Spec:
    """A process without a port says that it is ready by a file with its pid."""
    mark = layout.run / f"{name}.ready"

    async def ready() -> bool:
        return _names_a_process(mark)

    mark.unlink(missing_ok=True)
    argv = [sys.executable, "-m", *module]
    return Spec(name, argv, ready, {**env, "STOWAGE_READY_FILE": str(mark), "STOWAGE_PROCESS": name}, stop_after_s=20)


def _names_a_process(mark: Path) -> bool:
    return mark.exists() and Path(f"/proc/{mark.read_text().strip()}").exists()


def environment_of(data_dir: Path) -> dict[str, str]:
    """Environment of the stack in a data directory, for administration commands. Raises StackError."""
    path = data_dir / "config" / "environment.json"
    if not path.exists():
        message = f"There is no embedded stack in {data_dir}: start one with `stowage up`, or set STOWAGE_DATABASE_URL and the others."
        raise StackError(message)
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return {**os.environ, **found}
