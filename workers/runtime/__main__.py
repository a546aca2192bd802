"""A worker process of one queue: `python -m workers.runtime io|cpu|gpu|upkeep`."""

import asyncio
import logging
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

from dramatiq import Worker

from service.core.db import Database
from service.core.settings import Settings
from service.hints.service import Hints
from service.outbox.base import Queue
from service.outbox.workers.repository import WorkerFacts
from service.storage.s3 import S3Store
from workers.media.deps import MediaDeps
from workers.runtime import broker as brokers
from workers.runtime.handlers import MEDIA, UPKEEP, check_handlers
from workers.runtime.process import begin, say_ready, stop_event
from workers.runtime.runner import JobRunner
from workers.tools.confine import describe
from workers.tools.ffmpeg import build_of, cores, executable
from workers.tools.range_proxy import RangeProxy
from workers.upkeep.cleaning import UpkeepDeps

log = logging.getLogger("stowage.worker")

STOP_TIMEOUT_MS = 10_000
NICENESS = 5


def slots(settings: Settings, queue: Queue) -> int:
    """Jobs at once. Two encodes even on few cores: a new film's first chunk must not wait for another's long one."""
    if settings.media.slots:
        return settings.media.slots
    return {Queue.IO: 4, Queue.CPU: max(2, cores() // 2), Queue.GPU: 1, Queue.UPKEEP: 2}[queue]


async def work(queue: Queue) -> None:
    """Run until told to stop; then give back what is running."""
    # Uploads and pages go first where they share the cores.
    os.nice(NICENESS)
    settings = begin()
    handlers = check_handlers([*MEDIA, *UPKEEP])
    database = Database(settings.database)
    store = S3Store(settings.store)
    proxy = RangeProxy()
    await proxy.start()
    scratch = Path(os.environ.get("TMPDIR", tempfile.gettempdir())) / f"stowage-{queue}-{os.getpid()}"
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
    deps: dict[str, object] = {
        "media": MediaDeps(database, store, settings.store.derived, proxy, settings.media, scratch),
        **dict.fromkeys(("files", "outbox", "projects", "uploads"), upkeep),
    }
    hints = Hints(settings.redis.url)
    host, tool = socket.gethostname(), executable(settings.media.ffmpeg)
    facts = WorkerFacts(f"{host}:{os.getpid()}:{queue}", queue, host, slots(settings, queue), describe(), build_of(tool))
    runner = JobRunner(database, hints, queue, facts, handlers, deps)
    broker = brokers.make_broker(settings.redis.url)
    stopping = stop_event()
    loop = asyncio.get_running_loop()
    brokers.serve(queue, runner, loop)
    worker = Worker(broker, queues={queue.value}, worker_threads=facts.slots, worker_timeout=200)
    worker.start()
    heartbeat = asyncio.create_task(runner.heartbeat_forever())
    log.info("ready", extra={"queue": queue, "sandbox": facts.sandbox})
    say_ready()
    await stopping.wait()
    await runner.stop()
    heartbeat.cancel()
    await asyncio.to_thread(worker.stop, STOP_TIMEOUT_MS)
    await hints.close()
    await store.close()
    await database.close()
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(work(Queue(sys.argv[1])))
