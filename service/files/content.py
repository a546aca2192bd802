"""Answering a GET for bytes: Range and conditional requests (RFC 9110 §§13, 14), streamed from the store."""

import base64
import re
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response
from litestar.response import Stream

from service.core.errors import Missing
from service.files.errors import BadRange
from service.storage.port import Reader

_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")
# Content that is served from the UI's own origin must not be able to do anything there.
SANDBOX = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Headers of the request that matter here."""

    range: str | None
    if_range: str | None
    if_none_match: str | None

    @classmethod
    def of(cls, request: Request[Any, Any, Any]) -> "Wanted":
        return cls(request.headers.get("range"), request.headers.get("if-range"), request.headers.get("if-none-match"))

    @property
    def begins(self) -> bool:
        """Whether this is the first request of a download, as far as one can tell: players and resumers ask for many ranges."""
        return self.range is None or self.range.strip().startswith("bytes=0-")


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(start, end) exclusive, or None for the whole (also for several ranges, as RFC 9110 allows). Raises BadRange."""
    match = _RANGE.match(header.strip()) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= size or end <= start:
        raise BadRange(details={"size_bytes": size})
    return start, end


@dataclass(frozen=True, slots=True)
class Span:
    """Which bytes of `size` are answered with, and how an answer says so."""

    start: int
    end: int
    size: int
    is_part: bool

    @classmethod
    def of(cls, header: str | None, size: int) -> "Span":
        """`header`: of Range, where it is to be heeded. Raises BadRange."""
        found = parse_range(header, size)
        return cls(*(found or (0, size)), size, is_part=found is not None)

    @property
    def status(self) -> int:
        return 206 if self.is_part else 200

    @property
    def headers(self) -> dict[str, str]:
        length = {"Content-Length": str(self.end - self.start)}
        return length | {"Content-Range": f"bytes {self.start}-{self.end - 1}/{self.size}"} if self.is_part else length


async def stream_object(
    reader: Reader,
    bucket: str,
    key: str,
    wanted: Wanted,
    *,
    media_type: str,
    disposition: str,
    etag: str = "",
    sha256: str | None = None,
    cache: str = "private, no-cache",
) -> Response[bytes] | Stream:
    """200, 206 or 304. Raises Missing, BadRange, StoreDown."""
    facts = await reader.head(bucket, key)
    if facts is None:
        raise Missing
    tag = f'"{etag or facts.etag}"'
    headers = {**SANDBOX, "ETag": tag, "Accept-Ranges": "bytes", "Cache-Control": cache}
    if sha256:
        # RFC 9530 §3: of the whole, whatever range is asked for.
        headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"
    if disposition:
        headers["Content-Disposition"] = disposition
    if wanted.if_none_match and (wanted.if_none_match.strip() == "*" or tag in wanted.if_none_match):
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    usable = wanted.if_range is None or wanted.if_range == tag
    span = Span.of(wanted.range if usable else None, facts.size_bytes)
    headers |= span.headers
    if facts.size_bytes == 0:
        return Response(b"", headers=headers, media_type=media_type)
    return Stream(reader.read(bucket, key, span.start, span.end), status_code=span.status, headers=headers, media_type=media_type)
