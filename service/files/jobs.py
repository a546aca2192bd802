"""Upkeep of the files slice."""

from service.outbox.base import Job, Queue


class DrainDoomed(Job, frozen=True, tag="files.drain_doomed"):
    """Delete objects whose recovery window is over."""

    queue = Queue.UPKEEP
