"""Every error as `application/problem+json` (RFC 9457) with a stable `code`. The only place that maps kinds to statuses."""

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from service.core.caller import request_id
from service.core.errors import Kind, StowageError

log = logging.getLogger("stowage.http")

MEDIA_TYPE = "application/problem+json"
STATUS = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.MISSING: 404,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.PRECONDITION: 412,
    Kind.TOO_LARGE: 413,
    Kind.MEDIA_TYPE: 415,
    Kind.RANGE: 416,
    Kind.LOCKED: 423,
    Kind.THROTTLED: 429,
    Kind.UNAVAILABLE: 503,
    # Of tus 1.0.0; no RFC has it.
    Kind.CHECKSUM: 460,
    Kind.STORE_FULL: 507,
}
_LITESTAR_CODES = {
    400: "http.bad_request",
    401: "http.unauthenticated",
    404: "http.not_found",
    405: "http.method_not_allowed",
    413: "http.body_too_large",
    415: "http.media_type",
}
SERVER_ERROR = 500


def problem(status: int, code: str, detail: str, headers: dict[str, str] | None = None, **details: object) -> Response[bytes]:
    """Build a problem response: type, title, status, detail, code, request_id and further members."""
    body = {
        "type": f"urn:stowage:problem:{code}",
        "title": code,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id.get(),
        **details,
    }
    return Response(msgspec.json.encode(body), status_code=status, media_type=MEDIA_TYPE, headers=headers)


def status_of(error: StowageError) -> int:
    """HTTP status for a domain error."""
    return STATUS[error.kind]


def headers_of(error: StowageError) -> dict[str, str]:
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="stowage"'
    return headers


def on_domain_error(_: Request[Any, Any, Any], error: StowageError) -> Response[bytes]:
    status = status_of(error)
    level = logging.WARNING if status >= SERVER_ERROR else logging.INFO
    log.log(level, "refused", extra={"code": error.code, "status": status, "internal": error.internal})
    return problem(status, error.code, error.public, headers_of(error), **error.details)


def on_validation_error(_: Request[Any, Any, Any], error: ValidationException) -> Response[bytes]:
    return problem(400, "http.validation", "The request does not have the expected form.", errors=error.extra or [])


def on_http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    status = error.status_code
    if status >= SERVER_ERROR:
        log.error("failed", exc_info=error)
        return problem(status, "internal", StowageError.public)
    return problem(status, _LITESTAR_CODES.get(status, "http.refused"), error.detail, dict(error.headers or {}))


def on_group(request: Request[Any, Any, Any], group: ExceptionGroup[Exception]) -> Response[bytes]:
    """Litestar wraps what ending a session raises in a group: a database that went away is still that."""
    known: Exception | None = group.subgroup(StowageError)
    while isinstance(known, ExceptionGroup):
        known = known.exceptions[0]
    return on_domain_error(request, known) if isinstance(known, StowageError) else on_bug(request, group)


def on_bug(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("unexpected error", exc_info=error)
    return problem(500, "internal", StowageError.public)
