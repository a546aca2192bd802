"""What a job's handler is given besides the job: its lease."""

from dataclasses import dataclass, field

from service.core.db import Database, WriteSession
from service.outbox import repository, service
from service.outbox.repository import Claimed


@dataclass(slots=True)
class JobContext:
    """The claim behind a running job. `result`: what the job tells of itself, kept with it."""

    database: Database
    claimed: Claimed
    is_finished: bool = field(default=False)
    result: dict[str, object] = field(default_factory=dict)

    async def finish(self, session: WriteSession) -> None:
        """End the job in the transaction that stores its result. Raises LeaseLost; then nothing may be published."""
        await service.finish_job(session, self.claimed, self.result or None)
        self.is_finished = True

    async def progress(self, fraction: float) -> None:
        async with self.database.statement() as session:
            await repository.set_progress(session, self.claimed, min(1.0, max(0.0, fraction)))
