"""The relay: outbox rows to subscribers (in the row's own transaction) and tickets to the queues (after it)."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from dramatiq.brokers.redis import RedisBroker
from redis.exceptions import RedisError

from service.core.db import Database, WriteSession
from service.core.errors import StowageError
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

    def __init__(self, database: Database, broker: RedisBroker, table: Mapping[str, tuple[type[Event], Sequence[Subscriber]]]) -> None:
        self._database = database
        self._broker = broker
        self._table = table

    async def step(self) -> int:
        """Deliver one batch; returns its size. Raises StowageError while the database is away."""
        tickets: Counter[str] = Counter()
        async with self._database.write() as session:
            rows = await repository.due(session, BATCH)
            for row in rows:
                if row.kind == EVENT:
                    await self._deliver(session, row.id, row.tag, row.payload)
                else:
                    tickets[row.tag] += int(row.payload.get("tickets", 1))
                    await repository.drop(session, row.id)
        # A ticket lost here is replaced by the scheduler.
        for queue, count in tickets.items():
            try:
                await asyncio.to_thread(send_tickets, self._broker, queue, min(count, BATCH))
            except (RedisError, OSError) as error:
                log.warning("tickets not sent", extra={"queue": queue, "internal": str(error)})
        return len(rows)

    async def _deliver(self, session: WriteSession, row_id: UUID, tag: str, payload: dict[str, object]) -> None:
        """All subscribers or none, in a savepoint; a bad one postpones and at last parks the row, never the queue."""
        kind, hearers = self._table[tag]
        try:
            async with session.begin_nested():
                event = msgspec.convert({**payload, "type": tag}, kind)
                for hearer in hearers:
                    await hearer(session, event)
                await repository.drop(session, row_id)
        except StowageError:
            raise
        except Exception as error:
            log.exception("subscriber failed", extra={"event": tag, "row": str(row_id)})
            await repository.postpone(session, row_id, f"{type(error).__name__}: {error}")


async def main() -> None:
    settings = begin()
    database = Database(settings.database)
    relay = Relay(database, make_broker(settings.redis.url), subscribers(settings.store.derived))
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
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
