"""Upkeep of the uploads slice."""

from service.outbox.base import Job, Queue


class ScanStore(Job, frozen=True, tag="uploads.scan_store"):
    """Compare the store's keys with the rows, both ways.

    `delete_older_than_s`: objects that no row speaks of, and that are older, are deleted; only people ask for that.
    """

    queue = Queue.UPKEEP
    delete_older_than_s: int | None = None
