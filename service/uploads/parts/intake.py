"""S3 multipart straight from the client: only UploadPart goes past us, and only signed for one part of one upload.

Quota is reserved for the whole where the length is known, else as parts are signed; before Complete it is settled by what the store
lists. From then on the upload finishes as every other does (Rule R); later listings and Completes answer from the row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol as Shape
from uuid import UUID

from service.core.db import Database
from service.core.errors import Forbidden, Missing
from service.core.principal import Permission, Principal
from service.projects import service as projects
from service.projects.policies import may
from service.quota import service as quota
from service.storage import keys
from service.storage.port import MAX_PARTS, MIN_PART, Mover, Part, PartPresigner, StoredPart
from service.uploads import repository
from service.uploads.errors import BodyPastLength, Busy, DirectOff, Gone, PartsMismatch, TooLarge
from service.uploads.models import ENDED, Protocol, State, Upload
from service.uploads.parts import repository as rows
from service.uploads.parts.rules import MAX_PART_BYTES, as_rows, check_parts
from service.uploads.service import Uploads
from service.uploads.tus.headers import Creation

URL_LIFETIME_S = 3_600


class PartStore(Mover, PartPresigner, Shape):
    """Moves bytes, and lets clients send parts themselves."""


@dataclass(frozen=True, slots=True)
class PartsIntake:
    """The intake of one process, over the same session core as `append`."""

    database: Database
    store: PartStore
    bucket: str
    uploads: Uploads
    max_bytes: int

    async def create(self, principal: Principal, project_id: UUID, folder_id: UUID | None, creation: Creation) -> Upload:
        """Row first, then the multipart upload. Raises DirectOff, and as Creator.create does."""
        if not self.store.can_presign_parts:
            raise DirectOff
        upload = (await self.uploads.create(principal, project_id, folder_id, creation, None)).upload
        key = keys.parts_key(upload.id)
        s3_upload_id = await self.store.create_multipart(self.bucket, key)
        async with self.database.statement() as session:
            if not await repository.store_multipart(session, upload.id, upload.epoch, key, s3_upload_id):
                raise Gone
        return upload

    async def check(self, principal: Principal, project_id: UUID) -> None:
        """Before a right is given away. Raises Missing, Forbidden, Archived."""
        async with self.database.read() as session:
            await projects.require(session, principal, project_id, Permission.UPLOAD)

    async def see(self, principal: Principal, project_id: UUID, upload_id: UUID) -> Upload:
        """The caller's own upload of this protocol. Raises Missing, Forbidden."""
        seen = await self.uploads.see(principal, upload_id, Protocol.S3)
        if seen.upload.project_id != project_id:
            raise Missing
        if not may(str(seen.role), Permission.UPLOAD):
            raise Forbidden
        return seen.upload

    async def sign(self, principal: Principal, project_id: UUID, upload_id: UUID, number: int, size: int | None) -> str:
        """A URL for one part. Raises Missing, PartsMismatch, Busy, Gone, QuotaExceeded, TooLarge, BodyPastLength."""
        if not 1 <= number <= MAX_PARTS or not (size is None or 0 < size <= MAX_PART_BYTES):
            message = f"Part numbers are 1 to {MAX_PARTS:,}, and a part has at most 5 GiB."
            raise PartsMismatch(message)
        _check_open(await self.see(principal, project_id, upload_id))
        async with self.database.write() as session:
            upload = await rows.touch(session, upload_id, self.uploads.expiry)
            if upload is None:
                raise Gone
            if upload.s3_upload_id is None:
                raise Busy
            # A client that tells no size sends parts of one size, and the smallest that S3 allows until we know better.
            charged = size if size is not None else max(MIN_PART, await rows.largest_charge(session, upload_id))
            total = await rows.charge(session, upload_id, number, charged)
            if upload.length_bytes is not None and total > upload.length_bytes and size is not None:
                raise BodyPastLength
            wanted = total if upload.length_bytes is None else upload.length_bytes
            if wanted > self.max_bytes:
                raise TooLarge
            missing = wanted - upload.reserved_bytes
            if missing > 0:
                await rows.set_reserved(session, upload_id, wanted)
                await quota.reserve(session, quota.Owners(upload.user_id, upload.project_id), missing)
        return self.store.presign_part(self.bucket, str(upload.key), str(upload.s3_upload_id), number, size=size, expires_s=URL_LIFETIME_S)

    async def listed(self, principal: Principal, project_id: UUID, upload_id: UUID) -> list[StoredPart]:
        """Parts that are there: as the store lists them, and from the rows once the upload is finished. Raises Missing, Gone, UploadGone."""
        upload = await self.see(principal, project_id, upload_id)
        if upload.state in ENDED:
            raise Gone
        if upload.state != State.OPEN:
            async with self.database.read() as session:
                return [StoredPart(part.no, part.size_bytes, part.etag) for part in await repository.parts_of(session, upload.id)]
        if upload.s3_upload_id is None:
            return []
        return await self.store.list_parts(self.bucket, str(upload.key), upload.s3_upload_id)

    async def complete(self, principal: Principal, project_id: UUID, upload_id: UUID, named: Sequence[Part]) -> Upload:
        """Make the object of exactly these parts; again and again gives the same answer.

        Raises Missing, Gone, UploadGone, PartsMismatch, Busy, QuotaExceeded, TooLarge, Interrupted.
        """
        upload = await self.see(principal, project_id, upload_id)
        if upload.state == State.COMPLETE:
            return upload
        if upload.state == State.COMPLETING:
            await self.uploads.finish_and_wait(upload)
            return await self.see(principal, project_id, upload_id)
        _check_open(upload)
        if upload.s3_upload_id is None:
            raise Busy
        stored = await self.store.list_parts(self.bucket, str(upload.key), upload.s3_upload_id)
        parts = check_parts(named, stored, upload.length_bytes)
        total = sum(part.size_bytes for part in parts)
        if total > self.max_bytes:
            raise TooLarge
        async with self.database.write() as session:
            held = await rows.begin_completing(session, upload_id, as_rows(upload_id, parts), total)
            if held is None:
                raise Busy
            missing = total - held.reserved_bytes
            owners = quota.Owners(held.user_id, held.project_id)
            await rows.set_reserved(session, upload_id, total)
            await session.flush()
            if missing > 0:
                await quota.reserve(session, owners, missing)
            elif missing < 0:
                await quota.release(session, owners, reserved_bytes=-missing)
        await self.uploads.finish_and_wait(held)
        return await self.see(principal, project_id, upload_id)

    async def abort(self, principal: Principal, project_id: UUID, upload_id: UUID) -> None:
        """Raises Missing, Gone, Busy. A finished upload stays as it is: its file is deleted as a file."""
        upload = await self.see(principal, project_id, upload_id)
        if upload.state != State.COMPLETE:
            await self.uploads.end(upload)


def _check_open(upload: Upload) -> None:
    if upload.state in ENDED:
        raise Gone
    if upload.state != State.OPEN:
        raise Busy
