"""A worker process of one queue: `python -m workers.runtime io|cpu|gpu|upkeep`."""

import asyncio
import logging
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from dramatiq import Worker

from service.core.db import Database
from service.core.settings import Settings
from service.hints.service import LIVE, Hints
from service.outbox.base import Queue
from service.outbox.workers.repository import WorkerFacts
from service.storage.s3 import S3Store
from workers.media.deps import MediaDeps
from workers.runtime import broker as brokers
from workers.runtime import gpu
from workers.runtime.gpu import Watch
from workers.runtime.handlers import MEDIA, UPKEEP, check_handlers
from workers.runtime.process import be_nice, begin, say_ready, stop_event
from workers.runtime.runner import JobRunner
from workers.tools import sandbox
from workers.tools.confine import describe
from workers.tools.ffmpeg import build_of, cores, executable
from workers.tools.gpu.nvml import NoGpu
from workers.tools.gpu.seat import Seat
from workers.tools.range_proxy import RangeProxy
from workers.upkeep.cleaning import UpkeepDeps

log = logging.getLogger("stowage.worker")

STOP_TIMEOUT_MS = 10_000
# What nobody waits for, as digests of whole files, goes behind what makes a new film play.
NICENESS = {Queue.IO: 5, Queue.CPU: 5, Queue.GPU: 5, Queue.UPKEEP: 15}


def slots(settings: Settings, queue: Queue) -> int:
    """Jobs at once. Two encodes even on few cores: a new film's first chunk must not wait for another's long one."""
    if settings.media.slots:
        return settings.media.slots
    return {Queue.IO: 4, Queue.CPU: max(2, cores() // 2), Queue.GPU: 1, Queue.UPKEEP: 2}[queue]


async def _gpu(queue: Queue, settings: Settings, scratch: Path) -> tuple[Seat | None, str]:
    """The GPU of this worker, proven; or why a worker that encodes has none."""
    if queue is Queue.CPU:
        return None, await asyncio.to_thread(gpu.why_on_cpu)
    if queue is not Queue.GPU:
        return None, ""
    try:
        seat = await asyncio.to_thread(gpu.find, settings.media, scratch)
    except NoGpu as error:
        log.warning("no GPU", extra={"internal": str(error)})
        return None, str(error)
    await seat.prove()
    log.info("GPU", extra={"device": seat.device.name, "mode": seat.mode, "reason": seat.reason})
    return seat, ""


def _gate(queue: Queue, seat: Seat | None) -> Callable[[int], bool]:
    """A worker of the queue gpu takes only what its GPU was proven to do."""
    if queue is not Queue.GPU:
        return lambda _: True
    return lambda running: seat is not None and running < seat.slots


def _deps(settings: Settings, database: Database, store: S3Store, media: MediaDeps) -> dict[str, object]:
    """What handlers are given, by the family of their job."""
    server = settings.server
    upkeep = UpkeepDeps(
        database,
        store,
        settings.store.originals,
        settings.store.derived,
        server.recovery_window_s,
        server.project_delete_delay_s,
        server.trash_keep_s,
        server.jobs_keep_s,
    )
    return {"media": media, **dict.fromkeys(("files", "outbox", "projects", "uploads"), upkeep)}


async def work(queue: Queue) -> None:
    """Run until told to stop; then give back what is running."""
    # Uploads and pages go first where they share the cores.
    be_nice(NICENESS[queue])
    settings = begin()
    handlers = check_handlers([*MEDIA, *UPKEEP])
    database = Database(settings.database)
    store = S3Store(settings.store)
    proxy = RangeProxy()
    await proxy.start()
    if queue is Queue.IO:
        # What people wait for in front of a page is read there.
        sandbox.warm()
    scratch = Path(os.environ.get("TMPDIR", tempfile.gettempdir())) / f"stowage-{queue}-{os.getpid()}"
    hints = Hints(settings.redis.url)
    seat, reason = await _gpu(queue, settings, scratch)
    deps = _deps(
        settings,
        database,
        store,
        MediaDeps(
            database,
            store,
            settings.store.derived,
            proxy,
            settings.media,
            scratch,
            partial(hints.nudge, LIVE),
            settings.auth.secret_key,
            seat,
        ),
    )
    host, tool = socket.gethostname(), executable(settings.media.ffmpeg)
    places = seat.most_slots() if seat is not None else slots(settings, queue)
    facts = WorkerFacts(f"{host}:{os.getpid()}:{queue}", queue, host, places, describe(), build_of(tool), reason)
    runner = JobRunner(database, hints, queue, facts, handlers, deps, _gate(queue, seat))
    watch = Watch(database, seat, facts) if seat is not None else None
    broker = brokers.make_broker(settings.redis.url)
    stopping = stop_event()
    loop = asyncio.get_running_loop()
    brokers.serve(queue, runner, loop)
    worker = Worker(broker, queues={queue.value}, worker_threads=facts.slots, worker_timeout=200)
    worker.start()
    loops = [asyncio.create_task(runner.heartbeat_forever())]
    if watch is not None:
        loops.append(asyncio.create_task(watch.forever()))
    log.info("ready", extra={"queue": queue, "sandbox": facts.sandbox})
    say_ready()
    await stopping.wait()
    await runner.stop()
    for one in loops:
        one.cancel()
    if watch is not None:
        await watch.leave()
    await asyncio.to_thread(worker.stop, STOP_TIMEOUT_MS)
    await hints.close()
    await store.close()
    await database.close()
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(work(Queue(sys.argv[1])))
