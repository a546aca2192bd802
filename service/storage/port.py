"""What slices may ask of a store: small protocols, so that a caller names only what it needs (shapes as in S3)."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.core.errors import Kind, StowageError, Unavailable

# S3's smallest part but for the last.
MIN_PART = 5 << 20
MAX_PARTS = 10_000

Buffer = bytes | bytearray | memoryview


class StoreDown(Unavailable):
    code = "store.down"
    public = "The object store can't be reached. Nothing is lost; try again in a moment."


class StoreFull(StowageError):
    code = "store.full"
    kind = Kind.STORE_FULL
    public = "The object store is full. What arrived is kept; ask your administrator for space."

    def __init__(self, *, internal: str = "") -> None:
        super().__init__(internal=internal, retry_after=60)


class ObjectMissing(StowageError):
    code = "store.object_missing"
    kind = Kind.MISSING
    public = "The stored object is missing."


class UploadGone(StowageError):
    """NoSuchUpload: completed, aborted or expired; which of them only HEAD can tell."""

    code = "store.upload_gone"
    kind = Kind.GONE
    public = "The multipart upload is gone."


class PartsRefused(StowageError):
    """InvalidPart, InvalidPartOrder, EntityTooSmall: our list and the store's parts differ."""

    code = "store.parts_refused"
    kind = Kind.CONFLICT
    public = "The store does not have the parts we sent it."


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """Size in bytes, ETag without quotes, and when it was stored, by the store's clock."""

    size_bytes: int
    etag: str
    stored_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Part:
    number: int
    etag: str


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part as the store lists it."""

    number: int
    size_bytes: int
    etag: str


class Reader(Protocol):
    async def head(self, bucket: str, key: str) -> ObjectFacts | None:
        """None where there is no such object. Raises StoreDown."""
        ...

    def read(self, bucket: str, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """Bytes start..end-1 in pieces. Raises ObjectMissing, StoreDown, also in the middle."""
        ...


class Writer(Protocol):
    async def put(
        self, bucket: str, key: str, body: Buffer, media_type: str = "application/octet-stream", *, is_immutable: bool = False
    ) -> str:
        """Store a whole object, verified by checksum; returns its ETag. Raises StoreDown, StoreFull."""
        ...

    async def delete(self, bucket: str, keys: Sequence[str]) -> None:
        """Delete any number of keys; unknown ones are no error. Raises StoreDown."""
        ...


class Multipart(Protocol):
    async def create_multipart(self, bucket: str, key: str) -> str: ...

    async def put_part(self, bucket: str, key: str, upload_id: str, number: int, body: Buffer) -> str:
        """Store one part, verified by checksum; returns its ETag. Raises StoreDown, StoreFull, UploadGone."""
        ...

    async def copy_part(self, bucket: str, key: str, upload_id: str, number: int, source: str, start: int, end: int) -> str:
        """A part made at the store of bytes start..end-1 of the object `source`; returns its ETag.

        Raises ObjectMissing, StoreDown, StoreFull, UploadGone.
        """
        ...

    async def complete_multipart(self, bucket: str, key: str, upload_id: str, parts: Sequence[Part]) -> str:
        """Returns the object's ETag. Raises UploadGone, PartsRefused, StoreDown, StoreFull."""
        ...

    async def abort_multipart(self, bucket: str, key: str, upload_id: str) -> None:
        """Unknown uploads are no error. Raises StoreDown."""
        ...

    async def open_multiparts(self, bucket: str, key: str) -> list[str]:
        """Ids of open multipart uploads of exactly this key (a prefix would list nothing on MinIO)."""
        ...

    async def list_parts(self, bucket: str, key: str, upload_id: str) -> list[StoredPart]:
        """All parts in the order of their numbers. Raises UploadGone, StoreDown."""
        ...

    async def has_parts(self, bucket: str, key: str, upload_id: str) -> bool:
        """True while ListParts knows the upload. Raises StoreDown."""
        ...


class Mover(Reader, Writer, Multipart, Protocol):
    """What moving bytes in and about needs of a store."""


class Lister(Protocol):
    def list_keys(self, bucket: str, prefix: str) -> AsyncIterator[str]: ...


class Presigner(Protocol):
    def presign_get(self, bucket: str, key: str, *, expires_s: int, window_s: int = 0, media_type: str = "", disposition: str = "") -> str:
        """A GET URL for browsers; equal for all calls within `window_s`, so that caches work."""
        ...


class PartPresigner(Protocol):
    can_presign_parts: bool

    def presign_part(self, bucket: str, key: str, upload_id: str, number: int, *, size: int | None, expires_s: int) -> str:
        """A PUT URL for exactly this part, and with `size` for exactly that many bytes."""
        ...


class Store(Reader, Writer, Multipart, Lister, Presigner, PartPresigner, Protocol):
    """All capabilities: what roots assemble."""

    async def check(self) -> None:
        """Raise StoreDown unless the store answers for our buckets."""
        ...

    async def close(self) -> None: ...
