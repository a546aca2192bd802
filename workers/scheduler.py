"""The scheduler: what happens by the clock. Every step is idempotent, so any number may run."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from dramatiq.brokers.redis import RedisBroker
from redis.exceptions import RedisError

from service.audit.service import keep_months
from service.core.db import Database
from service.core.errors import StowageError
from service.files.jobs import DrainDoomed, EmptyTrash, RecountQuota, WarnOfQuota
from service.files.tree.repository import FOLD_AT_ONCE, fold
from service.media.gpus import service as gpus
from service.outbox import repository, service
from service.outbox.base import Job
from service.outbox.jobs import ForgetJobs
from service.projects.jobs import PurgeProjects
from service.storage.s3 import S3Store
from service.uploads.finish import Finisher
from service.uploads.jobs import ScanStore
from service.uploads.upkeep.sweep import Sweeper
from workers.runtime.broker import make_broker, send_tickets, waiting
from workers.runtime.process import begin, pause, say_ready, stop_event

log = logging.getLogger("stowage.scheduler")

TICK_S = 1.0
TICKETS_KEPT = 8
LEASES_EVERY_S = 5.0
TICKETS_EVERY_S = 3.0
SWEEP_EVERY_S = 10.0
DOOMED_EVERY_S = 60.0
FOLD_EVERY_S = 1.0
FORGET_EVERY_S = 3_600.0
MAX_FOLDS = 200
PURGE_EVERY_S = 300.0
RECOUNT_EVERY_S = 3_500.0
WARN_EVERY_S = 120.0
REROUTE_EVERY_S = 15.0
SCAN_EVERY_S = 86_400.0


@dataclass(slots=True)
class Task:
    """Something to do every so often; one that fails is tried again at its next turn."""

    name: str
    every_s: float
    run: Callable[[], Awaitable[object]]
    due_at: float = field(default=0.0)


class Scheduler:
    def __init__(self, database: Database, broker: RedisBroker, sweeper: Sweeper, access_log_keep_s: int) -> None:
        self._database = database
        self._broker = broker
        self._access_log_keep_s = access_log_keep_s
        self._tasks = [
            Task("expired leases", LEASES_EVERY_S, self._recover),
            Task("tickets", TICKETS_EVERY_S, self._top_up),
            Task("upload sweep", SWEEP_EVERY_S, sweeper.sweep),
            Task("folder totals", FOLD_EVERY_S, self._fold),
            Task("access log", FORGET_EVERY_S, self._keep_access_log),
            Task("trash", FORGET_EVERY_S, lambda: self._enqueue(EmptyTrash())),
            Task("doomed objects", DOOMED_EVERY_S, lambda: self._enqueue(DrainDoomed())),
            Task("deleted projects", PURGE_EVERY_S, lambda: self._enqueue(PurgeProjects())),
            Task("quota", FORGET_EVERY_S, lambda: self._enqueue(RecountQuota(), at_most_every_s=RECOUNT_EVERY_S)),
            Task("full quotas", WARN_EVERY_S, lambda: self._enqueue(WarnOfQuota())),
            Task("films without a GPU", REROUTE_EVERY_S, self._reroute),
            Task("old jobs", FORGET_EVERY_S, lambda: self._enqueue(ForgetJobs())),
            Task("scan", FORGET_EVERY_S, lambda: self._enqueue(ScanStore(), at_most_every_s=SCAN_EVERY_S)),
        ]

    async def step(self) -> None:
        """Run what is due."""
        for task in self._tasks:
            if task.due_at > time.monotonic():
                continue
            try:
                await task.run()
            except (StowageError, RedisError, OSError) as error:
                log.warning("postponed", extra={"task": task.name, "internal": str(error)})
            except Exception:
                log.exception("failed", extra={"task": task.name})
            task.due_at = time.monotonic() + task.every_s

    async def _recover(self) -> None:
        async with self._database.write() as session:
            recovered = await service.recover_expired(session)
        if recovered:
            log.info("jobs of stopped workers taken back", extra={"jobs": recovered})

    async def _reroute(self) -> None:
        async with self._database.write() as session:
            rerouted = await gpus.reroute(session)
        if rerouted:
            log.info("films planned anew without the GPU they waited for", extra={"films": rerouted})

    async def _fold(self) -> None:
        for _ in range(MAX_FOLDS):
            async with self._database.write() as session:
                if await fold(session) < FOLD_AT_ONCE:
                    return

    async def _keep_access_log(self) -> None:
        async with self._database.write() as session:
            await keep_months(session, self._access_log_keep_s)

    async def _top_up(self) -> None:
        """Keep enough tickets in each queue for the jobs that wait, whatever happened to earlier ones."""
        async with self._database.read() as session:
            depths = await repository.depths(session)
        for queue, depth in depths.items():
            there = await asyncio.to_thread(waiting, self._broker, queue)
            missing = min(depth, TICKETS_KEPT) - there
            if missing > 0:
                await asyncio.to_thread(send_tickets, self._broker, queue, missing)

    async def _enqueue(self, job: Job, *, at_most_every_s: float = 0) -> None:
        """Unless one of the kind is waiting, running, or not long ago."""
        async with self._database.write() as session:
            if not await repository.is_pending(session, job.tag(), or_within_s=at_most_every_s):
                service.enqueue(session, [job])


async def main() -> None:
    settings = begin()
    database = Database(settings.database)
    store = S3Store(settings.store)
    sweeper = Sweeper(Finisher(database, store, settings.store.originals), store)
    scheduler = Scheduler(database, make_broker(settings.redis.url), sweeper, settings.server.access_log_keep_s)
    stopping = stop_event()
    say_ready()
    while not stopping.is_set():
        await scheduler.step()
        await pause(stopping, TICK_S)
    await store.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
