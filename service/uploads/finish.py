"""From the last committed byte to a listed version: F1 to F3 and Rule R (docs/reference/upload-protocol.md).

Completion is announced only after the object is proven to be there with the right size. Success is never inferred
from absence: after any doubt, HEAD decides, and only three checks five minutes apart may call an upload LOST.
"""

import logging
from dataclasses import dataclass
from uuid import UUID

from service.core.db import Database, WriteSession
from service.core.errors import StowageError
from service.core.ids import new_id
from service.files import service as files
from service.files.recognise import is_plain, sniff
from service.quota import service as quota
from service.storage import keys
from service.storage.checksums import multipart_etag
from service.storage.join import join
from service.storage.port import Mover, Part, PartsRefused, StoreDown, UploadGone
from service.uploads import repository
from service.uploads.append.whole import WholeObject, put_whole
from service.uploads.express import repository as express
from service.uploads.joins import repository as joins
from service.uploads.models import ENDED, Kind, Protocol, State, Upload, UploadPart
from service.uploads.parts import repository as part_rows
from service.uploads.upkeep import repository as upkeep

log = logging.getLogger("stowage.uploads")

CHECKS_UNTIL_LOST = 3


def tiles(parts: list[UploadPart], length: int) -> bool:
    """Whether parts in the order of their numbers cover 0..length without gap or overlap."""
    position = 0
    for part in parts:
        if part.start_bytes != position:
            return False
        position += part.size_bytes
    return position == length


def stored_object(upload: Upload, bucket: str, key: str, etag: str, whole: WholeObject | None = None) -> files.StoredObject:
    """What becomes a version; of a `whole` one more is known."""
    return files.StoredObject(
        project_id=upload.project_id,
        folder_id=upload.folder_id,
        user_id=upload.user_id,
        name=upload.name,
        on_conflict=upload.on_conflict,
        bucket=bucket,
        key=key,
        size_bytes=upload.length_bytes or 0,
        etag=etag,
        claimed_type=upload.claimed_type,
        sha256=whole.sha256 if whole else None,
        crc32=whole.crc32 if whole else None,
        media_type=sniff(whole.head, upload.name, upload.claimed_type or "") if whole else None,
        expected_sha256=upload.sha256,
        is_plain=whole is not None and is_plain(upload.claimed_type or "", upload.name, whole.head),
    )


async def list_version(session: WriteSession, upload: Upload, reserved_bytes: int, stored: files.StoredObject) -> None:
    """The rest of F3, in the transaction that closed the upload: version, result, quota last. A partial waits for its final."""
    if upload.kind == Kind.PARTIAL:
        return
    file_id, version_id = await files.store_version(session, stored)
    await repository.set_result(session, upload.id, file_id, version_id)
    owners = quota.Owners(upload.user_id, upload.project_id)
    await quota.settle(session, owners, reserved_bytes=reserved_bytes, used_bytes=stored.size_bytes)
    log.info("complete", extra={"upload": str(upload.id), "file": str(file_id), "bytes": upload.length_bytes})


@dataclass(frozen=True, slots=True)
class Finisher:
    """Finishes uploads whose bytes are all durable. Any process may, one at a time per upload."""

    database: Database
    store: Mover
    bucket: str

    async def close_whole(self, upload: Upload, *, expected: int, whole: WholeObject, tail_key: str | None) -> bool:
        """An upload that went into one object: F1 and F3 in one transaction; its tail is in there. False: the epoch is over."""
        stored = stored_object(upload, self.bucket, whole.key, whole.etag, whole)
        if not await self._close_at_once(upload, expected, stored):
            async with self.database.write() as session:
                reserved = await repository.close_in_one(session, upload.id, upload.epoch, expected=expected, key=whole.key)
                if reserved is None:
                    return False
                await list_version(session, upload, reserved, stored)
        if tail_key is not None:
            await self._drop(tail_key)
        return True

    async def _close_at_once(self, upload: Upload, expected: int, stored: files.StoredObject) -> bool:
        """A new name in a living folder: one statement. False: it is not that simple, and nothing was done."""
        if upload.kind != Kind.WHOLE:
            return False
        file_id, version_id = new_id(), new_id()
        new_file = files.new_file(stored, upload.folder_id, file_id, version_id)
        async with self.database.statement() as session:
            if not await express.close(session, upload, expected=expected, new_file=new_file):
                return False
        files.log_stored(stored, file_id, version_id)
        return True

    async def finish(self, upload_id: UUID, epoch: int | None = None) -> bool:
        """Carry a COMPLETING upload to its end; `epoch` is the caller's own lease, if it holds one.

        True once it is COMPLETE by us. False: somebody else is at it, or it has to be tried again.
        Raises StoreDown, StoreFull, DatabaseDown.
        """
        async with self.database.statement() as session:
            upload = await repository.take_finish(session, upload_id, epoch)
        if upload is None:
            return False
        done = False
        try:
            done = await self._finish_held(upload)
        finally:
            if not done:
                await self.let_go(upload)
        return done

    async def let_go(self, upload: Upload) -> None:
        """Release a lease of this epoch; one that can't be released runs out by itself."""
        try:
            async with self.database.statement() as session:
                await repository.release_lease(session, upload.id, upload.epoch)
        except StowageError:
            log.warning("lease not released; it runs out by itself", extra={"upload": str(upload.id)})

    async def _finish_held(self, upload: Upload) -> bool:
        if upload.kind == Kind.FINAL:
            return await self._join(upload)
        if upload.s3_upload_id is None:
            return await self._to_object(upload)
        if upload.tail_key is not None:
            await self._tail_to_part(upload, upload.tail_key)
        async with self.database.read() as session:
            parts = list(await repository.parts_of(session, upload.id))
        if not tiles(parts, upload.length_bytes or 0):
            log.error("ALARM: parts do not tile the upload", extra={"upload": str(upload.id), "parts": len(parts)})
            return False
        etag = await self._complete(upload, parts)
        if etag is None:
            return False
        async with self.database.write() as session:
            closed = await repository.close_completing(session, upload.id)
            if closed is not None:
                await list_version(session, closed, closed.reserved_bytes, stored_object(closed, self.bucket, str(closed.key), etag))
        if upload.tail_key is not None:
            await self._drop(upload.tail_key)
        return closed is not None

    async def _join(self, upload: Upload) -> bool:
        """A final: its partials become one object under this epoch's own key. False: not all of them are there yet."""
        async with self.database.read() as session:
            found = await joins.partials_of(session, upload.id)
        order = upload.partials or []
        if any(found[one].state in ENDED if one in found else True for one in order):
            await self._lose(upload, "a partial upload was ended before it could be joined")
            return False
        if any(found[one].state != State.COMPLETE for one in order):
            return False
        key = keys.object_key(upload.id, upload.epoch)
        sources = [(str(found[one].key), found[one].length_bytes or 0) for one in order]
        etag = await join(self.store, self.bucket, key, sources, lambda: self._keep_lease(upload))
        async with self.database.write() as session:
            reserved = await joins.close_join(session, upload.id, upload.epoch, key)
            if reserved is not None:
                await list_version(session, upload, reserved, stored_object(upload, self.bucket, key, etag))
        return reserved is not None

    async def _keep_lease(self, upload: Upload) -> None:
        """A join may take minutes. Raises StoreDown where somebody else has taken it over."""
        async with self.database.statement() as session:
            if not await repository.renew_leases(session, [(upload.id, upload.epoch)]):
                raise StoreDown(internal="the join was taken over")

    async def _read_tail(self, key: str) -> bytes:
        return b"".join([chunk async for chunk in self.store.read(self.bucket, key)])

    async def _to_object(self, upload: Upload) -> bool:
        """Where there is no multipart upload, all bytes are in the tail, or there are none at all."""
        body = await self._read_tail(upload.tail_key) if upload.tail_key is not None else b""
        if len(body) != upload.length_bytes:
            raise StoreDown(internal=f"tail {upload.tail_key} has {len(body)} bytes, not {upload.length_bytes}")
        key = keys.object_key(upload.id, upload.epoch)
        whole = await put_whole(self.store, self.bucket, key, body)
        return await self.close_whole(upload, expected=upload.offset_bytes, whole=whole, tail_key=upload.tail_key)

    async def _tail_to_part(self, upload: Upload, tail_key: str) -> None:
        body = await self._read_tail(tail_key)
        async with self.database.statement() as session:
            number = await repository.take_part_number(session, upload.id, upload.epoch, State.COMPLETING)
        if number is None:
            raise StoreDown(internal="the finish was taken over")
        etag = await self.store.put_part(self.bucket, str(upload.key), str(upload.s3_upload_id), number, body)
        part = UploadPart(upload_id=upload.id, no=number, start_bytes=upload.offset_bytes - len(body), size_bytes=len(body), etag=etag)
        async with self.database.write() as session:
            if not await repository.tail_to_part(session, upload.id, upload.epoch, part):
                raise StoreDown(internal="the finish was taken over")

    async def _complete(self, upload: Upload, parts: list[UploadPart]) -> str | None:
        """F2 with the database's list. The ETag if the object is proven, None if it has to be tried again."""
        expected = multipart_etag([part.etag for part in parts])
        listed = [Part(part.no, part.etag) for part in parts]
        key, s3_upload_id = str(upload.key), str(upload.s3_upload_id)
        try:
            etag = await self.store.complete_multipart(self.bucket, key, s3_upload_id, listed)
        except (StoreDown, UploadGone, PartsRefused) as error:
            return await self._rule_r(upload, key, s3_upload_id, expected, error)
        if etag == expected:
            return etag
        return await self._rule_r(upload, key, s3_upload_id, expected, StoreDown(internal=f"unexpected ETag {etag}"))

    async def _rule_r(self, upload: Upload, key: str, s3_upload_id: str, expected: str, error: StowageError) -> str | None:
        facts = await self.store.head(self.bucket, key)
        if facts is not None and facts.size_bytes == upload.length_bytes and facts.etag == expected:
            return facts.etag
        log.warning("complete is in doubt", extra={"upload": str(upload.id), "internal": error.internal, "found": str(facts)})
        if isinstance(error, PartsRefused) and upload.protocol == Protocol.S3:
            # The client sent a part once more while it asked for the end: it may ask again.
            async with self.database.statement() as session:
                await part_rows.reopen(session, upload.id, upload.epoch)
            return None
        if isinstance(error, PartsRefused):
            await self._lose(upload, error.internal)
            return None
        if facts is None and not await self.store.has_parts(self.bucket, key, s3_upload_id):
            await self._note_absent(upload)
            return None
        if isinstance(error, StoreDown):
            raise error
        return None

    async def _note_absent(self, upload: Upload) -> None:
        async with self.database.statement() as session:
            checks = await upkeep.note_absent(session, upload.id)
        if checks >= CHECKS_UNTIL_LOST:
            await self._lose(upload, "neither object nor multipart upload in three checks")

    async def look_for_multipart(self, upload_id: UUID) -> None:
        """The store knew nothing of an open upload's multipart upload: in three checks five minutes apart it is LOST, and says so."""
        async with self.database.read() as session:
            upload = await session.get(Upload, upload_id)
        if upload is None or upload.state != State.OPEN or upload.key is None or upload.s3_upload_id is None:
            return
        if not await self.store.has_parts(self.bucket, upload.key, upload.s3_upload_id):
            await self._note_absent(upload)

    async def _lose(self, upload: Upload, why: str) -> None:
        log.error("ALARM: upload LOST", extra={"upload": str(upload.id), "internal": why})
        async with self.database.write() as session:
            lost = await upkeep.mark_lost(session, upload.id)
            if lost is not None:
                await joins.give_partials_back(session, upload.id)
                await quota.release(session, quota.Owners(lost.user_id, lost.project_id), reserved_bytes=lost.reserved_bytes)

    async def look_for_lost(self, upload_id: UUID, key: str | None, length: int | None) -> None:
        """LOST → COMPLETING if the object turned up after all."""
        facts = await self.store.head(self.bucket, key) if key else None
        if facts is not None and facts.size_bytes == length:
            async with self.database.statement() as session:
                await upkeep.revive_lost(session, upload_id)

    async def _drop(self, key: str) -> None:
        try:
            await self.store.delete(self.bucket, [key])
        except StowageError:
            log.info("tail left for the sweeper", extra={"key": key})
