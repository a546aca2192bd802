"""What Uppy's S3 clients send and expect (@uppy/aws-s3 6: Companion's JSON, and the XML of S3). Pure."""

import re
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID
from xml.sax.saxutils import escape

import msgspec

from service.storage.port import Part, StoredPart
from service.uploads.errors import PartsMismatch
from service.uploads.tus.headers import Creation, describe

# What Uppy puts before a name so that keys differ; ours do anyway.
_RANDOM = re.compile(r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-(?=.)")
_PART = re.compile(r"<Part>(.*?)</Part>", re.DOTALL)
_NUMBER = re.compile(r"<PartNumber>\s*(\d{1,5})\s*</PartNumber>")
_ETAG = re.compile(r"<ETag>\s*(?:&quot;|&#34;|\")?([0-9A-Za-z-]{1,80})(?:&quot;|&#34;|\")?\s*</ETag>")
MAX_XML_BYTES = 2 << 20


class NewMultipart(msgspec.Struct):
    """Fields that Uppy adds one day are let pass."""

    filename: str
    type: str | None = None
    metadata: dict[str, object] = {}
    size: Annotated[int, msgspec.Meta(ge=1)] | None = None


class MultipartMade(msgspec.Struct, rename="camel"):
    key: str
    upload_id: UUID
    bucket: str
    # Ours: what a client that can choose should choose.
    part_size: int


class ListedPart(msgspec.Struct, rename="pascal"):
    part_number: int
    size: int
    e_tag: str = msgspec.field(name="ETag")


class NamedPart(msgspec.Struct, rename="pascal"):
    part_number: int
    e_tag: str = msgspec.field(name="ETag")


class PartList(msgspec.Struct):
    parts: Annotated[list[NamedPart], msgspec.Meta(max_length=10_000)]


class SignedUrl(msgspec.Struct):
    """`expires` in seconds."""

    url: str
    expires: int


class SignedUrls(msgspec.Struct, rename="camel"):
    presigned_urls: dict[str, str]


class Completed(msgspec.Struct):
    location: str
    key: str
    bucket: str


class FormParameters(msgspec.Struct):
    method: str
    url: str
    fields: dict[str, str]
    expires: int


class SignRequest(msgspec.Struct, rename="camel"):
    """`size` is ours: a part's length, which is then part of what is signed."""

    method: str
    key: str
    upload_id: UUID | None = None
    part_number: int | None = None
    content_type: str | None = None
    size: Annotated[int, msgspec.Meta(ge=1)] | None = None


class Endpoint(msgspec.Struct, rename="camel"):
    """For a client that can send no header of its own. `expires_at` in Unix seconds."""

    companion_endpoint: str
    expires_at: int


def creation(filename: str, media_type: str | None, metadata: dict[str, object], *, size: int | None, protocol: str) -> Creation:
    """Raises BadHeader."""
    said = {name: str(value) for name, value in metadata.items() if value not in (None, "")}
    path, _, leaf = filename.replace("\\", "/").rpartition("/")
    named = {**said, "filename": _RANDOM.sub("", leaf), "filetype": media_type or said.get("type", "")}
    if path and "relativePath" not in said:
        named["relativePath"] = f"{path}/{leaf}"
    return describe(named, length=size, protocol=protocol)


def named_parts(parts: Sequence[NamedPart]) -> list[Part]:
    return [Part(part.part_number, part.e_tag.strip('"')) for part in parts]


def parse_complete(body: bytes) -> list[Part]:
    """CompleteMultipartUpload. Only numbers and ETags are looked for, so nothing in it is ever expanded. Raises PartsMismatch."""
    if len(body) > MAX_XML_BYTES:
        raise PartsMismatch
    parts = []
    for found in _PART.findall(body.decode("utf-8", "replace")):
        number, etag = _NUMBER.search(found), _ETAG.search(found)
        if number is None or etag is None:
            raise PartsMismatch
        parts.append(Part(int(number[1]), etag[1]))
    return parts


def _xml(root: str, inner: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inner}</{root}>'.encode()


def _pair(name: str, value: object) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


def initiated(bucket: str, key: str, upload_id: UUID) -> bytes:
    return _xml("InitiateMultipartUploadResult", _pair("Bucket", bucket) + _pair("Key", key) + _pair("UploadId", upload_id))


def listed(bucket: str, key: str, upload_id: UUID, parts: Sequence[StoredPart]) -> bytes:
    rows = "".join(
        "<Part>" + _pair("PartNumber", part.number) + _pair("ETag", f'"{part.etag}"') + _pair("Size", part.size_bytes) + "</Part>"
        for part in parts
    )
    return _xml("ListPartsResult", _pair("Bucket", bucket) + _pair("Key", key) + _pair("UploadId", upload_id) + rows)


def completed(bucket: str, key: str, location: str) -> bytes:
    return _xml("CompleteMultipartUploadResult", _pair("Location", location) + _pair("Bucket", bucket) + _pair("Key", key))
