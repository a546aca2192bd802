"""What the upload protocol leans on, asked of the store before anything is entrusted to it."""

import contextlib
import os
from collections.abc import Sequence

from service.core.errors import StowageError
from service.core.ids import new_id
from service.storage.checksums import multipart_etag
from service.storage.port import MIN_PART, Mover, Part

LAST_PART = 1 << 10


class StoreUnfit(Exception):
    """One sentence for the operator."""


async def probe_store(store: Mover, bucket: str) -> None:
    """One small multipart upload with a gap in its numbers and a part sent twice. Raises StoreUnfit, StoreDown, StoreFull."""
    key = f"probe/{new_id()}"
    bodies = {2: os.urandom(MIN_PART), 5: os.urandom(LAST_PART)}
    upload_id = await store.create_multipart(bucket, key)
    try:
        first = [await store.put_part(bucket, key, upload_id, number, body) for number, body in bodies.items()]
        again = [await store.put_part(bucket, key, upload_id, number, body) for number, body in bodies.items()]
        _check(first == again, "gives the same part another ETag each time (server-side encryption with KMS keys does that: switch it off)")
        etag = await store.complete_multipart(bucket, key, upload_id, _listed(bodies, first))
        _check(etag == multipart_etag(first), f"answers a completed upload with the ETag {etag}, which is not that of its parts")
        facts = await store.head(bucket, key)
        _check(facts is not None and facts.size_bytes == MIN_PART + LAST_PART, "does not keep a completed upload as it was sent")
    finally:
        with contextlib.suppress(StowageError):
            await store.abort_multipart(bucket, key, upload_id)
        with contextlib.suppress(StowageError):
            await store.delete(bucket, [key])


def _listed(bodies: dict[int, bytes], etags: Sequence[str]) -> list[Part]:
    return [Part(number, etag) for number, etag in zip(bodies, etags, strict=True)]


def _check(holds: bool, fault: str) -> None:
    if not holds:
        message = f"Uploads can't be kept safely here: this object store {fault}."
        raise StoreUnfit(message)
