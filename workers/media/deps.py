"""What media actors are given."""

import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from service.core.db import Database
from service.core.errors import StowageError
from service.core.settings import MediaSettings
from service.media import repository
from service.media.service import Source, source_of
from service.outbox.context import JobContext
from service.outbox.service import LeaseLost
from service.storage.port import Reader, StoreDown, Writer
from workers.tools.gpu.seat import Seat
from workers.tools.range_proxy import RangeProxy, Served


class MediaStore(Reader, Writer, Protocol):
    """What media needs of a store."""


@dataclass(frozen=True, slots=True)
class MediaDeps:
    """Shared by all media jobs of a worker process. `tell` hints to browsers, as JSON."""

    database: Database
    store: MediaStore
    derived_bucket: str
    proxy: RangeProxy
    settings: MediaSettings
    scratch: Path
    tell: Callable[[str], None]
    secret_key: str = ""
    gpu: Seat | None = None

    @asynccontextmanager
    async def serve(self, source: Source, context: JobContext) -> AsyncIterator[Served]:
        """The source as a loopback URL for children; what was read of it is told with the job.

        Raises StoreDown for whatever fails inside after the store broke off.
        """

        def read(start: int, end: int) -> AsyncGenerator[bytes]:
            return self.store.read(source.bucket, source.key, start, end)

        async with self.proxy.source((source.bucket, source.key), read, source.size_bytes) as served:
            try:
                yield served
            except (StowageError, LeaseLost):
                raise
            except Exception as error:
                if served.is_cut:
                    raise StoreDown(internal=f"the source broke off: {error}") from error
                raise
            finally:
                context.result["read_bytes"] = served.bytes_read

    async def begin(self, version_id: UUID, kind: str) -> Source | None:
        """The source of a derivative that is being made from now on; None once the file is gone."""
        async with self.database.write() as session:
            await repository.set_state(session, version_id, [kind], "running", None)
            return await source_of(session, version_id)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A scratch folder that is gone afterwards."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.scratch) as name:
            yield Path(name)
