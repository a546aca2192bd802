"""Step C1: check, insert and reserve in one transaction; also for partial and final uploads (tus 1.0.0, section Concatenation)."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from service.core.db import Database, WriteSession
from service.core.errors import Missing
from service.core.ids import new_id
from service.core.names import safe_name
from service.core.principal import Permission, Principal
from service.core.settings import UploadSettings
from service.files import service as files
from service.projects import service as projects
from service.projects.policies import roles_with
from service.quota import service as quota
from service.uploads import repository
from service.uploads.append.appender import part_size
from service.uploads.errors import Gone, NameTaken, NotPartial, PartialTaken, TooLarge, TooManyOpen
from service.uploads.express import repository as express
from service.uploads.joins import repository as joins
from service.uploads.models import ENDED, Kind, Protocol, State, Upload
from service.uploads.tus.headers import Creation

log = logging.getLogger("stowage.uploads")

# Of an upload whose length is not known: reserved step by step, as bytes arrive.
DEFERRED_STEP = 1 << 30
REMEMBERED_S = 10.0
MAX_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Created:
    """An upload; not `is_new` where an earlier request with the same idempotency key made it. `is_held`: by this request, for its body."""

    upload: Upload
    is_new: bool
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Creator:
    """Makes uploads of one process."""

    database: Database
    settings: UploadSettings
    limits: repository.Limits
    # Folders found a moment ago; one that was trashed since gives its files to the nearest living one, as it would at the end.
    folders: dict[tuple[UUID, UUID, str], tuple[UUID, float]] = field(default_factory=dict)

    async def create(
        self, principal: Principal, project_id: UUID, folder_id: UUID | None, creation: Creation, idempotency_key: str | None
    ) -> Created:
        """Raises TooLarge, QuotaExceeded, NameTaken, TooManyOpen, Missing, Forbidden, BadName; for a final NotPartial, PartialTaken, Gone."""
        where = (project_id, folder_id or project_id, creation.folder_path)
        if idempotency_key is None and (created := await self._at_once(principal, where, creation)):
            return created
        async with self.database.write() as session:
            await projects.require(session, principal, project_id, Permission.UPLOAD)
            if earlier := await self._earlier(session, principal, idempotency_key):
                return Created(earlier, is_new=False)
            partials = await _lock_partials(session, principal, project_id, creation.partials or ())
            upload = self._row(principal, project_id, creation, partials)
            upload.idempotency_key = idempotency_key
            upload.folder_id = await files.resolve_folder(session, project_id, folder_id, creation.folder_path, principal.user_id)
            if creation.on_conflict == "fail" and await files.name_is_taken(session, project_id, upload.folder_id, upload.name):
                raise NameTaken
            if not await repository.insert(session, upload, self.limits):
                if earlier := await self._earlier(session, principal, idempotency_key):
                    return Created(earlier, is_new=False)
                raise TooManyOpen(retry_after=60)
            if partials:
                await joins.take_partials(session, upload.id, partials)
            if upload.reserved_bytes or not partials:
                await quota.reserve(session, quota.Owners(principal.user_id, project_id), upload.reserved_bytes)
        if len(self.folders) >= MAX_REMEMBERED:
            self.folders.clear()
        self.folders[where] = (upload.folder_id, time.monotonic() + REMEMBERED_S)
        return _new(upload)

    async def _at_once(self, principal: Principal, where: tuple[UUID, UUID, str], creation: Creation) -> Created | None:
        """An upload of the usual kind into a folder known by now: one statement. None: it is not that simple, and nothing was done."""
        project_id, start, path = where
        known, until = self.folders.get(where, (None, 0.0))
        folder_id = project_id if start == project_id and not path else known if until > time.monotonic() else None
        if folder_id is None or creation.partials is not None or creation.on_conflict == "fail" or not principal.reaches(project_id):
            return None
        upload = self._row(principal, project_id, creation, {})
        upload.folder_id = folder_id
        async with self.database.statement() as session:
            is_made = await express.create(session, upload, self.limits, roles_with(Permission.UPLOAD))
        return _new(upload) if is_made else None

    async def _earlier(self, session: WriteSession, principal: Principal, idempotency_key: str | None) -> Upload | None:
        if idempotency_key is None:
            return None
        return await repository.by_idempotency_key(session, principal.user_id, idempotency_key)

    def _row(self, principal: Principal, project_id: UUID, creation: Creation, partials: dict[UUID, Upload]) -> Upload:
        is_final = creation.partials is not None
        length = creation.length if creation.partials is None else sum(partials[one].length_bytes or 0 for one in creation.partials)
        if length is not None and length > self.settings.max_bytes:
            raise TooLarge
        # What the partials reserved covers the joined object, but for those that are named more than once.
        step = min(DEFERRED_STEP, creation.at_most or DEFERRED_STEP) if creation.protocol == Protocol.TUS else 0
        reserved = step if length is None else length - sum(row.length_bytes or 0 for row in partials.values())
        return Upload(
            id=new_id(),
            project_id=project_id,
            user_id=principal.user_id,
            protocol=creation.protocol,
            kind=Kind.FINAL if is_final else Kind.PARTIAL if creation.is_partial else Kind.WHOLE,
            partials=None if creation.partials is None else list(creation.partials),
            name=safe_name(creation.name),
            claimed_type=creation.claimed_type,
            on_conflict=creation.on_conflict,
            metadata_raw=creation.metadata_raw,
            length_bytes=length,
            reserved_bytes=reserved,
            part_bytes=part_size(length, self.settings.max_bytes),
            offset_bytes=0,
            state=State.COMPLETING if is_final else State.OPEN,
            # A body that comes along needs no second transaction to take the upload over.
            epoch=int(creation.has_body and length != 0),
            holder=self.settings.node_name,
            sha256=creation.sha256,
            next_part=1,
            tail_bytes=0,
        )


def _new(upload: Upload) -> Created:
    is_held = upload.epoch > 0
    # What comes in the same request says more of it when it is stored.
    level = logging.DEBUG if is_held else logging.INFO
    log.log(level, "created", extra={"upload": str(upload.id), "user": str(upload.user_id), "bytes": upload.length_bytes})
    return Created(upload, is_new=True, is_held=is_held)


async def _lock_partials(session: WriteSession, principal: Principal, project_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Upload]:
    """The caller's own partial uploads, finished or not. Raises Missing, NotPartial, PartialTaken, Gone."""
    found = await joins.lock_partials(session, set(ids)) if ids else {}
    for one in ids:
        partial = found.get(one)
        if partial is None or partial.user_id != principal.user_id:
            raise Missing
        if partial.kind != Kind.PARTIAL or partial.project_id != project_id:
            raise NotPartial
        if partial.state in ENDED:
            raise Gone
        if partial.joined_into is not None:
            raise PartialTaken
    return found
