"""From a file to the index of what is in it: made once, when somebody first looks."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import msgspec

from service.core.db import Database, WriteSession
from service.core.errors import Missing
from service.core.principal import Principal
from service.files.models import FileVersion
from service.files.repository import Found
from service.files.service import get_sound_file
from service.media import repository
from service.media.archives.errors import ArchiveUnreadable, NoArchive, StillIndexing
from service.media.archives.formats import archive_format
from service.media.archives.index import Facts, Index
from service.media.archives.members import Member, locate
from service.media.jobs import IndexArchive
from service.media.models import Derivative
from service.media.service import Source, store_derivative
from service.outbox import repository as jobs
from service.outbox import service as outbox
from service.storage.port import Reader

KIND = "archive_index"
OBJECT = "index"
WAIT_S = 2.0
POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Archives:
    """Opens archives for requests."""

    database: Database
    store: Reader
    derived_bucket: str

    async def open(self, principal: Principal, file_id: UUID) -> tuple[Found, Index]:
        """A file and its index, made now where it is quickly made. Raises Missing, NoArchive, StillIndexing, ArchiveUnreadable, StoreDown."""
        async with self.database.read() as session:
            found = await get_sound_file(session, principal, file_id)
        form = archive_format(found.version.media_type or found.version.claimed_type or "", found.file.name)
        if form is None:
            raise NoArchive
        row = await self._row(found.version) or await self._make(found, form)
        if row is None:
            raise StillIndexing
        if row.state != "ready" or row.prefix is None:
            raise ArchiveUnreadable(row.error)
        key = f"{row.prefix}{OBJECT}"

        async def read(start: int, end: int) -> bytes:
            return b"".join([chunk async for chunk in self.store.read(self.derived_bucket, key, start, end)])

        return found, Index(msgspec.convert(row.facts, Facts), read)

    async def member(self, principal: Principal, file_id: UUID, path: str) -> tuple[Found, Member]:
        """A member that can be read. Raises Missing, MemberLocked, MemberBound, and what `open` raises."""
        found, index = await self.open(principal, file_id)
        row = await index.one(path)
        if row is None:
            raise Missing
        return found, await locate(self.store, found.version.bucket, found.version.key, index.facts.format, row)

    async def _row(self, version: FileVersion) -> Derivative | None:
        async with self.database.read() as session:
            return await repository.derivative(session, version.id, KIND)

    async def _make(self, found: Found, form: str) -> Derivative | None:
        """Ask for the index and wait a little: nearly every archive is listed by then."""
        async with self.database.write() as session:
            if not await jobs.is_pending(session, IndexArchive.tag(), file_id=found.file.id):
                outbox.enqueue(session, [IndexArchive(found.file.id, found.version.id, form)])
        for _ in range(int(WAIT_S / POLL_S)):
            await asyncio.sleep(POLL_S)
            if (row := await self._row(found.version)) is not None:
                return row
        return None


async def store_index(session: WriteSession, source: Source, prefix: str, facts: dict[str, object], size_bytes: int) -> None:
    row = Derivative(version_id=source.version_id, kind=KIND, state="ready", prefix=prefix, bytes=size_bytes, facts=facts, error=None)
    await store_derivative(session, source, row, {})


async def store_refusal(session: WriteSession, source: Source, reason: str) -> None:
    """What can't be looked into says why, and is not tried again by itself."""
    row = Derivative(version_id=source.version_id, kind=KIND, state="failed", prefix=None, bytes=0, facts={}, error=reason)
    await store_derivative(session, source, row, {})
