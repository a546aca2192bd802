"""What nobody holds any more: carry on finishes and aborts, expire, and clear what rows do not name.

Acts only on rows whose lease is over; an abort bumps the epoch before anything is called garbage.
"""

import logging
from dataclasses import dataclass
from uuid import UUID

from service.core.errors import StowageError
from service.quota import service as quota
from service.storage import keys
from service.storage.port import Lister, Part, PartsRefused, UploadGone
from service.uploads import repository
from service.uploads.finish import Finisher
from service.uploads.models import Kind, Protocol, State, Upload
from service.uploads.upkeep import repository as rows

log = logging.getLogger("stowage.uploads")

BATCH = 100
MAX_ORPHAN_EPOCHS = 500
FORGOTTEN = "forgotten by the store"


@dataclass(frozen=True, slots=True)
class Sweeper:
    """One pass is `sweep`; any number of nodes may run it."""

    finisher: Finisher
    lister: Lister

    async def sweep(self) -> int:
        """Returns how many uploads were looked at. One upload's trouble does not stop the others."""
        database = self.finisher.database
        async with database.read() as session:
            due = await rows.sweepable(session, BATCH)
            leftovers = await rows.leftovers(session, BATCH)
            forgotten = await rows.forgotten(session, BATCH)
        for upload_id, state in due:
            await self._guarded(upload_id, state)
        for upload_id in forgotten:
            await self._guarded(upload_id, FORGOTTEN)
        for upload in leftovers:
            try:
                await self.clear(upload)
                async with database.statement() as session:
                    await rows.set_swept(session, upload.id)
            except StowageError as error:
                log.warning("sweep postponed", extra={"upload": str(upload.id), "internal": error.internal})
        await self._lapse()
        async with database.statement() as session:
            await rows.drop_old_parts(session)
        return len(due) + len(leftovers)

    async def _guarded(self, upload_id: UUID, state: str) -> None:
        try:
            if state == State.COMPLETING:
                await self.finisher.finish(upload_id)
            elif state == State.ABORTING:
                await self.finish_abort(upload_id)
            elif state == FORGOTTEN:
                await self.finisher.look_for_multipart(upload_id)
            elif state == State.LOST:
                await self._look_for_lost(upload_id)
            else:
                await self._expire_or_finish(upload_id)
        except StowageError as error:
            log.warning("sweep postponed", extra={"upload": str(upload_id), "state": state, "internal": error.internal})

    async def _expire_or_finish(self, upload_id: UUID) -> None:
        async with self.finisher.database.statement() as session:
            is_whole = await repository.begin_completing(session, upload_id, None)
        if is_whole:
            await self.finisher.finish(upload_id)
        else:
            # Not whole, or no longer nobody's: only one that has expired ends here.
            await self.abort(upload_id, if_expired=True)

    async def _look_for_lost(self, upload_id: UUID) -> None:
        async with self.finisher.database.read() as session:
            upload = await session.get(Upload, upload_id)
        if upload is not None:
            await self.finisher.look_for_lost(upload.id, upload.key, upload.length_bytes)

    async def _lapse(self) -> None:
        async with self.finisher.database.write() as session:
            for upload in await rows.lapsed(session, BATCH):
                await quota.release(session, quota.Owners(upload.user_id, upload.project_id), reserved_bytes=upload.reserved_bytes)

    async def abort(self, upload_id: UUID, *, if_expired: bool = False) -> bool:
        """Step A for an OPEN upload. False: it is not open any more, or has not expired."""
        async with self.finisher.database.statement() as session:
            if not await rows.begin_abort(session, upload_id, if_expired=if_expired):
                return False
        await self.finish_abort(upload_id)
        return True

    async def finish_abort(self, upload_id: UUID) -> None:
        """Free the storage, and only then the quota."""
        database = self.finisher.database
        async with database.statement() as session:
            upload = await rows.take_abort(session, upload_id)
        if upload is None:
            return
        await self.clear(upload)
        async with database.write() as session:
            closed = await rows.close_abort(session, upload_id)
            if closed is not None:
                await quota.release(session, quota.Owners(closed.user_id, closed.project_id), reserved_bytes=closed.reserved_bytes)
        log.info("aborted", extra={"upload": str(upload_id), "bytes": upload.offset_bytes})

    async def clear(self, upload: Upload) -> None:
        """Delete everything of an ended upload that is not a version's object. Raises StoreDown."""
        store, bucket = self.finisher.store, self.finisher.bucket
        is_kept = upload.version_id is not None or (upload.kind == Kind.PARTIAL and upload.state == State.COMPLETE)
        kept = upload.key if is_kept else None
        for key in _multipart_keys(upload):
            for s3_upload_id in await store.open_multiparts(bucket, key):
                if key == kept and await store.head(bucket, key) is not None:
                    await self._complete_again(upload, key, s3_upload_id)
                else:
                    await store.abort_multipart(bucket, key, s3_upload_id)
        if (
            upload.key is not None
            and upload.s3_upload_id is not None
            and kept is None
            and await store.has_parts(bucket, upload.key, upload.s3_upload_id)
        ):
            await store.abort_multipart(bucket, upload.key, upload.s3_upload_id)
        for prefix in keys.upload_prefixes(upload.id):
            garbage = [key async for key in self.lister.list_keys(bucket, prefix) if key != kept]
            if garbage:
                await store.delete(bucket, garbage)

    async def _complete_again(self, upload: Upload, key: str, s3_upload_id: str) -> None:
        """An upload still listed although its object is there: the store was killed between making the one and forgetting the other.

        Never abort it: the embedded Swift would delete the object's own parts. Completing once more changes nothing but the list.
        """
        async with self.finisher.database.read() as session:
            parts = await repository.parts_of(session, upload.id)
        if not parts:
            return
        try:
            await self.finisher.store.complete_multipart(
                self.finisher.bucket, key, s3_upload_id, [Part(part.no, part.etag) for part in parts]
            )
        except (UploadGone, PartsRefused) as error:
            log.warning("a completed upload is still listed", extra={"upload": str(upload.id), "internal": error.internal})


def _multipart_keys(upload: Upload) -> list[str]:
    """Keys under which a multipart upload may have been begun but never named: epochs up to the one that succeeded."""
    if upload.protocol == Protocol.S3:
        return [keys.parts_key(upload.id)]
    named = int(upload.key.rpartition("/")[2]) if upload.key is not None else upload.epoch
    return [keys.object_key(upload.id, epoch) for epoch in range(1, min(named, MAX_ORPHAN_EPOCHS) + 1)]
