"""Writing the access log.

`record` adds a line to the caller's transaction: what changed something and its line are committed together, or neither. `Recorder`
gathers lines about what was only looked at and writes them by the second, all in one statement.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from service.audit import repository
from service.audit.models import AccessRow
from service.core import caller
from service.core.db import Database, WriteSession
from service.core.errors import StowageError
from service.core.ids import new_id
from service.core.principal import Principal

log = logging.getLogger("stowage.audit")

DONE = "done"
REFUSED = "refused"
FLUSH_EVERY_S = 1.0
MAX_WAITING = 20_000
MONTHS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Thing:
    """What something was done to. `name` is what people called it then."""

    kind: str
    id: UUID | None = None
    name: str = ""
    project_id: UUID | None = None


NOTHING = Thing("")


def line(
    principal: Principal | None,
    verb: str,
    thing: Thing = NOTHING,
    *,
    outcome: str = DONE,
    actor: str = "",
    kind: str = "",
    **details: Any,
) -> AccessRow:
    """One line. Without a principal it was `actor`, of `kind`: by default somebody unknown, or outside of requests the system."""
    if principal is not None:
        kind = "user" if principal.scopes is None else "token"
        actor = principal.username
        if principal.scopes is not None:
            details["token"] = principal.session_id
    else:
        kind = kind or ("anonymous" if caller.request_id.get() else "system")
    return AccessRow(
        id=new_id(),
        at=datetime.now(UTC),
        actor_kind=kind,
        actor_id=principal.user_id if principal else None,
        actor=actor[:200],
        verb=verb,
        object_kind=thing.kind,
        object_id=thing.id,
        object_name=thing.name[:500],
        project_id=thing.project_id,
        address=caller.address.get()[:100],
        request_id=caller.request_id.get(),
        outcome=outcome,
        details=msgspec.to_builtins(details),
    )


def record(
    session: WriteSession,
    principal: Principal | None,
    verb: str,
    thing: Thing = NOTHING,
    *,
    outcome: str = DONE,
    actor: str = "",
    kind: str = "",
    **details: Any,
) -> None:
    """`line`, committed with what it tells of. For changes `details` holds `before` and `after`."""
    session.add(line(principal, verb, thing, outcome=outcome, actor=actor, kind=kind, **details))


@dataclass(slots=True)
class Recorder:
    """Lines of one process that wait to be written; those of what only looks, at most MAX_WAITING of them."""

    database: Database
    _waiting: list[AccessRow] = field(default_factory=list)
    _dropped: int = 0
    _task: asyncio.Task[None] | None = None

    def note(self, principal: Principal | None, verb: str, thing: Thing = NOTHING, *, outcome: str = DONE, **details: Any) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self._dropped += 1
            return
        self._waiting.append(line(principal, verb, thing, outcome=outcome, **details))

    def start(self) -> None:
        self._task = asyncio.create_task(self._forever())

    async def _forever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        """Write what waits; while the database is away it goes on waiting."""
        if self._dropped:
            log.error("ALARM: the access log can't be written fast enough", extra={"dropped": self._dropped})
            self._dropped = 0
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            async with self.database.statement() as session:
                await repository.insert_rows(session, waiting)
        except StowageError as error:
            log.warning("access log waits", extra={"internal": error.internal, "lines": len(waiting)})
            self._waiting[:0] = waiting

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.flush()


async def keep_months(session: WriteSession, keep_s: int) -> None:
    """Months to come have their partition, and those that are older than `keep_s` seconds are gone; 0 keeps all."""
    there = await repository.partitions(session)
    today = datetime.now(UTC).date()
    for ahead in range(MONTHS_AHEAD + 1):
        months = today.year * 12 + today.month - 1 + ahead
        await repository.ensure_month(session, months // 12, months % 12 + 1, there)
    if keep_s:
        await repository.drop_before(session, keep_s, there)
