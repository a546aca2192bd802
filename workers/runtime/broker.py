"""Dramatiq on Redis: one queue per resource, whose messages are only invitations to claim a job."""

import asyncio
import os
from collections.abc import Callable

# Read when dramatiq is imported: a worker must not hoard tickets.
os.environ.setdefault("dramatiq_queue_prefetch", "1")

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from service.outbox.base import Queue
from workers.runtime.runner import JobRunner

_runners: dict[str, tuple[JobRunner, asyncio.AbstractEventLoop]] = {}


def actor_name(queue: str) -> str:
    return f"claim_{queue}"


def make_broker(redis_url: str) -> RedisBroker:
    """A broker with one ticket actor per queue and no middleware: retries, limits and shutdown are the runner's."""
    broker = RedisBroker(url=redis_url, middleware=[], namespace="stowage-queue", maintenance_chance=50_000)
    for queue in Queue:
        dramatiq.actor(_claimer(queue), actor_name=actor_name(queue), queue_name=queue.value, broker=broker)
    return broker


def _claimer(queue: Queue) -> Callable[[], None]:
    def claim() -> None:
        """Runs in a worker thread; the job itself runs on the process's event loop."""
        served = _runners.get(queue)
        while served is not None:
            runner, loop = served
            # More is taken as long as there is more: a lost ticket then costs nothing.
            if not asyncio.run_coroutine_threadsafe(runner.run_one(), loop).result():
                return

    return claim


def serve(queue: str, runner: JobRunner, loop: asyncio.AbstractEventLoop) -> None:
    """Let tickets of `queue` claim through `runner` on `loop`."""
    _runners[queue] = (runner, loop)


def send_tickets(broker: RedisBroker, queue: str, count: int) -> None:
    """Blocking. Raises redis errors."""
    actor = broker.get_actor(actor_name(queue))
    for _ in range(count):
        actor.send()


def waiting(broker: RedisBroker, queue: str) -> int:
    """Tickets not yet taken. Blocking. Raises redis errors."""
    return int(broker.client.llen(f"stowage-queue:{queue}"))
