"""What jobs and events are: frozen Structs with a tag that is their name on the wire."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import msgspec


class Queue(StrEnum):
    """Queues name resources; each has worker processes of its own."""

    IO = "io"
    CPU = "cpu"
    GPU = "gpu"
    UPKEEP = "upkeep"


class Message(msgspec.Struct, frozen=True):
    """Base of events and jobs: plain data, ids rather than things."""

    @classmethod
    def tag(cls) -> str:
        return str(cls.__struct_config__.tag)

    def to_payload(self) -> dict[str, object]:
        payload: dict[str, object] = msgspec.to_builtins(self)
        payload.pop("type", None)
        return payload


class Event(Message, frozen=True):
    """Something that happened, in the past tense."""


class Job(Message, frozen=True):
    """Something to do, in the imperative. Higher `priority` goes first."""

    queue: ClassVar[Queue] = Queue.UPKEEP
    priority: ClassVar[int] = 0
    max_attempts: ClassVar[int] = 5

    def about_file(self) -> UUID | None:
        """The file this job works for, to show it there."""
        return None


class JobFailed(Event, frozen=True, tag="outbox.job_failed"):
    """A job used up its attempts or met an error that no retry can mend."""

    job_id: UUID
    job_tag: str
    payload: dict[str, object]
    reason: str


class PermanentError(Exception):
    """Raised by a handler: retrying makes no sense; the text is for the person who owns the file."""
