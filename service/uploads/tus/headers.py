"""Header grammar of tus 1.0.0 (https://tus.io/protocols/resumable-upload, sections Headers and Creation)."""

import base64
import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from uuid import UUID

from service.uploads.errors import BadHeader, FinalHasNoBody, UnsupportedVersion, WrongContentType
from service.uploads.tus.checksum import ALGORITHMS

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,termination,expiration,checksum,checksum-trailer,concatenation,concatenation-unfinished"
OFFSET_TYPE = "application/offset+octet-stream"
MAX_METADATA_BYTES = 8 * 1024
MAX_METADATA_KEYS = 32
MAX_PARTIALS = 1_000
_UPLOAD_URL = re.compile(r"^(?:https?://[^/]+)?/api/v1/tus/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?$")
EXPOSED = (
    "Location",
    "Tus-Resumable",
    "Tus-Version",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Checksum-Algorithm",
    "Upload-Offset",
    "Upload-Length",
    "Upload-Defer-Length",
    "Upload-Metadata",
    "Upload-Expires",
    "Upload-Concat",
    "X-Request-ID",
    "Retry-After",
    "ETag",
    "Content-Range",
)
# Digits without sign or leading zero; 19 of them fit in 63 bits.
_NUMBER = re.compile(r"^(0|[1-9]\d{0,17})$")
_DIGEST_LENGTH, _HEX_LENGTH = 32, 64
_CONFLICTS = frozenset({"version", "rename", "fail"})


@dataclass(frozen=True, slots=True)
class Creation:
    """An upload as its client means it. `length` None: deferred."""

    length: int | None
    metadata_raw: str
    name: str
    folder_path: str
    claimed_type: str | None
    on_conflict: str
    has_body: bool
    is_partial: bool = False
    # Uploads that a final joins, in order; None for every other upload.
    partials: tuple[UUID, ...] | None = None
    protocol: str = "tus"
    # Of a length that is not known, what is known about it.
    at_most: int | None = None
    # Of the whole file, in hex.
    sha256: str | None = None


def check_version(headers: Mapping[str, str]) -> None:
    """Raises UnsupportedVersion."""
    if headers.get("tus-resumable") != VERSION:
        raise UnsupportedVersion


def number(headers: Mapping[str, str], name: str) -> int | None:
    """A non-negative integer header, None where absent. Raises BadHeader."""
    text = headers.get(name)
    if text is None:
        return None
    if not _NUMBER.match(text):
        message = f"{name} must be a non-negative whole number, not {text[:40]!r}."
        raise BadHeader(message)
    return int(text)


def offset(headers: Mapping[str, str]) -> int:
    """Raises BadHeader."""
    value = number(headers, "upload-offset")
    if value is None:
        message = "Upload-Offset is missing."
        raise BadHeader(message)
    return value


def content_type_is_offset(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == OFFSET_TYPE


def require_offset_type(headers: Mapping[str, str]) -> None:
    """Raises WrongContentType."""
    if not content_type_is_offset(headers):
        raise WrongContentType


def parse_concat(text: str) -> tuple[UUID, ...] | None:
    """`partial` (None) or `final;URL URL …` (the uploads' ids, at most MAX_PARTIALS). Raises BadHeader."""
    if text == "partial":
        return None
    kind, _, urls = text.partition(";")
    found = [_UPLOAD_URL.search(url) for url in urls.split()] if kind == "final" else []
    ids = tuple(UUID(match[1]) for match in found if match is not None)
    if not ids or len(ids) != len(found) or len(ids) > MAX_PARTIALS:
        message = f"Upload-Concat is `partial`, or `final;` and 1 to {MAX_PARTIALS} URLs of this server's partial uploads."
        raise BadHeader(message)
    return ids


def parse_metadata(raw: str) -> dict[str, str]:
    """Upload-Metadata as a dict of text; an empty header is legal. Raises BadHeader."""
    if len(raw) > MAX_METADATA_BYTES:
        message = f"Upload-Metadata is longer than {MAX_METADATA_BYTES} bytes."
        raise BadHeader(message)
    pairs: dict[str, str] = {}
    for item in raw.split(",") if raw.strip() else []:
        words = item.split()
        if not 1 <= len(words) <= 2 or words[0] in pairs or len(pairs) >= MAX_METADATA_KEYS:  # noqa: PLR2004  "key" or "key value"
            message = "Upload-Metadata is a list of `key base64value` pairs with distinct keys."
            raise BadHeader(message)
        pairs[words[0]] = _decode(words[1]) if len(words) > 1 else ""
    return pairs


def _decode(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8")
    except ValueError as error:
        message = "A value of Upload-Metadata is not Base64 of UTF-8."
        raise BadHeader(message) from error


def parse_creation(headers: Mapping[str, str], body_bytes: int | None) -> Creation:
    """Read a POST. Raises BadHeader, FinalHasNoBody."""
    length = number(headers, "upload-length")
    deferred = headers.get("upload-defer-length")
    concat = headers.get("upload-concat")
    partials = parse_concat(concat) if concat is not None else None
    if partials is not None and body_bytes != 0 and content_type_is_offset(headers):
        raise FinalHasNoBody
    if deferred is not None and deferred != "1":
        message = "Upload-Defer-Length can only be 1."
        raise BadHeader(message)
    if concat is not None and (deferred is not None or (partials is not None and length is not None)):
        message = "A partial upload has an Upload-Length, a final one has neither that nor Upload-Defer-Length."
        raise BadHeader(message)
    if partials is None and (length is None) == (deferred is None):
        message = "Send either Upload-Length or Upload-Defer-Length: 1."
        raise BadHeader(message)
    raw = headers.get("upload-metadata", "")
    metadata = parse_metadata(raw)
    has_body = content_type_is_offset(headers) and body_bytes != 0
    described = describe(metadata, length=length, raw=raw)
    sha256 = repr_digest(headers.get("repr-digest", ""))
    if None not in {sha256, described.sha256} and sha256 != described.sha256:
        message = "Repr-Digest and the sha256 of Upload-Metadata differ."
        raise BadHeader(message)
    return replace(
        described,
        has_body=has_body,
        is_partial=concat is not None and partials is None,
        partials=partials,
        sha256=sha256 or described.sha256,
    )


def repr_digest(text: str) -> str | None:
    """The sha-256 of a Repr-Digest field in hex (RFC 9530 §3, a Dictionary of Byte Sequences); other algorithms count for nothing."""
    found = None
    for member in text.split(","):
        name, _, value = member.strip().partition("=")
        if name == "sha-256":
            if not (len(value) > 1 and value[0] == value[-1] == ":"):
                message = "The sha-256 of Repr-Digest is Base64 between colons."
                raise BadHeader(message)
            found = sha256_hex(value[1:-1])
    return found


def sha256_hex(text: str) -> str:
    """A SHA-256 given in hex or Base64. Raises BadHeader."""
    with contextlib.suppress(ValueError):
        if len(digest := bytes.fromhex(text) if len(text) == _HEX_LENGTH else base64.b64decode(text, validate=True)) == _DIGEST_LENGTH:
            return digest.hex()
    message = "A sha256 is 64 hexadecimal digits, or Base64 of 32 bytes."
    raise BadHeader(message)


def describe(metadata: Mapping[str, str], *, length: int | None, raw: str = "", protocol: str = "tus") -> Creation:
    """What clients' usual metadata say of a file. Raises BadHeader."""
    relative = metadata.get("relativePath", "")
    path, _, leaf = relative.replace("\\", "/").rpartition("/")
    name = metadata.get("filename") or metadata.get("name") or leaf or "unnamed"
    folder = "/".join(part for part in (metadata.get("folder", ""), path) if part and part != "null")
    on_conflict = metadata.get("on_conflict", "rename")
    if on_conflict not in _CONFLICTS:
        message = "on_conflict is version, rename or fail."
        raise BadHeader(message)
    return Creation(
        length,
        raw,
        name.replace("\\", "/").rpartition("/")[2],
        folder,
        metadata.get("filetype") or metadata.get("type") or None,
        on_conflict,
        has_body=False,
        protocol=protocol,
        sha256=sha256_hex(metadata["sha256"]) if metadata.get("sha256") else None,
    )


def http_date(moment: datetime) -> str:
    """Upload-Expires in the form of RFC 9110 §5.6.7."""
    return format_datetime(moment, usegmt=True)


def concat_header(*, is_partial: bool, partials: Sequence[UUID] | None) -> dict[str, str]:
    if partials is not None:
        return {"Upload-Concat": "final;" + " ".join(f"/api/v1/tus/{one}" for one in partials)}
    return {"Upload-Concat": "partial"} if is_partial else {}


def status_headers(*, offset_bytes: int | None, length_bytes: int | None, metadata_raw: str) -> dict[str, str]:
    """Headers of a HEAD answer; a final upload has no offset before it is joined."""
    headers = {"Cache-Control": "no-store"}
    if offset_bytes is not None:
        headers["Upload-Offset"] = str(offset_bytes)
    if length_bytes is None:
        headers["Upload-Defer-Length"] = "1"
    else:
        headers["Upload-Length"] = str(length_bytes)
    if metadata_raw:
        headers["Upload-Metadata"] = metadata_raw
    return headers


def option_headers(max_bytes: int) -> dict[str, str]:
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(max_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
