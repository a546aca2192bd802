"""Wire types of operations."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec


class SystemJob(msgspec.Struct):
    """`result` is what a task found; `payload` what it was asked for."""

    id: UUID
    tag: str
    queue: str
    state: str
    attempt: int
    max_attempts: int
    progress: float | None
    error: str | None
    worker: str | None
    file_id: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    payload: dict[str, Any]
    result: dict[str, Any] | None


class SystemJobPage(msgspec.Struct):
    items: list[SystemJob]
    next_cursor: str | None


class QueueCount(msgspec.Struct):
    queue: str
    state: str
    jobs: int


class QueueCounts(msgspec.Struct):
    items: list[QueueCount]


class JobHour(msgspec.Struct):
    """Jobs of a queue that ended within the hour from `at` on; `busy_s` is how long they ran in all."""

    at: datetime
    queue: str
    done: int
    failed: int
    busy_s: float


class JobHours(msgspec.Struct):
    items: list[JobHour]


class SystemWorker(msgspec.Struct):
    """`slots`: jobs at once, `running`: in hand; `sandbox`: what confines the processes that read what people uploaded."""

    id: str
    queue: str
    host: str
    slots: int
    running: int
    sandbox: str
    ffmpeg: str
    started_at: datetime
    seen_at: datetime


class SystemWorkers(msgspec.Struct):
    items: list[SystemWorker]


Task = Literal["recount_quota", "empty_trash", "scan_store", "clean_derived", "fix_types", "verify_files"]


class TaskWanted(msgspec.Struct, forbid_unknown_fields=True):
    """A task of upkeep, by hand. `older_than_s` bounds what `empty_trash`, `scan_store` and `clean_derived` delete; `project_id` what
    `fix_types` and `verify_files` look at. A dry run only says what it would do.
    """

    task: Task
    is_dry_run: bool = True
    older_than_s: Annotated[int, msgspec.Meta(ge=0, le=10 * 366 * 86_400)] | None = None
    project_id: UUID | None = None


class LargeProject(msgspec.Struct):
    id: UUID
    name: str
    used_bytes: int
    reserved_bytes: int
    derived_bytes: int
    trash_bytes: int


class Storage(msgspec.Struct):
    """Bytes and counts over all projects; the largest projects."""

    files: int
    versions: int
    used_bytes: int
    reserved_bytes: int
    derived_bytes: int
    trash_bytes: int
    doomed_objects: int
    open_uploads: int
    buckets: list[str]
    largest: list[LargeProject]
