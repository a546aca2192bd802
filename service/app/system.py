"""`/healthz`, `/readyz`, `/metrics`."""

from typing import Annotated, Any

from litestar import Request, Response, get
from sqlalchemy import text

from service.app.metrics import render
from service.app.openapi import document
from service.core.errors import StowageError
from service.core.http.guards import PUBLIC
from service.core.http.inject import Db, Injected
from service.hints.service import Hints
from service.media.gpus import service as gpus
from service.storage.delivery import Delivery
from service.storage.s3 import S3Store


@get("/healthz", opt={PUBLIC: True}, summary="This process answers")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@get("/readyz", opt={PUBLIC: True}, summary="Database, queue and store, each named")
async def readyz(
    database: Db,
    hints: Annotated[Hints, Injected],
    store: Annotated[S3Store, Injected],
    delivery: Annotated[Delivery, Injected],
) -> Response[dict[str, object]]:
    checks: dict[str, str] = {}
    try:
        async with database.read() as session:
            await session.execute(text("SELECT 1"))
        checks["database"] = "ok"
    except StowageError as error:
        checks["database"] = error.public
    try:
        await store.check()
        checks["store"] = "ok"
    except StowageError as error:
        checks["store"] = error.public
    checks["queue"] = "ok" if await hints.is_up() else "Redis can't be reached: background work waits."
    # Uploads and downloads go on without the queue.
    is_ready = checks["database"] == checks["store"] == "ok"
    body: dict[str, object] = {
        "status": "ok" if is_ready else "unavailable",
        "checks": checks,
        "delivery": "presigned" if delivery.can_presign else "proxy",
        "direct_uploads": "on" if delivery.takes_parts else "off",
    }
    return Response(body, status_code=200 if is_ready else 503)


@get("/api/v1/openapi.json", opt={PUBLIC: True}, include_in_schema=False)
async def openapi(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return document(request.app)


@get("/metrics", opt={PUBLIC: True}, summary="Prometheus", media_type="text/plain; version=0.0.4")
async def metrics(database: Db) -> bytes:
    try:
        async with database.read() as session:
            seen = await gpus.devices(session)
    except StowageError:
        # A scrape says most where something is down.
        seen = []
    return render(seen)
