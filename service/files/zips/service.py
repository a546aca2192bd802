"""Choosing what goes into a ZIP, and laying it out."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from service.audit import service as audit
from service.audit.service import Thing
from service.core.db import Database, ReadSession, WriteSession
from service.core.ids import new_id
from service.core.names import safe_name
from service.core.principal import Permission, Principal
from service.files.errors import BadTicket, TooManyEntries
from service.files.models import Selection
from service.files.zips import repository
from service.files.zips.layout import Layout, unique
from service.files.zips.repository import Chosen
from service.files.zips.stream import ZipStream
from service.projects import service as projects
from service.storage.port import Reader

MAX_ENTRIES = 200_000
KEPT_FOR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Ready:
    """A ZIP that can be downloaded."""

    selection: Selection
    layout: Layout


async def choose(session: WriteSession, principal: Principal, project_id: UUID, files: list[UUID], folders: list[UUID]) -> Ready:
    """Neither files nor folders: the whole project. Raises Missing, TooManyEntries."""
    await projects.require(session, principal, project_id, Permission.VIEW)
    name = await repository.name_of(session, project_id, files, folders) or await repository.project_name(session, project_id)
    if not files and not folders:
        folders = [project_id]
    selection = Selection(
        id=new_id(),
        user_id=principal.user_id,
        project_id=project_id,
        name=safe_name(f"{name}.zip"),
        files=files,
        folders=folders,
        expires_at=datetime.now(UTC) + KEPT_FOR,
    )
    repository.add(session, selection)
    chosen = Chosen(selection.id, selection.user_id, project_id, selection.name, files, folders, selection.expires_at)
    layout = await lay_out(session, chosen)
    thing = Thing("files", None, f"{len(layout.members)} entries", project_id)
    audit.record(session, principal, "files.zip", thing, size_bytes=layout.size)
    return Ready(selection, layout)


async def open_selection(session: ReadSession, selection_id: UUID) -> tuple[Chosen, Layout]:
    """Raises BadTicket where it is over, or its owner may no longer see the project; TooManyEntries."""
    chosen = await repository.chosen(session, selection_id)
    if chosen is None:
        raise BadTicket
    return chosen, await lay_out(session, chosen)


async def lay_out(session: ReadSession, chosen: Chosen) -> Layout:
    """Raises TooManyEntries."""
    members = await repository.members(session, chosen, MAX_ENTRIES + 1)
    if len(members) > MAX_ENTRIES:
        raise TooManyEntries(details={"most": MAX_ENTRIES})
    # A hundred thousand names take a moment to sort and measure.
    return await asyncio.to_thread(lambda: Layout(unique(members)))


async def stream_of(database: Database, store: Reader, layout: Layout) -> ZipStream:
    """CRCs that the digest of a file has found meanwhile are used; what is computed on the way is kept for the next."""
    known = {member.version_id: member.crc32 for member in layout.members if member.version_id is not None and member.crc32 is not None}

    async def learned(version_id: UUID, crc32: int) -> None:
        async with database.statement() as session:
            await repository.set_crc(session, version_id, crc32)

    return ZipStream(layout, store, known, learned)
