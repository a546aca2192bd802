"""Who holds which upload in this process: renewing leases in one statement, and hearing newcomers."""

import asyncio
import contextlib
import logging
from collections import Counter
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
HEARD = "uploads.heard"
RENEW_EVERY_S = 10.0
YIELD_WAIT_S = 3.0
# A holder that lives answers a hint at once; nobody waits longer than this for one that was killed.
HEAR_WAIT_S = 0.5
LOOK_EVERY_S = 0.1


class Leases:
    """Registry of appends in this process. `start` once per process."""

    def __init__(self, database: Database, hints: Hints) -> None:
        self._database = database
        self._hints = hints
        self._held: dict[UUID, tuple[int, Body]] = {}
        self._finishing: Counter[UUID] = Counter()
        self._task: asyncio.Task[None] | None = None
        self._awaited: Counter[str] = Counter()
        self._heard: set[str] = set()
        self._answers: set[asyncio.Task[bool]] = set()
        hints.on(CHANNEL, self._on_hint)
        hints.on(HEARD, self._on_heard)

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

    @contextmanager
    def finishing(self, upload_id: UUID) -> Iterator[None]:
        """Answer for the upload while this process makes its object."""
        self._finishing[upload_id] += 1
        try:
            yield
        finally:
            self._finishing[upload_id] -= 1
            if not self._finishing[upload_id]:
                del self._finishing[upload_id]

    def _on_hint(self, message: str) -> None:
        upload, _, epoch = message.partition(" ")
        with contextlib.suppress(ValueError):
            upload_id = UUID(upload)
            answers = upload_id in self._finishing
            # A hint about an older epoch must not stop whoever took over since.
            if (holder := self._held.get(upload_id)) and holder[0] <= int(epoch):
                holder[1].poke(Reason.PREEMPTED)
                answers = True
            if answers:
                answer = asyncio.get_running_loop().create_task(self._hints.publish(HEARD, upload))
                self._answers.add(answer)
                answer.add_done_callback(self._answers.discard)

    def _on_heard(self, upload: str) -> None:
        if upload in self._awaited:
            self._heard.add(upload)

    async def ask_to_yield(self, upload_id: UUID, epoch: int) -> bool:
        """Ask the holder, wherever it runs, to checkpoint and let go; wait for that at most YIELD_WAIT_S.

        True: it let go, or hints go out and no holder answers within HEAR_WAIT_S, so none lives. Being wrong about that costs
        the holder what it has not committed, never anything that was acknowledged.
        """
        upload, now = str(upload_id), asyncio.get_running_loop().time
        self._awaited[upload] += 1
        try:
            went_out = await self._hints.publish(CHANNEL, f"{upload} {epoch}")
            began = now()
            while (waited := now() - began) < YIELD_WAIT_S:
                async with self._database.read() as session:
                    if not await repository.is_held(session, upload_id):
                        return True
                if went_out and waited >= HEAR_WAIT_S and upload not in self._heard:
                    return True
                await asyncio.sleep(LOOK_EVERY_S)
            return False
        finally:
            self._awaited[upload] -= 1
            if not self._awaited[upload]:
                del self._awaited[upload]
                self._heard.discard(upload)

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
