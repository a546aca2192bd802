"""Typed settings, one frozen dataclass per concern. A root builds them once and passes them in; slices never read the environment."""

from __future__ import annotations

import dataclasses
import socket
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
GIB = 1 << 30


class SettingsError(Exception):
    """A setting is missing or makes no sense; the message is one sentence for the operator."""


def setting(env: str, doc: str, default: object = dataclasses.MISSING, *, secret: bool = False) -> typing.Any:
    """Declare a field read from `env`; secrets may also come from the file that `env` + `_FILE` names."""
    metadata = {"env": env, "doc": doc, "secret": secret}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    url: str = setting("STOWAGE_DATABASE_URL", "Postgres, as postgresql://user:password@host:port/name", secret=True)
    pool_size: int = setting("STOWAGE_DATABASE_POOL", "Connections each process keeps", 10)


@dataclass(frozen=True, slots=True)
class RedisSettings:
    url: str = setting("STOWAGE_REDIS_URL", "Redis or Valkey; empty runs without hints and background work", "", secret=True)


@dataclass(frozen=True, slots=True)
class StoreSettings:
    endpoint: str = setting("STOWAGE_S3_ENDPOINT", "S3 as the servers reach it")
    access_key: str = setting("STOWAGE_S3_ACCESS_KEY", "Key id of the identity that reads and writes", secret=True)
    secret_key: str = setting("STOWAGE_S3_SECRET_KEY", "Its secret", secret=True)
    public_endpoint: str = setting("STOWAGE_S3_PUBLIC_ENDPOINT", "S3 as browsers reach it; empty: the same as the servers", "")
    presign_access_key: str = setting(
        "STOWAGE_S3_PRESIGN_ACCESS_KEY", "Key id of the read-only identity that signs URLs; empty: the main one", "", secret=True
    )
    presign_secret_key: str = setting("STOWAGE_S3_PRESIGN_SECRET_KEY", "Its secret", "", secret=True)
    parts_access_key: str = setting(
        "STOWAGE_S3_PARTS_ACCESS_KEY",
        "Key id of the identity that signs upload parts for browsers (may write p/* alone); empty: no direct uploads",
        "",
        secret=True,
    )
    parts_secret_key: str = setting("STOWAGE_S3_PARTS_SECRET_KEY", "Its secret", "", secret=True)
    region: str = setting("STOWAGE_S3_REGION", "Region named in signatures", "us-east-1")
    bucket_prefix: str = setting("STOWAGE_BUCKET_PREFIX", "Buckets are PREFIX-originals, PREFIX-derived, PREFIX-imports", "stowage")
    delivery: str = setting("STOWAGE_DELIVERY", "auto, presigned or proxy: how content reaches browsers", "auto")
    multipart_expiry_s: int = setting(
        "STOWAGE_S3_MULTIPART_EXPIRY", "Seconds after which the store itself drops an open multipart upload; 0: never", 0
    )

    @property
    def originals(self) -> str:
        return f"{self.bucket_prefix}-originals"

    @property
    def derived(self) -> str:
        return f"{self.bucket_prefix}-derived"

    @property
    def imports(self) -> str:
        return f"{self.bucket_prefix}-imports"


@dataclass(frozen=True, slots=True)
class UploadSettings:
    max_bytes: int = setting("STOWAGE_MAX_UPLOAD_BYTES", "Largest single upload in bytes (Tus-Max-Size)", 50 * GIB)
    buffer_bytes: int = setting(
        "STOWAGE_UPLOAD_BUFFER_BYTES", "Bytes of parts a process may hold in memory over all its uploads", 256 * MIB
    )
    client_chunk_bytes: int = setting("STOWAGE_CLIENT_CHUNK_BYTES", "Chunk size the web UI sends in one PATCH", 100_000_000)
    direct_bytes: int = setting(
        "STOWAGE_DIRECT_UPLOAD_BYTES", "Size above which the web UI sends parts straight to the store, where it can; 0: never", 100_000_000
    )
    expiry_s: int = setting("STOWAGE_UPLOAD_EXPIRY", "Seconds an unfinished upload is kept after its last byte", 7 * 86_400)
    idle_s: int = setting("STOWAGE_UPLOAD_IDLE", "Seconds without a byte before a PATCH is cut (what arrived is kept)", 30)
    min_rate: int = setting(
        "STOWAGE_UPLOAD_MIN_RATE", "Bytes per second below which a PATCH is cut after a minute (what arrived is kept)", 500
    )
    finish_wait_s: int = setting("STOWAGE_UPLOAD_FINISH_WAIT", "Seconds the last PATCH waits for the object to be proven there", 30)
    parts_in_flight: int = setting("STOWAGE_UPLOAD_PARTS_IN_FLIGHT", "Parts of one upload sent to the store at the same time", 3)
    max_open_per_user: int = setting("STOWAGE_MAX_OPEN_UPLOADS", "Unfinished uploads one person may have", 1_000)
    max_open_per_project: int = setting("STOWAGE_MAX_OPEN_UPLOADS_PER_PROJECT", "Unfinished uploads one project may have", 10_000)
    node: str = setting("STOWAGE_NODE", "Name of this node, shown beside uploads it receives; empty: the host's name", "")

    @property
    def node_name(self) -> str:
        return self.node or socket.gethostname()


@dataclass(frozen=True, slots=True)
class AuthSettings:
    secret_key: str = setting("STOWAGE_SECRET_KEY", "Signs access tokens and tickets: at least 32 characters", secret=True)
    access_ttl_s: int = setting("STOWAGE_ACCESS_TTL", "Lifetime of an access token in seconds", 3_600)
    refresh_ttl_s: int = setting("STOWAGE_REFRESH_TTL", "Lifetime of a refresh token in seconds", 7 * 86_400)
    admin_username: str = setting("STOWAGE_ADMIN_USER", "Name of the administrator made at first start", "admin")
    admin_password: str = setting("STOWAGE_ADMIN_PASSWORD", "Password of that administrator; empty: none is made", "", secret=True)


@dataclass(frozen=True, slots=True)
class QuotaSettings:
    user_bytes: int = setting("STOWAGE_USER_QUOTA_BYTES", "Quota of a new user in bytes", 1024 * GIB)
    project_bytes: int = setting("STOWAGE_PROJECT_QUOTA_BYTES", "Quota of a new project in bytes", 1024 * GIB)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    public_url: str = setting("STOWAGE_PUBLIC_URL", "Where browsers find Stowage; empty: taken from the request", "")
    host: str = setting("STOWAGE_HOST", "Address the API listens on", "127.0.0.1")
    port: int = setting("STOWAGE_PORT", "Port of the API and the web UI", 8000)
    api_workers: int = setting("STOWAGE_API_WORKERS", "API processes", 1)
    trusted_proxies: str = setting("STOWAGE_TRUSTED_PROXIES", "Comma-separated addresses whose Forwarded headers are believed", "")
    cors_origins: str = setting(
        "STOWAGE_CORS_ORIGINS", "Comma-separated origins of other sites that may call the API", "http://localhost:3000"
    )
    project_delete_delay_s: int = setting(
        "STOWAGE_PROJECT_DELETE_DELAY", "Seconds a deleted project can still be restored by its owner", 14 * 86_400
    )
    recovery_window_s: int = setting("STOWAGE_RECOVERY_WINDOW", "Seconds a purged object stays in the store", 86_400)
    trash_keep_s: int = setting("STOWAGE_TRASH_KEEP", "Seconds that files stay in the trash; 0: until somebody empties it", 30 * 86_400)
    jobs_keep_s: int = setting("STOWAGE_JOBS_KEEP", "Seconds that ended jobs are remembered", 14 * 86_400)
    access_log_keep_s: int = setting(
        "STOWAGE_ACCESS_LOG_KEEP", "Seconds that the access log is kept, in whole months; 0: for good", 400 * 86_400
    )
    data_dir: Path = setting("STOWAGE_DATA_DIR", "Where the embedded stack and logs live", Path(".stowage"))
    ui_dir: Path = setting("STOWAGE_UI_DIR", "The exported web UI", Path("frontend/out"))
    environment: str = setting("STOWAGE_ENVIRONMENT", "embedded, production or test", "production")
    log_level: str = setting("STOWAGE_LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR", "INFO")

    @property
    def logs_dir(self) -> Path:
        return self.data_dir / "logs"

    @property
    def origins(self) -> frozenset[str]:
        return frozenset(origin.strip().rstrip("/") for origin in self.cors_origins.split(",") if origin.strip())

    @property
    def proxies(self) -> frozenset[str]:
        return frozenset(address.strip() for address in self.trusted_proxies.split(",") if address.strip())


@dataclass(frozen=True, slots=True)
class MediaSettings:
    ffmpeg: str = setting("FFMPEG_PATH", "ffmpeg to run; empty: the one of imageio-ffmpeg", "")
    chunk_s: int = setting("STOWAGE_CHUNK_SECONDS", "Seconds of film one encode job takes", 60)
    largest_rung: int = setting("STOWAGE_LARGEST_RUNG", "Short side in pixels that films are transcoded up to: 1080, 1440 or 2160", 1_080)
    slots: int = setting("STOWAGE_WORKER_SLOTS", "Jobs a worker process runs at once; 0: by queue and cores", 0)
    gpu_index: int = setting("STOWAGE_GPU_INDEX", "GPU that a worker of the queue gpu uses, as NVML counts; -1: the first free one", -1)
    ffmpeg_threads: int = setting("STOWAGE_FFMPEG_THREADS", "Threads of one ffmpeg; 0: all cores", 0)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a root may need; each slice is given only its own part."""

    database: DatabaseSettings
    redis: RedisSettings
    store: StoreSettings
    uploads: UploadSettings
    auth: AuthSettings
    quota: QuotaSettings
    server: ServerSettings
    media: MediaSettings


SECTIONS: tuple[type, ...] = (
    DatabaseSettings,
    RedisSettings,
    StoreSettings,
    UploadSettings,
    AuthSettings,
    QuotaSettings,
    ServerSettings,
    MediaSettings,
)

MIN_SECRET = 32
KNOWN_SECRETS = frozenset({"minioadmin", "changeme", "secret", "password", "stowage"})


def _text_of(env: str, environ: Mapping[str, str], *, secret: bool) -> str | None:
    path = environ.get(f"{env}_FILE") if secret else None
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            message = f"{env}_FILE names {path}, which can't be read: {error.strerror}."
            raise SettingsError(message) from error
    return environ.get(env)


def _convert(env: str, text: str, kind: object) -> object:
    try:
        if kind is int:
            return int(text)
    except ValueError as error:
        message = f"{env} must be a whole number, not {text!r}."
        raise SettingsError(message) from error
    return Path(text) if kind is Path else text


def load_section(section: type, environ: Mapping[str, str]) -> typing.Any:
    """Build one settings dataclass from `environ`. Raises SettingsError."""
    hints = typing.get_type_hints(section)
    values: dict[str, object] = {}
    for field in dataclasses.fields(section):
        env, secret = field.metadata["env"], field.metadata["secret"]
        text = _text_of(env, environ, secret=secret)
        if text:
            values[field.name] = _convert(env, text, hints[field.name])
        elif field.default is dataclasses.MISSING:
            message = f"{env} is not set: {field.metadata['doc']}."
            raise SettingsError(message)
    return section(**values)


def load(environ: Mapping[str, str]) -> Settings:
    """Build all settings and refuse what would be unsafe to run with. Raises SettingsError."""
    parts = [load_section(section, environ) for section in SECTIONS]
    settings = Settings(*parts)
    if len(settings.auth.secret_key) < MIN_SECRET:
        message = f"STOWAGE_SECRET_KEY must have at least {MIN_SECRET} characters."
        raise SettingsError(message)
    if settings.server.environment == "production":
        for env, value in (("STOWAGE_S3_SECRET_KEY", settings.store.secret_key), ("STOWAGE_ADMIN_PASSWORD", settings.auth.admin_password)):
            if value.lower() in KNOWN_SECRETS:
                message = f"{env} is a well-known default: choose another."
                raise SettingsError(message)
    if settings.store.delivery not in {"auto", "presigned", "proxy"}:
        message = f"STOWAGE_DELIVERY must be auto, presigned or proxy, not {settings.store.delivery!r}."
        raise SettingsError(message)
    return settings


def describe() -> list[tuple[str, str, str, str]]:
    """Rows (variable, type, default, meaning) for `stowage config` and the generated reference page."""
    rows = []
    for section in SECTIONS:
        hints = typing.get_type_hints(section)
        for field in dataclasses.fields(section):
            kind = hints[field.name]
            name = getattr(kind, "__name__", str(kind))
            default = "required" if field.default is dataclasses.MISSING else str(field.default)
            rows.append((field.metadata["env"], name, default, field.metadata["doc"]))
    return rows
