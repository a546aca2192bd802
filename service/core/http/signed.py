"""Reads what a request says of its signature (`core.signature`), canonically.

Any signer works that may be told a host: `curl --aws-sigv4`, botocore, the SDKs. The service is `s3` (paths are not encoded twice),
the region any.
"""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from litestar import Request

from service.core.signature import ALGORITHM, ENDING, SERVICE, UNSIGNED, PayloadMismatch, SignatureRefused, Signed

SCHEME = ALGORITHM.lower() + " "
MAX_SKEW_S = 900
_FIELDS = re.compile(
    rf"Credential=([^/,\s]+)/(\d{{8}})/([^/,\s]+)/{SERVICE}/{ENDING}\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([0-9a-f]{{64}})"
)
# Bytes of an upload go to the store as they arrive: they can't be read first.
_STREAMED = "application/offset+octet-stream"
_MAX_BODY_BYTES = 2 << 20


async def read(request: Request[Any, Any, Any], header: str, now: datetime) -> Signed:
    """`header`: the value of Authorization. Raises SignatureRefused, PayloadMismatch."""
    found = _FIELDS.fullmatch(header[len(SCHEME) :].strip())
    stamp = request.headers.get("x-amz-date", "")
    if found is None or not _is_now(stamp, now):
        raise SignatureRefused
    key_id, day, region, names, signature = found.groups()
    signed = names.split(";")
    # What is not signed could be changed on the way.
    must = {"host", *(name for name in request.headers if name.startswith("x-amz-"))}
    if day != stamp[:8] or not must <= set(signed):
        raise SignatureRefused
    # curl before 8.0 signs the digest of the body without sending it.
    payload = request.headers.get("x-amz-content-sha256") or await _digest(request)
    headers = "".join(f"{name}:{_value(request, name)}\n" for name in signed)
    path = _encode(request.scope["raw_path"], "/")
    canonical = "\n".join([request.method, path, _query(request.scope["query_string"]), headers, names, payload])
    return Signed(key_id, region, signature, canonical, stamp, payload)


async def check_payload(request: Request[Any, Any, Any], signed: Signed) -> None:
    """Compare the body with what was signed; it is kept for the handler. Raises PayloadMismatch."""
    if signed.payload == UNSIGNED:
        return
    if await _digest(request) != signed.payload:
        raise PayloadMismatch


async def _digest(request: Request[Any, Any, Any]) -> str:
    is_streamed = request.headers.get("content-type", "").startswith(_STREAMED) or "transfer-encoding" in request.headers
    if is_streamed or (request.content_length or 0) > _MAX_BODY_BYTES:
        raise PayloadMismatch
    return hashlib.sha256(await request.body()).hexdigest()


def _is_now(stamp: str, now: datetime) -> bool:
    try:
        at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs((now - at).total_seconds()) <= MAX_SKEW_S


def _value(request: Request[Any, Any, Any], name: str) -> str:
    return ",".join(" ".join(value.split()) for value in request.headers.getall(name, []))


def _query(raw: bytes) -> str:
    # Forms write a space as a plus.
    pairs = (pair.partition(b"=") for pair in raw.replace(b"+", b"%20").split(b"&") if pair)
    return "&".join(f"{name}={value}" for name, value in sorted((_encode(name), _encode(value)) for name, _, value in pairs))


def _encode(raw: bytes, kept: str = "") -> str:
    """Once, however it came: all but the unreserved of RFC 3986."""
    return quote(unquote_to_bytes(raw), safe=kept + "-_.~")
