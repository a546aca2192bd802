"""S3 behind the port: our own signed requests where bytes move, boto3 (in threads) for everything else.

Rules that hold on every store we know (docs/reference/stores.md): a checksum with every part and none declared at
create; Complete gets only numbers and ETags; open uploads are looked up by exact key; nothing is inferred from
a listing's silence.
"""

import asyncio
import hashlib
import logging
import re
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from service.core.settings import StoreSettings
from service.storage.checksums import CRC64_HEADER, crc64nvme
from service.storage.port import Buffer, ObjectFacts, ObjectMissing, Part, PartsRefused, StoreDown, StoredPart, StoreFull, UploadGone
from service.storage.signing import UNSIGNED, Signer
from service.storage.wire import Answer, Wire, is_loopback

log = logging.getLogger("stowage.storage")

RETRY_FOR_S = 25.0
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 3.0
MAX_DELETE = 1_000
_CODE = re.compile(rb"<Code>([^<]*)</Code>")
_FULL_CODES = frozenset({"XMinioStorageFull", "InsufficientStorage", "EntityTooLarge.Disk"})
_REFUSED_CODES = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall"})
_NOT_FOUND = 404
_FULL = 507


class S3Store:
    """The whole Store port over one endpoint. `calls` counts requests by operation since start."""

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings
        self._wire = Wire(settings.endpoint)
        self._signer = Signer(self._wire.host, settings.access_key, settings.secret_key, settings.region)
        public = urlsplit(settings.public_endpoint or settings.endpoint)
        self._public_scheme = public.scheme
        presign = (
            (settings.presign_access_key, settings.presign_secret_key)
            if settings.presign_access_key
            else (settings.access_key, settings.secret_key)
        )
        self._presigner = Signer(public.netloc, *presign, settings.region)
        self.can_presign_parts = bool(settings.parts_access_key)
        self._part_signer = Signer(public.netloc, settings.parts_access_key, settings.parts_secret_key, settings.region)
        # A body over plain HTTP to another machine is signed; over TLS or loopback the checksum is enough.
        self._signs_payload = not self._wire.is_tls and not is_loopback(self._wire.hostname)
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="s3")
        self.calls: Counter[str] = Counter()
        self._boto = boto3.client(
            "s3",
            endpoint_url=settings.endpoint,
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key,
            region_name=settings.region,
            config=Config(
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                retries={"max_attempts": 0},
                connect_timeout=5,
                read_timeout=60,
                max_pool_connections=8,
            ),
        )

    # -- calls through boto3
    async def _control(self, operation: str, **arguments: Any) -> dict[str, Any]:
        self.calls[operation] += 1
        method: Callable[..., dict[str, Any]] = getattr(self._boto, operation)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: method(**arguments))
        except ClientError as error:
            raise _from_client_error(error) from error
        except BotoCoreError as error:
            raise StoreDown(internal=str(error)) from error

    async def create_multipart(self, bucket: str, key: str) -> str:
        return str((await self._control("create_multipart_upload", Bucket=bucket, Key=key))["UploadId"])

    async def copy_part(self, bucket: str, key: str, upload_id: str, number: int, source: str, start: int, end: int) -> str:
        answer = await self._control(
            "upload_part_copy",
            Bucket=bucket,
            Key=key,
            UploadId=upload_id,
            PartNumber=number,
            CopySource={"Bucket": bucket, "Key": source},
            CopySourceRange=f"bytes={start}-{end - 1}",
        )
        return str(answer["CopyPartResult"]["ETag"]).strip('"')

    async def complete_multipart(self, bucket: str, key: str, upload_id: str, parts: Sequence[Part]) -> str:
        listed = [{"PartNumber": part.number, "ETag": f'"{part.etag}"'} for part in parts]
        answer = await self._control(
            "complete_multipart_upload", Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": listed}
        )
        return str(answer.get("ETag", "")).strip('"')

    async def abort_multipart(self, bucket: str, key: str, upload_id: str) -> None:
        try:
            await self._control("abort_multipart_upload", Bucket=bucket, Key=key, UploadId=upload_id)
        except (UploadGone, ObjectMissing):
            return

    async def open_multiparts(self, bucket: str, key: str) -> list[str]:
        answer = await self._control("list_multipart_uploads", Bucket=bucket, Prefix=key)
        return [str(upload["UploadId"]) for upload in answer.get("Uploads", []) if upload["Key"] == key]

    async def list_parts(self, bucket: str, key: str, upload_id: str) -> list[StoredPart]:
        found: list[StoredPart] = []
        marker: dict[str, int] = {}
        while True:
            page = await self._control("list_parts", Bucket=bucket, Key=key, UploadId=upload_id, MaxParts=1_000, **marker)
            found += [
                StoredPart(int(part["PartNumber"]), int(part["Size"]), str(part["ETag"]).strip('"')) for part in page.get("Parts", [])
            ]
            if not page.get("IsTruncated"):
                return sorted(found, key=lambda part: part.number)
            marker = {"PartNumberMarker": int(page["NextPartNumberMarker"])}

    async def has_parts(self, bucket: str, key: str, upload_id: str) -> bool:
        try:
            await self._control("list_parts", Bucket=bucket, Key=key, UploadId=upload_id, MaxParts=1)
        except (UploadGone, ObjectMissing):
            return False
        return True

    async def delete(self, bucket: str, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), MAX_DELETE):
            batch = [{"Key": key} for key in keys[start : start + MAX_DELETE]]
            answer = await self._control("delete_objects", Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
            if errors := answer.get("Errors"):
                raise StoreDown(internal=f"delete_objects: {errors[:3]}")

    async def list_keys(self, bucket: str, prefix: str) -> AsyncIterator[str]:
        token: dict[str, str] = {}
        while True:
            page = await self._control("list_objects_v2", Bucket=bucket, Prefix=prefix, **token)
            for entry in page.get("Contents", []):
                yield str(entry["Key"])
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    async def check(self) -> None:
        await self._control("head_bucket", Bucket=self._settings.originals)

    # -- calls through the wire
    async def head(self, bucket: str, key: str) -> ObjectFacts | None:
        answer = await self._send("head_object", "HEAD", bucket, key, has_body=False)
        if answer.status == _NOT_FOUND:
            return None
        _raise_for(answer)
        modified = answer.headers.get("last-modified")
        stored_at = parsedate_to_datetime(modified) if modified else None
        return ObjectFacts(int(answer.headers["content-length"]), answer.headers.get("etag", "").strip('"'), stored_at)

    async def read(self, bucket: str, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        self.calls["get_object"] += 1
        extra = [] if start == 0 and end is None else [("range", f"bytes={start}-{'' if end is None else end - 1}")]
        head = self._signer.head("GET", f"/{bucket}/{quote(key)}", "", extra)
        expected = None if end is None else end - start
        received = 0
        try:
            async with self._wire.stream(head) as (answer, chunks):
                if answer.status == _NOT_FOUND:
                    raise ObjectMissing(internal=f"{bucket}/{key}")
                _raise_for(answer)
                expected = int(answer.headers.get("content-length", expected or 0))
                async for chunk in chunks:
                    received += len(chunk)
                    yield chunk
        except (OSError, TimeoutError) as error:
            raise StoreDown(internal=f"get {key}: {error}") from error
        if received != expected:
            raise StoreDown(internal=f"get {key}: {received} of {expected} bytes")

    async def put(
        self, bucket: str, key: str, body: Buffer, media_type: str = "application/octet-stream", *, is_immutable: bool = False
    ) -> str:
        extra = [("content-type", media_type)]
        if is_immutable:
            extra.append(("cache-control", "private, max-age=31536000, immutable"))
        return await self._put_verified("put_object", bucket, key, "", body, extra)

    async def put_part(self, bucket: str, key: str, upload_id: str, number: int, body: Buffer) -> str:
        query = f"partNumber={number}&uploadId={quote(upload_id, safe='~')}"
        return await self._put_verified("upload_part", bucket, key, query, body, [])

    async def _put_verified(self, operation: str, bucket: str, key: str, query: str, body: Buffer, extra: list[tuple[str, str]]) -> str:
        checksum = crc64nvme(body)
        extra = [*extra, (CRC64_HEADER, checksum)]
        payload = hashlib.sha256(body).hexdigest() if self._signs_payload else UNSIGNED
        answer = await self._send(operation, "PUT", bucket, key, query, extra, body, payload)
        _raise_for(answer)
        # Where the store says what it stored, an answer that was meant for another request is seen here.
        if answer.headers.get(CRC64_HEADER, checksum) != checksum:
            raise StoreDown(internal=f"{operation} {key}: the store confirmed other bytes")
        return answer.headers.get("etag", "").strip('"')

    async def _send(
        self,
        operation: str,
        method: str,
        bucket: str,
        key: str,
        query: str = "",
        extra: Sequence[tuple[str, str]] = (),
        body: Buffer | None = None,
        payload: str = UNSIGNED,
        *,
        has_body: bool = True,
    ) -> Answer:
        """Send, and send the very same again while the store gives no answer, for at most RETRY_FOR_S."""
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + RETRY_FOR_S, FIRST_PAUSE_S
        length = len(body) if body is not None else None
        while True:
            self.calls[operation] += 1
            head = self._signer.head(method, f"/{bucket}/{quote(key)}", query, extra, length, payload)
            try:
                answer = await self._wire.call(head, body, has_body=has_body)
            except (OSError, TimeoutError) as error:
                failure = f"{operation} {key}: {type(error).__name__} {error}"
            else:
                if answer.status < 500 or answer.status == _FULL:  # noqa: PLR2004  5xx but "full" may pass
                    return answer
                failure = f"{operation} {key}: {answer.status} {answer.body[:200]!r}"
            if loop.time() + pause > deadline:
                raise StoreDown(internal=failure)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def presign_get(self, bucket: str, key: str, *, expires_s: int, window_s: int = 0, media_type: str = "", disposition: str = "") -> str:
        overrides = [
            (name, value) for name, value in (("response-content-type", media_type), ("response-content-disposition", disposition)) if value
        ]
        return self._presigner.presign(self._public_scheme, f"/{bucket}/{quote(key)}", expires_s, window_s, overrides)

    def presign_part(self, bucket: str, key: str, upload_id: str, number: int, *, size: int | None, expires_s: int) -> str:
        headers = [] if size is None else [("content-length", str(size))]
        parameters = [("partNumber", str(number)), ("uploadId", upload_id)]
        return self._part_signer.presign(
            self._public_scheme, f"/{bucket}/{quote(key)}", expires_s, parameters=parameters, method="PUT", headers=headers
        )

    async def close(self) -> None:
        self._wire.close()
        self._threads.shutdown(wait=False)
        await asyncio.to_thread(self._boto.close)


def _raise_for(answer: Answer) -> None:
    if answer.status < 300:  # noqa: PLR2004  success
        return
    match = _CODE.search(answer.body)
    _raise_code(answer.status, match[1].decode() if match else "", answer.body[:300].decode("utf-8", "replace"))


def _raise_code(status: int, code: str, text: str) -> None:
    internal = f"{status} {code}: {text}"
    if code in _FULL_CODES or status == _FULL:
        raise StoreFull(internal=internal)
    if code == "NoSuchUpload":
        raise UploadGone(internal=internal)
    if code in _REFUSED_CODES:
        raise PartsRefused(internal=internal)
    if code in {"NoSuchKey", "404"}:
        raise ObjectMissing(internal=internal)
    raise StoreDown(internal=internal)


def _from_client_error(error: ClientError) -> Exception:
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    try:
        _raise_code(status, str(error.response.get("Error", {}).get("Code", "")), str(error))
    except Exception as domain:
        return domain
    return error
