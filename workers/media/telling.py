"""How far a film is, told to who looks at it: a hint that carries what it says, since it is out of date before anybody could ask."""

import msgspec

from service.media import repository
from service.media.models import Transcode
from workers.media.deps import MediaDeps


async def tell_progress(deps: MediaDeps, transcode: Transcode) -> None:
    """`progress` from 0 to 1, over all chunks; `left_s` by the pace so far, null before there is one."""
    async with deps.database.read() as session:
        advance = await repository.advance_of(session, transcode.id)
    hint = {"type": "files.progress", "project_id": transcode.project_id, "file_id": transcode.file_id}
    deps.tell(msgspec.json.encode({**hint, "progress": advance.fraction, "left_s": advance.left_s}).decode())
