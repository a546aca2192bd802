"""Putting tags and favourites on files and taking them off."""

import re
import unicodedata
from collections.abc import Sequence
from uuid import UUID

from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import WriteSession
from service.core.errors import Missing
from service.core.names import UNSAFE
from service.core.principal import Permission, Principal
from service.files import repository as files
from service.files.errors import BadTag, RevisionConflict
from service.files.events import FilesChanged
from service.files.marks import repository
from service.outbox import service as outbox
from service.projects import service as projects

MAX_TAGS = 50
MAX_TAG = 100
_UNSAFE = re.compile(f"[{UNSAFE},]")


def clean_tags(tags: Sequence[str]) -> list[str]:
    """In NFC, without surrounding space, each once. Raises BadTag."""
    cleaned = dict.fromkeys(unicodedata.normalize("NFC", tag).strip() for tag in tags)
    if len(cleaned) > MAX_TAGS or any(not tag or len(tag) > MAX_TAG or _UNSAFE.search(tag) for tag in cleaned):
        raise BadTag
    return list(cleaned)


async def set_tags(session: WriteSession, principal: Principal, file_id: UUID, tags: Sequence[str], revision: int | None) -> None:
    """All tags of a file. Raises Missing, Forbidden, BadTag, RevisionConflict."""
    file = await files.file_by_id(session, file_id)
    if file is None or file.doomed_at is not None:
        raise Missing
    await projects.require(session, principal, file.project_id, Permission.EDIT)
    wanted = clean_tags(tags)
    if not await repository.touch(session, file_id, revision):
        raise RevisionConflict(details={"revision": file.revision})
    before = await repository.tags_of(session, file_id)
    await repository.clear_tags(session, file_id)
    await repository.add_tags(session, file.project_id, [file_id], wanted, MAX_TAGS)
    thing = Thing("file", file_id, file.name, file.project_id)
    audit.record(session, principal, "files.tag", thing, before={"tags": before}, after={"tags": wanted})
    await outbox.publish(session, FilesChanged(file.project_id))


async def tag_many(
    session: WriteSession, principal: Principal, project_id: UUID, ids: Sequence[UUID], tags: Sequence[str], *, is_on: bool
) -> int:
    """Add tags to files, or take them off; how many files. One that would get too many is left as it is. Raises Missing, Forbidden, BadTag."""
    await projects.require(session, principal, project_id, Permission.EDIT)
    wanted = clean_tags(tags)
    if not wanted:
        raise BadTag
    there = await repository.known(session, project_id, ids)
    if is_on:
        await repository.add_tags(session, project_id, there, wanted, MAX_TAGS)
    else:
        await repository.drop_tags(session, project_id, there, wanted)
    verb = "files.tag" if is_on else "files.untag"
    audit.record(session, principal, verb, Thing("files", None, f"{len(there)} files", project_id), count=len(there), tags=wanted)
    await outbox.publish(session, FilesChanged(project_id))
    return len(there)


async def set_favourite(session: WriteSession, principal: Principal, ids: Sequence[UUID], *, is_favourite: bool) -> int:
    """How many of the files there are for this person. Raises Missing where there is none."""
    there = await repository.visible(session, principal.user_id, principal.project_id, ids)
    if not there:
        raise Missing
    if is_favourite:
        await repository.add_favourites(session, principal.user_id, there)
    else:
        await repository.drop_favourites(session, principal.user_id, there)
    return len(there)
