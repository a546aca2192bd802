"""Jobs of projects."""

from typing import ClassVar

from service.outbox.base import Job, Queue


class PurgeProjects(Job, frozen=True, tag="projects.purge"):
    """Delete for good what was marked as deleted and whose delay is over."""

    queue: ClassVar[Queue] = Queue.UPKEEP
