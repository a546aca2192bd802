"""The reverse scan: every key of the store against the rows, and every row against the keys.

Leftovers of ended uploads are handed to the sweeper. A key that no row speaks of is reported and kept: after a restored
backup of the database it may be somebody's file. A listing may lag behind, so HEAD decides before anything is said.
"""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from service.core.db import Database
from service.storage.keys import OBJECTS, PARTS, TAILS, upload_of
from service.storage.port import Lister, Reader
from service.uploads.upkeep import repository as rows

log = logging.getLogger("stowage.uploads")

PAGE = 1_000
SHOWN = 20
LOWEST, HIGHEST = UUID(int=0), UUID(int=(1 << 128) - 1)


class ScanStoreAccess(Lister, Reader, Protocol):
    """What a scan needs of a store."""


@dataclass(slots=True)
class Findings:
    """How many keys were seen, and which disagree with the rows."""

    keys: int = 0
    leftovers: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def report(self) -> None:
        for key in self.missing[:SHOWN]:
            log.error("ALARM: an object is missing from the store", extra={"key": key})
        for key in self.strays[:SHOWN]:
            log.warning("an object that no row speaks of; kept", extra={"key": key})
        counts = {"leftovers": len(self.leftovers), "strays": len(self.strays), "missing": len(self.missing)}
        log.info("store scanned", extra={"keys": self.keys, **counts})


@dataclass(slots=True)
class Scan:
    """One scan of one bucket; memory is a page of keys and what was found."""

    database: Database
    store: ScanStoreAccess
    bucket: str
    findings: Findings = field(default_factory=Findings)

    async def run(self) -> Findings:
        """Raises StoreDown, DatabaseDown; starting again repeats nothing harmful."""
        for prefix in (OBJECTS, PARTS):
            after = LOWEST
            async for page in self._pages(prefix):
                await self._compare(page)
                # Keys and ids sort alike, so a page of keys is a range of rows.
                upto = next((found for key in reversed(page) if (found := upload_of(key)) is not None), after)
                await self._look_for_missing(prefix, after, upto, frozenset(page))
                after = max(after, upto)
            await self._look_for_missing(prefix, after, HIGHEST, frozenset())
        async for page in self._pages(TAILS):
            await self._compare(page)
        return self.findings

    async def _pages(self, prefix: str) -> AsyncIterator[list[str]]:
        page: list[str] = []
        async for key in self.store.list_keys(self.bucket, prefix):
            page.append(key)
            if len(page) == PAGE:
                yield page
                page = []
        if page:
            yield page

    async def _compare(self, page: list[str]) -> None:
        self.findings.keys += len(page)
        ids = {key: upload_of(key) for key in page}
        async with self.database.read() as session:
            # In this order: what was not in work a moment ago has its final rows by now.
            settled = await rows.settled(session, [found for found in ids.values() if found is not None])
            known = await rows.known_keys(session, self.bucket, page)
        again: set[UUID] = set()
        for key, upload_id in ids.items():
            is_settled = settled.get(upload_id) if upload_id is not None else None
            if key in known or is_settled is False or await self.store.head(self.bucket, key) is None:
                continue
            if upload_id is not None and is_settled:
                again.add(upload_id)
                self.findings.leftovers.append(key)
            else:
                self.findings.strays.append(key)
        if again:
            async with self.database.statement() as session:
                await rows.sweep_again(session, sorted(again))

    async def _look_for_missing(self, prefix: str, after: UUID, upto: UUID, listed: frozenset[str]) -> None:
        while True:
            async with self.database.read() as session:
                expected = await rows.stored_keys(session, self.bucket, prefix, after, upto, PAGE)
            for key in expected:
                if key in listed or await self.store.head(self.bucket, key) is not None:
                    continue
                async with self.database.read() as session:
                    # Purged while we looked?
                    if await rows.known_keys(session, self.bucket, [key]):
                        self.findings.missing.append(key)
            if len(expected) < PAGE:
                return
            after = upload_of(expected[-1]) or upto
