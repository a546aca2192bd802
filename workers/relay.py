"""The relay: outbox rows to subscribers (in the row's own transaction) and tickets to the queues (after it)."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from dramatiq.brokers.redis import RedisBroker
from redis.exceptions import RedisError
from sqlalchemy import Row

from service.core.db import Database, WriteSession
from service.core.errors import StowageError
from service.hints.service import LIVE, Hints
from service.outbox import repository
from service.outbox.base import Event
from service.outbox.service import EVENT
from workers.runtime.broker import make_broker, send_tickets
from workers.runtime.handlers import Subscriber, subscribers
from workers.runtime.process import begin, pause, say_ready, stop_event

log = logging.getLogger("stowage.relay")

BATCH = 50
POLL_S = 0.15
AWAY_S = 1.0


class Relay:
    """Any number may run: rows are taken with SKIP LOCKED."""

    def __init__(
        self, database: Database, broker: RedisBroker, hints: Hints, table: Mapping[str, tuple[type[Event], Sequence[Subscriber]]]
    ) -> None:
        self._database = database
        self._hints = hints
        self._broker = broker
        self._table = table

    async def step(self) -> int:
        """Deliver one batch; returns its size. Raises StowageError while the database is away."""
        tickets: Counter[str] = Counter()
        async with self._database.write() as session:
            rows = await repository.due(session, BATCH)
            events = [row for row in rows if row.kind == EVENT]
            # All in one savepoint; only if one of them fails, each in its own. A bad one is postponed and at last parked, never the queue.
            if events and await self._deliver(session, events) is not None:
                for row in events:
                    error = await self._deliver(session, [row])
                    if error is not None:
                        log.error("subscriber failed", extra={"event": row.tag, "row": str(row.id)}, exc_info=error)
                        await repository.postpone(session, row.id, f"{type(error).__name__}: {error}")
            sent = [row for row in rows if row.kind != EVENT]
            for row in sent:
                tickets[row.tag] += int(row.payload.get("tickets", 1))
            if sent:
                await repository.drop(session, [row.id for row in sent])
        # Who looks at a project asks again; what is lost here is found by the next look.
        for hint in dict.fromkeys(_hint(row) for row in events):
            if hint is not None:
                await self._hints.publish(LIVE, hint)
        # A ticket lost here is replaced by the scheduler.
        for queue, count in tickets.items():
            try:
                await asyncio.to_thread(send_tickets, self._broker, queue, min(count, BATCH))
            except (RedisError, OSError) as error:
                log.warning("tickets not sent", extra={"queue": queue, "internal": str(error)})
        return len(rows)

    async def _deliver(self, session: WriteSession, rows: Sequence[Row[UUID, str, str, dict[str, object]]]) -> Exception | None:
        """All subscribers of all rows, or none: then the error of the one that failed."""
        try:
            async with session.begin_nested():
                for row in rows:
                    kind, hearers = self._table[row.tag]
                    event = msgspec.convert({**row.payload, "type": row.tag}, kind)
                    for hearer in hearers:
                        await hearer(session, event)
                await repository.drop(session, [row.id for row in rows])
        except StowageError:
            raise
        except Exception as error:
            return error
        return None


def _hint(row: Row[UUID, str, str, dict[str, object]]) -> str | None:
    """What browsers are told of an event: its kind, the project, and whom or what it is about."""
    if "project_id" not in row.payload:
        return None
    told = {name: row.payload[name] for name in ("project_id", "file_id", "user_id") if name in row.payload}
    return msgspec.json.encode({"type": row.tag, **told}).decode()


async def main() -> None:
    settings = begin()
    database = Database(settings.database)
    hints = Hints(settings.redis.url)
    relay = Relay(database, make_broker(settings.redis.url), hints, subscribers(settings.store.derived, settings.server.recovery_window_s))
    stopping = stop_event()
    say_ready()
    while not stopping.is_set():
        try:
            delivered = await relay.step()
        except StowageError as error:
            log.warning("waiting for the database", extra={"internal": error.internal})
            await pause(stopping, AWAY_S)
            continue
        if delivered < BATCH:
            await pause(stopping, POLL_S)
    await hints.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
