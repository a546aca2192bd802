"""CRC-64/NVME, the cheapest checksum that both stores verify (about 0.1 CPU-s per GiB)."""

import base64
import hashlib
from collections.abc import Sequence

from awscrt import checksums

from service.storage.port import Buffer

CRC64_HEADER = "x-amz-checksum-crc64nvme"


def crc64nvme(body: Buffer) -> str:
    """Base64 of the big-endian CRC, as the S3 header wants it."""
    return base64.b64encode(checksums.crc64nvme(body).to_bytes(8, "big")).decode()


def multipart_etag(etags: Sequence[str]) -> str:
    """The ETag S3 gives to a multipart object: md5 of the parts' binary md5s, a dash, their number."""
    joined = b"".join(bytes.fromhex(etag) for etag in etags)
    return f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(etags)}"
