"""What the files slice does when it hears that a version is there."""

from service.core.db import WriteSession
from service.files import repository
from service.files.events import FileStored
from service.files.versions.service import prune


async def on_file_stored(session: WriteSession, event: FileStored, recovery_window_s: int) -> None:
    """The access log tells of it, and versions beyond the project's number go."""
    await repository.log_stored(session, event.version_id)
    await prune(session, event, recovery_window_s)
