"""Who holds which upload in this process: renewing leases in one statement, and hearing newcomers."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from service.core.db import Database
from service.core.errors import StowageError
from service.hints.service import Hints
from service.uploads import repository
from service.uploads.append.body import Body, Reason

log = logging.getLogger("stowage.uploads")

CHANNEL = "uploads.preempt"
RENEW_EVERY_S = 10.0
YIELD_WAIT_S = 3.0
LOOK_EVERY_S = 0.1


class Leases:
    """Registry of appends in this process. `start` once per process."""

    def __init__(self, database: Database, hints: Hints) -> None:
        self._database = database
        self._hints = hints
        self._held: dict[UUID, tuple[int, Body]] = {}
        self._task: asyncio.Task[None] | None = None
        hints.on(CHANNEL, self._on_hint)

    def start(self) -> None:
        self._task = asyncio.create_task(self._renew_forever())

    @contextmanager
    def holding(self, upload_id: UUID, epoch: int, body: Body) -> Iterator[None]:
        """Keep the lease alive, and let newcomers interrupt `body`, for the length of the block."""
        self._held[upload_id] = (epoch, body)
        try:
            yield
        finally:
            if self._held.get(upload_id, (0, None))[0] == epoch:
                del self._held[upload_id]

    def _on_hint(self, message: str) -> None:
        upload, _, epoch = message.partition(" ")
        with contextlib.suppress(ValueError):
            holder = self._held.get(UUID(upload))
            # A hint about an older epoch must not stop whoever took over since.
            if holder is not None and holder[0] <= int(epoch):
                holder[1].poke(Reason.PREEMPTED)

    async def ask_to_yield(self, upload_id: UUID, epoch: int) -> None:
        """Ask the holder, wherever it runs, to checkpoint and let go; wait for that at most YIELD_WAIT_S."""
        await self._hints.publish(CHANNEL, f"{upload_id} {epoch}")
        deadline = asyncio.get_running_loop().time() + YIELD_WAIT_S
        while asyncio.get_running_loop().time() < deadline:
            async with self._database.read() as session:
                if not await repository.is_held(session, upload_id):
                    return
            await asyncio.sleep(LOOK_EVERY_S)

    async def _renew_forever(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            held = [(upload_id, epoch) for upload_id, (epoch, _) in self._held.items()]
            if not held:
                continue
            try:
                async with self._database.statement() as session:
                    kept = await repository.renew_leases(session, held)
            except StowageError as error:
                log.warning("leases not renewed", extra={"internal": error.internal})
                continue
            for upload_id, epoch in held:
                current = self._held.get(upload_id)
                if upload_id not in kept and current is not None and current[0] == epoch:
                    current[1].poke(Reason.PREEMPTED)

    def stop_all(self) -> None:
        """Shutdown: every append checkpoints and answers."""
        for _, body in self._held.values():
            body.poke(Reason.SHUTDOWN)

    async def close(self) -> None:
        self.stop_all()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
