"""An upload that goes to the store as one object."""

import asyncio
import hashlib
from dataclasses import dataclass

from service.files.recognise import HEAD_BYTES
from service.storage.port import Buffer, Writer

# More than this is hashed in a thread.
HASHED_AT_ONCE = 256 << 10


@dataclass(frozen=True, slots=True)
class WholeObject:
    """Its key, what the store and we computed of it (`sha256` in hex), and its first bytes."""

    key: str
    etag: str
    sha256: str
    head: bytes


async def put_whole(store: Writer, bucket: str, key: str, body: Buffer) -> WholeObject:
    """Store and hash at the same time; `body` is nobody's any more on return, also after an error. Raises StoreDown, StoreFull."""
    hashing = asyncio.create_task(_sha256(body))
    try:
        etag = await store.put(bucket, key, body)
        return WholeObject(key, etag, await hashing, bytes(body[:HEAD_BYTES]))
    finally:
        await asyncio.wait({hashing})


async def _sha256(body: Buffer) -> str:
    if len(body) <= HASHED_AT_ONCE:
        return hashlib.sha256(body).hexdigest()
    return (await asyncio.to_thread(hashlib.sha256, body)).hexdigest()
