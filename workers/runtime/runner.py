"""Claims jobs and runs their handlers: lease, heartbeat, retries with backoff, and giving back on shutdown."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping

import msgspec

from service.core.db import Database
from service.core.errors import StowageError, Unavailable
from service.hints.service import LIVE, Hints
from service.outbox import repository, service
from service.outbox.base import Job, PermanentError
from service.outbox.context import JobContext
from service.outbox.repository import Claimed
from service.outbox.service import LeaseLost
from service.outbox.workers import repository as workers
from service.outbox.workers.repository import WorkerFacts
from workers.runtime.handlers import Handler

log = logging.getLogger("stowage.jobs")

HEARTBEAT_S = 10.0
FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 60.0
JOBS_CHANGED = '{"type": "jobs.changed"}'


class JobRunner:
    """Runs jobs of one queue in this process; `run_one` may be called several times at once.

    `may_claim` is asked before each, with the number of jobs in hand.
    """

    def __init__(
        self,
        database: Database,
        hints: Hints,
        queue: str,
        facts: WorkerFacts,
        handlers: Mapping[str, tuple[type[Job], Handler]],
        deps: Mapping[str, object],
        may_claim: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self._database = database
        self._hints = hints
        self._queue = queue
        self._facts = facts
        self._handlers = handlers
        self._deps = deps
        self._may_claim = may_claim
        self._running: dict[Claimed, asyncio.Task[None]] = {}
        self._is_stopping = False

    async def run_one(self) -> bool:
        """Claim the best job and run it. False: there was none, or this is no time for one."""
        if self._is_stopping or not self._may_claim(len(self._running)):
            return False
        try:
            async with self._database.statement() as session:
                claimed = await repository.claim(session, self._queue, self._facts.id)
        except StowageError as error:
            log.warning("no job claimed", extra={"internal": error.internal})
            return False
        if claimed is None:
            return False
        task = asyncio.create_task(self._run(claimed))
        self._running[claimed] = task
        self._hints.nudge(LIVE, JOBS_CHANGED)
        try:
            await asyncio.wait({task})
        finally:
            self._running.pop(claimed, None)
            self._hints.nudge(LIVE, JOBS_CHANGED)
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return True

    async def _run(self, claimed: Claimed) -> None:
        kind, handler = self._handlers[claimed.tag]
        context = JobContext(self._database, claimed)
        extra = {"job": str(claimed.id), "tag": claimed.tag, "attempt": claimed.attempt}
        log.info("job begins", extra=extra)
        try:
            job = msgspec.convert({**claimed.payload, "type": claimed.tag}, kind)
            await handler(job, self._deps[claimed.tag.partition(".")[0]], context)
            if not context.is_finished:
                async with self._database.statement() as session:
                    await context.finish(session)
            log.info("job is done", extra=extra)
        except LeaseLost:
            log.warning("lease lost: result dropped", extra=extra)
        except asyncio.CancelledError:
            await self._settle(claimed, None, gives_back=self._is_stopping)
            raise
        except PermanentError as error:
            log.info("job can't succeed", extra={**extra, "reason": str(error)})
            await self._settle(claimed, error, gives_back=False)
        except Unavailable as error:
            # The store or the database is away: that is no fault of the job, so the attempt does not count.
            log.warning("job waits", extra={**extra, "internal": error.internal})
            await self._settle(claimed, error, gives_back=True)
        except Exception as error:
            log.warning("job failed", extra={**extra, "internal": str(error)}, exc_info=not isinstance(error, StowageError))
            await self._settle(claimed, error, gives_back=False)

    async def _settle(self, claimed: Claimed, error: Exception | None, *, gives_back: bool) -> None:
        """Put back or give up. If the database is away, the lease runs out and the scheduler does it."""
        is_over = isinstance(error, PermanentError) or (claimed.attempt >= claimed.max_attempts and not gives_back)
        reason = (
            str(error)
            if isinstance(error, PermanentError)
            else f"It failed {claimed.attempt} times, at last with: {type(error).__name__}: {error}"
        )
        try:
            async with self._database.write() as session:
                if is_over and error is not None and not gives_back:
                    await service.fail_job(session, claimed, reason[:1_000])
                else:
                    after = 0.0 if error is None else min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** (claimed.attempt - 1))
                    await repository.requeue(
                        session, claimed, after_s=after, error=None if error is None else str(error)[:1_000], gives_back=gives_back
                    )
        except StowageError as down:
            log.warning("job left to its lease", extra={"job": str(claimed.id), "internal": down.internal})

    async def heartbeat_forever(self) -> None:
        """Say that this worker is there, and renew all leases in one statement; a job whose fence is gone is stopped."""
        while True:
            await self._report(len(self._running))
            await asyncio.sleep(HEARTBEAT_S)
            held = list(self._running)
            if not held:
                continue
            try:
                async with self._database.statement() as session:
                    kept = await repository.renew(session, held)
            except StowageError as error:
                log.warning("leases not renewed", extra={"internal": error.internal})
                continue
            for claimed in held:
                if claimed.id not in kept and (task := self._running.get(claimed)) is not None:
                    task.cancel()

    async def _report(self, running: int) -> None:
        try:
            async with self._database.statement() as session:
                await workers.report(session, self._facts, running)
        except StowageError as error:
            log.warning("worker not listed", extra={"internal": error.internal})

    async def stop(self) -> None:
        """Give back what is running: its attempt does not count."""
        self._is_stopping = True
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(StowageError):
            async with self._database.statement() as session:
                await workers.leave(session, self._facts.id)
