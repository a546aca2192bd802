"""Upkeep of the uploads slice."""

from service.outbox.base import Job, Queue


class ScanStore(Job, frozen=True, tag="uploads.scan_store"):
    """Compare the store's keys with the rows, both ways."""

    queue = Queue.UPKEEP
