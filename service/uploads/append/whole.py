"""An upload that goes to the store as one object."""

import asyncio
import hashlib
import zlib
from dataclasses import dataclass

from service.files.recognise import HEAD_BYTES
from service.storage.port import Buffer, Writer

# More than this is hashed in a thread.
HASHED_AT_ONCE = 256 << 10


@dataclass(frozen=True, slots=True)
class WholeObject:
    """Its key, what the store and we computed of it (`sha256` in hex, `crc32` of ZIP), and its first bytes."""

    key: str
    etag: str
    sha256: str
    crc32: int
    head: bytes


async def put_whole(store: Writer, bucket: str, key: str, body: Buffer) -> WholeObject:
    """Store and hash at the same time; `body` is nobody's any more on return, also after an error. Raises StoreDown, StoreFull."""
    hashing = asyncio.create_task(_digests(body))
    try:
        etag = await store.put(bucket, key, body)
        return WholeObject(key, etag, *await hashing, bytes(body[:HEAD_BYTES]))
    finally:
        await asyncio.wait({hashing})


async def _digests(body: Buffer) -> tuple[str, int]:
    """(SHA-256 in hex, CRC-32)."""

    def both() -> tuple[str, int]:
        return hashlib.sha256(body).hexdigest(), zlib.crc32(body)

    return both() if len(body) <= HASHED_AT_ONCE else await asyncio.to_thread(both)
