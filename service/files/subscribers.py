"""What the files slice does when it hears that a version is there."""

from service.core.db import WriteSession
from service.files.events import FileStored
from service.files.versions.service import prune


async def on_file_stored(session: WriteSession, event: FileStored, recovery_window_s: int) -> None:
    """Versions beyond the project's number go."""
    if not event.is_first:
        await prune(session, event, recovery_window_s)
