"""`stowage doctor`: what would go wrong for people, found before they do; each finding with what to do about it.

Every check is a plain function of the settings that yields findings; one that fails itself is a finding.
"""

import asyncio
import email.utils
import json
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from alembic.script import ScriptDirectory
from sqlalchemy import text

from service.cli.setup import alembic_config
from service.core.db import Database
from service.core.errors import StowageError
from service.core.settings import Settings, SettingsError, load
from service.hints.service import Hints
from service.storage.keys import OBJECTS, PARTS
from service.storage.s3 import S3Store
from service.storage.signing import Signer

OK, WARNING, ERROR = "ok", "warning", "error"
TIMEOUT_S = 5
SKEW_WARNS_S, SKEW_FAILS_S = 60, 600
LEAST_FREE = 10 << 30
LEAST_POSTGRES = 15
OLD_JOB_S = 900
# What one PATCH of a client may carry: nginx refuses 1 MiB unless it is told otherwise.
PROBE_BYTES = 1_500_000
FOUND_TROUBLE = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `fix` is empty where nothing is wrong."""

    check: str
    level: str
    says: str
    fix: str = ""


Check = Callable[[Settings], AsyncIterator[Finding]]


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    database = Database(settings.database)
    try:
        async with database.read() as session:
            version = int((await session.execute(text("SHOW server_version_num"))).scalar_one()) // 10_000
            if version < LEAST_POSTGRES:
                yield Finding("database", ERROR, f"Postgres {version} is too old.", f"Use Postgres {LEAST_POSTGRES} or newer.")
            else:
                yield Finding("database", OK, f"Postgres {version} answers.")
            skew = time.time() - float((await session.execute(text("SELECT extract(epoch FROM clock_timestamp())"))).scalar_one())
            yield _skew("the database", skew)
            head = ScriptDirectory.from_config(alembic_config(settings)).get_current_head()
            try:
                current = (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
            except Exception:
                current = None
            if current != head:
                yield Finding(
                    "migrations", ERROR, f"The schema is at {current or 'nothing'}, the code wants {head}.", "Run `stowage db upgrade`."
                )
            else:
                yield Finding("migrations", OK, f"The schema is at {head}.")
    except StowageError as error:
        yield Finding("database", ERROR, f"Postgres can't be reached: {error.internal}", "Look at STOWAGE_DATABASE_URL and at the server.")
    finally:
        await database.close()


def _skew(whose: str, seconds: float) -> Finding:
    says = f"The clock of {whose} differs by {abs(seconds):.0f} s."
    fix = "Keep all clocks with NTP: signed URLs and sign-ins depend on them."
    if abs(seconds) >= SKEW_FAILS_S:
        return Finding("clock", ERROR, says, fix)
    return Finding("clock", WARNING, says, fix) if abs(seconds) >= SKEW_WARNS_S else Finding("clock", OK, says)


async def _queue(settings: Settings) -> AsyncIterator[Finding]:
    hints = Hints(settings.redis.url)
    is_up = await hints.is_up()
    await hints.close()
    if not is_up:
        yield Finding(
            "queue",
            ERROR,
            "Redis can't be reached: nothing is transcoded, previews don't come.",
            "Look at STOWAGE_REDIS_URL and at the server.",
        )
    else:
        yield Finding("queue", OK, "Redis answers.")
    database = Database(settings.database)
    try:
        async with database.read() as session:
            oldest = (
                await session.execute(
                    text("SELECT queue, extract(epoch FROM now() - min(run_after)) AS age FROM jobs WHERE state = 'queued' GROUP BY queue")
                )
            ).all()
            parked = int((await session.execute(text("SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL"))).scalar_one())
    except Exception as error:
        yield Finding("jobs", WARNING, f"Jobs can't be looked at: {error}".splitlines()[0], "See the findings on the database.")
        return
    finally:
        await database.close()
    for row in oldest:
        if row.age > OLD_JOB_S:
            yield Finding(
                "jobs",
                WARNING,
                f"A job in the queue {row.queue} has waited for {row.age / 60:.0f} min.",
                f"Start (more) workers: python -m workers.runtime {row.queue}",
            )
    if parked:
        yield Finding(
            "jobs", ERROR, f"{parked} events could not be delivered and are parked.", "Look for `subscriber failed` in the relay's log."
        )


async def _store(settings: Settings) -> AsyncIterator[Finding]:
    store = S3Store(settings.store)
    key = f"{OBJECTS}doctor/0"
    try:
        for bucket in (settings.store.originals, settings.store.derived):
            await store.put(bucket, key, b"doctor")
            await store.delete(bucket, [key])
        yield Finding("store", OK, f"{settings.store.endpoint} keeps and deletes.")
    except StowageError as error:
        yield Finding(
            "store",
            ERROR,
            f"The store can't be written to: {error.internal}",
            "Look at STOWAGE_S3_ENDPOINT, its keys, and run `stowage setup`.",
        )
        return
    finally:
        await store.close()
    answer = await asyncio.to_thread(_ask, settings.store.endpoint, "GET")
    if answer is not None and (said := answer.headers.get("date")):
        yield _skew("the store", time.time() - email.utils.parsedate_to_datetime(said).timestamp())
    expiry = settings.store.multipart_expiry_s
    if expiry and expiry < settings.uploads.expiry_s:
        yield Finding(
            "store expiry",
            ERROR,
            f"The store drops unfinished uploads after {expiry} s, but they are promised for {settings.uploads.expiry_s} s.",
            "Let the store keep them longer (MinIO: api stale_uploads_expiry), or lower STOWAGE_UPLOAD_EXPIRY.",
        )


async def _public_store(settings: Settings) -> AsyncIterator[Finding]:
    """As a browser on our page would ask."""
    endpoint = settings.store.public_endpoint or settings.store.endpoint
    if settings.store.delivery == "proxy":
        yield Finding("public store", OK, "Content goes through the API (STOWAGE_DELIVERY=proxy).")
        return
    origin = settings.server.public_url.rstrip("/") or f"http://localhost:{settings.server.port}"
    signer = Signer(urlsplit(endpoint).netloc, settings.store.access_key, settings.store.secret_key, settings.store.region)
    url = signer.presign(urlsplit(endpoint).scheme, f"/{settings.store.originals}/{OBJECTS}doctor", 60)
    answer = await asyncio.to_thread(_ask, url, "OPTIONS", {"Origin": origin, "Access-Control-Request-Method": "GET"})
    if answer is None:
        yield Finding(
            "public store",
            ERROR,
            f"{endpoint} can't be reached: films and downloads won't come.",
            "Set STOWAGE_S3_PUBLIC_ENDPOINT to what browsers reach, or STOWAGE_DELIVERY=proxy.",
        )
        return
    if answer.headers.get("access-control-allow-origin") not in {"*", origin}:
        yield Finding(
            "cors",
            WARNING,
            f"The store does not let pages of {origin} read from it; content goes through the API, which is slower.",
            f"Allow the origin {origin} at the store (MinIO: MINIO_API_CORS_ALLOW_ORIGIN).",
        )
        return
    yield Finding("cors", OK, f"The store lets pages of {origin} read from it.")
    got = await asyncio.to_thread(_ask, url, "GET", {"Origin": origin})
    exposed = (got.headers.get("access-control-expose-headers") or "").lower() if got else ""
    if settings.store.parts_access_key and "etag" not in exposed and "*" not in exposed:
        yield Finding(
            "cors",
            WARNING,
            "The store does not show pages the ETag of what they send: no direct uploads.",
            "Expose the header ETag in the store's CORS rules.",
        )
    if urlsplit(settings.server.public_url).scheme == "https" and urlsplit(endpoint).scheme == "http":
        yield Finding(
            "public store",
            ERROR,
            "Pages come by https, but the store's URLs are http: browsers refuse them.",
            "Put TLS before the store and name it so in STOWAGE_S3_PUBLIC_ENDPOINT.",
        )


async def _identities(settings: Settings) -> AsyncIterator[Finding]:
    """The identity whose key id is in every URL must be able to read alone; the one for parts to write parts alone."""
    store = settings.store
    if not store.presign_access_key or store.presign_access_key == store.access_key:
        yield Finding(
            "identities",
            WARNING,
            "URLs are signed by the identity that may write.",
            "Make a read-only identity and set STOWAGE_S3_PRESIGN_ACCESS_KEY.",
        )
    elif await _may_put(settings, store.presign_access_key, store.presign_secret_key, f"{OBJECTS}doctor/1"):
        yield Finding("identities", ERROR, "The identity that signs URLs may write.", "Give it a read-only policy: run `stowage setup`.")
    else:
        yield Finding("identities", OK, "The identity that signs URLs can't write.")
    if store.parts_access_key and await _may_put(settings, store.parts_access_key, store.parts_secret_key, f"{OBJECTS}doctor/2"):
        yield Finding(
            "identities",
            ERROR,
            f"The identity for direct uploads may write outside of {PARTS}.",
            "Give it the policy minio/policies/parts.json: run `stowage setup`.",
        )


async def _may_put(settings: Settings, key_id: str, secret: str, key: str) -> bool:
    signer = Signer(urlsplit(settings.store.endpoint).netloc, key_id, secret, settings.store.region)
    path = f"/{settings.store.originals}/{key}"
    url = signer.presign(urlsplit(settings.store.endpoint).scheme, path, 60, method="PUT")
    answer = await asyncio.to_thread(_ask, url, "PUT", {}, b"doctor")
    if answer is None or answer.status != HTTPStatus.OK:
        return False
    full = S3Store(settings.store)
    await full.delete(settings.store.originals, [key])
    await full.close()
    return True


async def _front(settings: Settings) -> AsyncIterator[Finding]:
    """What stands before the API: whether it is reached there, tells the right scheme, and lets bodies through."""
    base = settings.server.public_url.rstrip("/") or f"http://{settings.server.host}:{settings.server.port}"
    answer = await asyncio.to_thread(_ask, f"{base}/healthz", "GET")
    if answer is None or answer.status != HTTPStatus.OK:
        says = "does not answer" if answer is None else f"answers {answer.status}"
        yield Finding("api", ERROR, f"{base} {says}.", "Start Stowage, or set STOWAGE_PUBLIC_URL to where browsers find it.")
        return
    yield Finding("api", OK, f"{base} answers.")
    options = await asyncio.to_thread(_ask, f"{base}/api/v1/tus", "OPTIONS", {})
    if options is not None and "tus-version" not in options.headers:
        yield Finding(
            "proxy",
            ERROR,
            "What stands before the API does not let OPTIONS through: tus clients fail.",
            "Let all methods through to the API.",
        )
    large = await asyncio.to_thread(_ask, f"{base}/api/v1/auth/token", "POST", {"Content-Type": "application/json"}, b" " * PROBE_BYTES)
    if large is not None and large.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and "problem" not in large.headers.get("content-type", ""):
        yield Finding(
            "proxy",
            ERROR,
            "What stands before the API refuses bodies of 1.5 MB: uploads fail.",
            "nginx: client_max_body_size 0; proxy_request_buffering off.",
        )
    if settings.server.public_url and not settings.server.trusted_proxies:
        yield Finding(
            "proxy",
            WARNING,
            "Behind a proxy everybody has its address: throttles and the access log mix people up.",
            "Set STOWAGE_TRUSTED_PROXIES to the proxy's address.",
        )


async def _machine(settings: Settings) -> AsyncIterator[Finding]:
    data = settings.server.data_dir if settings.server.data_dir.exists() else settings.server.data_dir.resolve().parent
    free = shutil.disk_usage(data if data.exists() else "/").free
    if free < LEAST_FREE:
        yield Finding(
            "disk", WARNING, f"{free / (1 << 30):.1f} GiB are free at {data}.", "Make room, or set STOWAGE_DATA_DIR to a larger disk."
        )
    else:
        yield Finding("disk", OK, f"{free / (1 << 30):.0f} GiB are free at {data}.")
    yield Finding("versions", OK, f"Python {sys.version.split()[0]}")
    if settings.server.environment != "production" and settings.server.host not in {"127.0.0.1", "::1", "localhost"}:
        yield Finding("environment", WARNING, "Open to other machines, but not run as production.", "Set STOWAGE_ENVIRONMENT=production.")


async def _sandbox(_: Settings) -> AsyncIterator[Finding]:
    """Asked of the worker's own code, in a process of its own, on this machine."""
    asked = await asyncio.create_subprocess_exec(sys.executable, "-m", "workers.tools.confine", stdout=asyncio.subprocess.PIPE)
    said, _errors = await asyncio.wait_for(asked.communicate(), TIMEOUT_S)
    says = f"Files are parsed in processes confined by: {said.decode().strip() or 'nothing'}."
    if asked.returncode == 0:
        yield Finding("sandbox", OK, says)
    else:
        yield Finding(
            "sandbox", WARNING, says, "Run workers on Linux 6.7 or newer with Landlock enabled (lsm=…,landlock), on x86-64 or ARM64."
        )


CHECKS: Sequence[Check] = (_machine, _sandbox, _database, _queue, _store, _public_store, _identities, _front)


@dataclass(frozen=True, slots=True)
class Answer:
    """Of HTTP, whatever its status."""

    status: int
    headers: Mapping[str, str]


def _ask(url: str, method: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Answer | None:
    """None: nobody answered."""
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers or {}))  # noqa: S310  the operator's own endpoints
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as found:  # noqa: S310  as above
            return Answer(found.status, _lowered(found.headers))
    except urllib.error.HTTPError as error:
        return Answer(error.code, _lowered(error.headers))
    except (OSError, ValueError):
        return None


def _lowered(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


async def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order of the checks."""
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += [finding async for finding in check(settings)]
        except Exception as error:
            name = getattr(check, "__name__", "check").strip("_").replace("_", " ")
            found.append(
                Finding(name, ERROR, f"This check failed: {type(error).__name__}: {error}", "Mend what it says, and run it again.")
            )
    return found


def run(environ: Mapping[str, str], *, as_json: bool) -> int:
    """0: nothing is wrong; 1: there are errors; 2: the settings can't be read."""
    try:
        settings = load(environ)
    except SettingsError as error:
        sys.stderr.write(f"stowage: {error}\n")
        return 2
    findings = asyncio.run(examine(settings))
    for finding in findings:
        if as_json:
            sys.stdout.write(f"{json.dumps(asdict(finding))}\n")
        else:
            mark = {OK: "  ok   ", WARNING: " warn  ", ERROR: " ERROR "}[finding.level]
            sys.stdout.write(f"{mark} {finding.check:14} {finding.says}\n")
            if finding.fix:
                sys.stdout.write(f"{'':23}→ {finding.fix}\n")
    return FOUND_TROUBLE if any(finding.level == ERROR for finding in findings) else 0
