"""A worker's GPU in the running process: found, proven at the start, every hour and after errors, and reported."""

import asyncio
import logging
import tempfile
import time
from pathlib import Path

from service.core.db import Database
from service.core.errors import StowageError
from service.core.settings import MediaSettings
from service.media.gpus import repository
from service.media.gpus.repository import GpuFacts
from service.outbox.workers.repository import WorkerFacts
from workers.tools.ffmpeg import cores, executable
from workers.tools.gpu import nvml
from workers.tools.gpu.nvml import NoGpu
from workers.tools.gpu.seat import Seat, take

log = logging.getLogger("stowage.gpu")

LOOK_EVERY_S = 10.0
PROVE_EVERY_S = 3_600.0
# What it can't do now that it did before: another program may have had its memory, or its sessions.
PROVE_AGAIN_S = 300.0


def find(settings: MediaSettings, scratch: Path) -> Seat:
    """This worker's GPU, not proven yet. Raises NoGpu."""
    device, lock = take(nvml.devices(), settings.gpu_index, Path(tempfile.gettempdir()))
    return Seat(device, lock, executable(settings.ffmpeg), scratch, cores(), settings.slots)


def why_on_cpu() -> str:
    """Why a worker of the queue `cpu` has no GPU, for people."""
    try:
        names = {device.name for device in nvml.devices()}
    except NoGpu as error:
        return str(error)
    return f"GPUs here ({', '.join(sorted(names))}) are for workers of the queue gpu."


class Watch:
    """Proves a seat again every hour, and tells the database what it is and does."""

    def __init__(self, database: Database, seat: Seat, worker: WorkerFacts) -> None:
        self._database, self._seat, self._worker = database, seat, worker
        self._id = f"{worker.host}:{seat.device.uuid}"
        self._proven_at = time.monotonic()

    def _facts(self) -> GpuFacts:
        seat, device = self._seat, self._seat.device
        return GpuFacts(
            id=self._id,
            worker=self._worker.id,
            host=self._worker.host,
            index=device.index,
            uuid=device.uuid,
            name=device.name,
            driver=device.driver,
            memory_bytes=device.memory_bytes,
            mode=seat.mode,
            reason=seat.reason,
            slots=seat.slots,
            decodes=list(seat.decodes),
        )

    async def forever(self) -> None:
        proven = 0
        while True:
            if time.monotonic() - self._proven_at > (PROVE_AGAIN_S if self._seat.has_lost else PROVE_EVERY_S):
                self._proven_at = time.monotonic()
                await self._seat.prove()
            figures = await asyncio.to_thread(self._seat.sample)
            try:
                async with self._database.write() as session:
                    await repository.report(session, self._facts(), figures, is_proven_now=proven != self._seat.proofs)
                proven = self._seat.proofs
            except StowageError as error:
                log.warning("GPU not listed", extra={"internal": error.internal})
            await asyncio.sleep(LOOK_EVERY_S)

    async def leave(self) -> None:
        try:
            async with self._database.write() as session:
                await repository.leave(session, self._id)
        except StowageError as error:
            log.warning("GPU still listed", extra={"internal": error.internal})
