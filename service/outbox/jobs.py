"""Upkeep of the outbox slice."""

from service.outbox.base import Job, Queue


class ForgetJobs(Job, frozen=True, tag="outbox.forget_jobs"):
    """Delete rows of jobs that ended long ago."""

    queue = Queue.UPKEEP
