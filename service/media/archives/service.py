"""From a file to the index of what is in it: made once, when somebody first looks."""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from service.core.db import Database
from service.core.errors import Missing
from service.core.principal import Principal
from service.files.repository import Found
from service.files.service import get_sound_file
from service.media.archives.errors import ArchiveUnreadable, NoArchive, StillIndexing
from service.media.archives.formats import archive_format
from service.media.archives.index import Facts, Index
from service.media.archives.members import Member, locate
from service.media.jobs import IndexArchive
from service.media.on_demand import find_or_make
from service.storage.port import Reader

KIND = "archive_index"
OBJECT = "index"


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
        row = await find_or_make(self.database, IndexArchive(found.file.id, found.version.id, KIND, form))
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
