"""From a file to what is in it: an index made once, when somebody first looks, and members taken out when somebody opens them."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

import msgspec

from service.core.db import Database
from service.core.errors import Missing
from service.core.principal import Principal
from service.files.repository import Found
from service.files.service import get_sound_file
from service.media.archives.errors import (
    ArchiveLocked,
    ArchiveUnreadable,
    MemberLocked,
    MemberRefused,
    NoArchive,
    StillIndexing,
    StillUnpacking,
)
from service.media.archives.formats import archive_format
from service.media.archives.index import Facts, Index, Row
from service.media.archives.members import Member, can_be_streamed, locate
from service.media.archives.secrets import Password, lock
from service.media.jobs import IndexArchive, TakeMember
from service.media.models import Derivative
from service.media.on_demand import CONTENT, find_or_make, made
from service.storage.port import Reader

KIND = "archive_index"
OBJECT = "index"
MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which archive: a file, or `inside` an archive that is a member of it. A `mark` stands for a password that was given before."""

    file_id: UUID
    inside: str = ""
    password: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """An archive's index, and where its bytes are. `of` is the derivative that it is, of one that lies in another."""

    found: Found
    index: Index
    bucket: str
    key: str
    of: str
    password: Password


@dataclass(frozen=True, slots=True)
class Archives:
    """Opens archives for requests."""

    database: Database
    store: Reader
    derived_bucket: str
    secret_key: str

    async def open(self, principal: Principal, asked: Asked) -> Opened:
        """Made now where it is quickly made. Raises Missing, NoArchive, StillIndexing, ArchiveUnreadable, ArchiveLocked, StoreDown, and
        for one in another what `member` raises.
        """
        async with self.database.read() as session:
            found = await get_sound_file(session, principal, asked.file_id)
        form = archive_format(found.version.media_type or found.version.claimed_type or "", found.file.name)
        if form is None:
            raise NoArchive
        given = Password.of(self.secret_key, found.version.id, asked.password)
        password = given if given.mark else Password(mark=asked.mark)
        index = await self._index(found, form, "", password)
        outer = Opened(found, index, found.version.bucket, found.version.key, "", password)
        return await self._within(outer, asked.inside) if asked.inside else outer

    async def _within(self, outer: Opened, path: str) -> Opened:
        form = archive_format("", path)
        if form is None:
            raise NoArchive
        row = await outer.index.one(path)
        if row is None:
            raise Missing
        taken, prefix = await self._taken(outer, row)
        index = await self._index(outer.found, form, taken.kind, outer.password)
        return Opened(outer.found, index, self.derived_bucket, f"{prefix}{CONTENT}", taken.kind, outer.password)

    async def _index(self, found: Found, form: str, of: str, password: Password) -> Index:
        """Listed without a password where that is possible, so that one index does for everybody."""
        kind = f"{KIND}_{of.removeprefix(MEMBER + '_')}" if of else KIND
        row = await find_or_make(self.database, IndexArchive(found.file.id, found.version.id, kind, form, of))
        if row is not None and row.facts.get("needs_password") and password.mark:
            locked = lock(self.secret_key, password.text)
            row = await find_or_make(
                self.database, IndexArchive(found.file.id, found.version.id, f"{kind}_{password.mark}", form, of, locked)
            )
        if row is not None and row.facts.get("needs_password"):
            raise ArchiveLocked(row.error)
        row, prefix = made(row, StillIndexing, ArchiveUnreadable)
        key = f"{prefix}{OBJECT}"

        async def read(start: int, end: int) -> bytes:
            return b"".join([chunk async for chunk in self.store.read(self.derived_bucket, key, start, end)])

        return Index(msgspec.convert(row.facts, Facts), read)

    async def _taken(self, opened: Opened, row: Row) -> tuple[Derivative, str]:
        """A member as a derivative of its own, and the prefix that it lies under. Raises MemberLocked, MemberRefused, StillUnpacking."""
        found, password = opened.found, opened.password
        if row.is_encrypted and not password.mark:
            raise MemberLocked
        digest = hashlib.sha256(f"{opened.of}\0{row.path}".encode()).hexdigest()[:20]
        kind = f"{MEMBER}_{digest}" + (f"_{password.mark}" if row.is_encrypted else "")
        locked = lock(self.secret_key, password.text) if row.is_encrypted else ""
        wanted = {"path": row.path, "size": row.size, "packed": row.packed, "offset": row.offset, "crc": row.crc}
        job = TakeMember(found.file.id, found.version.id, kind, opened.index.facts.format, opened.of, locked, wanted)
        return made(await find_or_make(self.database, job), StillUnpacking, MemberRefused)

    async def member(self, principal: Principal, asked: Asked, path: str) -> tuple[Opened, Member]:
        """A member whose bytes can be had now. Raises Missing, MemberLocked, MemberRefused, StillUnpacking, and what `open` raises."""
        opened = await self.open(principal, asked)
        row = await opened.index.one(path)
        if row is None:
            raise Missing
        form = opened.index.facts.format
        if can_be_streamed(form, row):
            return opened, await locate(self.store, opened.bucket, opened.key, form, row)
        _, prefix = await self._taken(opened, row)
        return opened, Member(msgspec.structs.replace(row, method=0), 0, self.derived_bucket, f"{prefix}{CONTENT}")
