"""Sessions: create, append, look, end. Opens its own short units of work; no transaction is open while bytes move."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from service.core.db import Database
from service.core.errors import Forbidden, Missing, StowageError
from service.core.principal import Permission, Principal
from service.core.settings import UploadSettings
from service.files.trash.throwing import trash_file
from service.hints.service import LIVE, Hints
from service.projects.policies import may
from service.quota import service as quota
from service.storage import keys
from service.storage.port import StoreDown, UploadGone
from service.uploads import repository
from service.uploads.append.appender import Appender, Tools, part_size
from service.uploads.append.body import Body, Reason, Source
from service.uploads.append.leases import Leases
from service.uploads.append.whole import put_whole
from service.uploads.creating import DEFERRED_STEP, Created, Creator
from service.uploads.errors import (
    BodyPastLength,
    Busy,
    ChecksumMismatch,
    FinalHasNoBody,
    Gone,
    Interrupted,
    LengthConflict,
    OffsetConflict,
    TooLarge,
    TooManyMismatches,
)
from service.uploads.finish import Finisher
from service.uploads.models import ENDED, Kind, Protocol, State, Upload
from service.uploads.repository import Seen
from service.uploads.tus.checksum import Verifier
from service.uploads.tus.headers import Creation
from service.uploads.upkeep.sweep import Sweeper

log = logging.getLogger("stowage.uploads")

Result = TypeVar("Result")

JOIN_WAIT_S = 0.7
MAX_MISMATCHES = 20
MISMATCH_WINDOW_S = 600


def _mismatches(upload_id: UUID) -> str:
    return f"checksum:{upload_id}"


@dataclass(frozen=True, slots=True)
class Progress:
    """What a response may show."""

    upload: Upload
    offset: int


class Uploads:
    """The session core of one process."""

    def __init__(
        self, tools: Tools, leases: Leases, hints: Hints, sweeper: Sweeper, settings: UploadSettings, multipart_expiry_s: int
    ) -> None:
        self._tools = tools
        self._database: Database = tools.database
        self._leases = leases
        self._hints = hints
        self._finisher: Finisher = sweeper.finisher
        self._sweeper = sweeper
        self._settings = settings
        # Never promise more than the store keeps.
        untouched_s = min(settings.expiry_s, multipart_expiry_s) if multipart_expiry_s else settings.expiry_s
        self.expiry = repository.Expiry(untouched_s, multipart_expiry_s)
        limits = repository.Limits(untouched_s, settings.max_open_per_user, settings.max_open_per_project)
        self._creator = Creator(self._database, settings, limits)
        self._background: set[asyncio.Task[Any]] = set()

    # -- create
    async def create(
        self, principal: Principal, project_id: UUID, folder_id: UUID | None, creation: Creation, idempotency_key: str | None
    ) -> Created:
        """C1, and what can be finished at once is. Raises as Creator.create does, and Busy."""
        created = await self._creator.create(principal, project_id, folder_id, creation, idempotency_key)
        upload = created.upload
        self._tell(upload)
        if not created.is_new:
            if upload.length_bytes == 0 and upload.state == State.OPEN:
                self._finish_soon(upload.id)
        elif upload.kind == Kind.FINAL:
            # A small join is over before the answer; a large one goes on in the background.
            await asyncio.wait({self._finish_soon(upload.id)}, timeout=JOIN_WAIT_S)
        elif upload.length_bytes == 0:
            await self._finish_empty(upload)
        return created

    def _tell(self, upload: Upload) -> None:
        """Who looks at open uploads asks again."""
        told = {"type": "uploads.changed", "project_id": upload.project_id, "user_id": upload.user_id}
        self._hints.nudge(LIVE, msgspec.json.encode(told).decode())

    async def _finish_empty(self, upload: Upload) -> None:
        async with self._database.statement() as session:
            held = await repository.claim(session, upload.id, 0, self.expiry, self._settings.node_name)
        if held is None:
            raise Busy
        key = keys.object_key(held.id, held.epoch)
        whole = await put_whole(self._tools.store, self._tools.bucket, key, b"")
        await self._finisher.close_whole(held, expected=0, whole=whole, tail_key=None)

    # -- look
    async def see(self, principal: Principal, upload_id: UUID, protocol: Protocol | None = None) -> Seen:
        """The caller's own upload (of this protocol), without disturbing its writer. Raises Missing."""
        async with self._database.read() as session:
            seen = await repository.seen_by(session, principal, upload_id)
        if seen is None or seen.role is None or seen.upload.user_id != principal.user_id or protocol not in {None, seen.upload.protocol}:
            raise Missing
        return seen

    async def offset(self, principal: Principal, upload_id: UUID) -> Upload:
        """HEAD: where to go on. Stops a writer that is at it first. Raises Missing, Gone, Busy."""
        seen = await self.see(principal, upload_id, Protocol.TUS)
        if seen.is_held and seen.upload.state == State.OPEN:
            await self._take_over(seen.upload)
            seen = await self.see(principal, upload_id, Protocol.TUS)
        upload = seen.upload
        if upload.state in ENDED:
            raise Gone
        if seen.is_held and upload.state == State.COMPLETING and not upload.lost_checks:
            await self._free_finish(upload)
        if upload.kind == Kind.FINAL and upload.state == State.COMPLETING:
            self._finish_soon(upload.id)
            return upload
        if upload.state == State.COMPLETING or (upload.state == State.OPEN and upload.offset_bytes == upload.length_bytes):
            self._finish_soon(upload.id)
            raise Busy
        return upload

    async def _take_over(self, upload: Upload) -> None:
        """Let the holder checkpoint; fence it off if it does not let go."""
        await self._leases.ask_to_yield(upload.id, upload.epoch)
        async with self._database.statement() as session:
            await repository.bump_if_held(session, upload.id)

    async def _free_finish(self, upload: Upload) -> None:
        """A finish whose process was killed need not wait until its lease is over: Rule R makes a second one harmless."""
        if await self._leases.ask_to_yield(upload.id, upload.epoch):
            async with self._database.statement() as session:
                await repository.release_lease(session, upload.id, upload.epoch)

    async def _finish(self, upload_id: UUID, epoch: int | None = None) -> bool:
        with self._leases.finishing(upload_id):
            return await self._finisher.finish(upload_id, epoch)

    def _finish_soon(self, upload_id: UUID) -> asyncio.Task[None]:
        async def finish() -> None:
            with contextlib.suppress(StowageError):
                async with self._database.statement() as session:
                    await repository.begin_completing(session, upload_id, None)
                await self._finish(upload_id)

        return self._in_background(finish())

    def _in_background(self, work: Coroutine[None, None, Result]) -> asyncio.Task[Result]:
        """A task that outlives its request; shutdown waits for it."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    # -- append
    async def append(
        self,
        principal: Principal,
        upload_id: UUID,
        offset: int,
        source: Source,
        *,
        body_bytes: int | None,
        declared_length: int | None,
        verifier: Verifier | None = None,
    ) -> Progress:
        """PATCH: take the upload over at `offset` and add the body. Answers only what is committed.

        Raises Missing, Forbidden, OffsetConflict, BodyPastLength, LengthConflict, Busy, Gone, Interrupted, QuotaExceeded, StoreDown,
        StoreFull, ChecksumMismatch, ChecksumTooLarge, TooManyMismatches.
        """
        seen = await self.see(principal, upload_id, Protocol.TUS)
        if not may(str(seen.role), Permission.UPLOAD):
            raise Forbidden
        self._check_before(seen.upload, offset, body_bytes, declared_length)
        if seen.upload.state == State.COMPLETE:
            return Progress(seen.upload, offset)
        if verifier is not None and await self._hints.peek(_mismatches(upload_id)) >= MAX_MISMATCHES:
            raise TooManyMismatches(retry_after=MISMATCH_WINDOW_S)
        if seen.is_held:
            await self._take_over(seen.upload)
        upload = await self._claim(seen.upload, offset, declared_length)
        return await self.append_held(upload, source, verifier)

    def _check_before(self, upload: Upload, offset: int, body_bytes: int | None, declared_length: int | None) -> None:
        if upload.state == State.COMPLETE and upload.kind != Kind.FINAL:
            if offset != upload.length_bytes:
                raise OffsetConflict
            if body_bytes != 0:
                raise BodyPastLength
            return
        self._check_open(upload)
        if declared_length is not None:
            if upload.length_bytes is not None or declared_length < upload.offset_bytes:
                raise LengthConflict
            if declared_length > self._settings.max_bytes:
                raise TooLarge
        length = upload.length_bytes if declared_length is None else declared_length
        if body_bytes is not None and offset + body_bytes > (self._settings.max_bytes if length is None else length):
            raise BodyPastLength

    def _check_open(self, upload: Upload) -> None:
        if upload.state in ENDED:
            raise Gone
        if upload.kind == Kind.FINAL:
            raise FinalHasNoBody
        if upload.state == State.COMPLETING:
            self._finish_soon(upload.id)
            raise Busy

    async def _claim(self, before: Upload, offset: int, declared_length: int | None) -> Upload:
        owners = quota.Owners(before.user_id, before.project_id)
        async with self._database.write() as session:
            upload = await repository.claim(session, before.id, offset, self.expiry, self._settings.node_name)
            if upload is None:
                raise OffsetConflict
            target = upload.length_bytes
            if declared_length is not None:
                size = part_size(declared_length, self._settings.max_bytes)
                upload = await repository.declare_length(session, upload.id, upload.epoch, declared_length, size)
                if upload is None:
                    raise LengthConflict
                target = declared_length
            wanted = max(DEFERRED_STEP, upload.reserved_bytes) if target is None else target
            missing = wanted - upload.reserved_bytes
            if missing:
                # A reservation that lapsed is taken again; a declared length settles what steps reserved.
                upload.reserved_bytes = wanted
                await session.flush()
                if missing > 0:
                    await quota.reserve(session, owners, missing)
                else:
                    await quota.release(session, owners, reserved_bytes=-missing)
        return upload

    async def append_held(self, upload: Upload, source: Source, verifier: Verifier | None = None) -> Progress:
        """Add the body to an upload whose lease this request holds."""
        body = Body(source, self._settings.idle_s, self._settings.min_rate)
        appender = Appender(self._tools, upload, body, self._settings.max_bytes, lambda end: self._reserve_up_to(upload, end), verifier)
        is_closed = False
        with self._leases.holding(upload.id, upload.epoch, body):
            try:
                reason = await appender.run()
                if appender.whole is not None:
                    is_closed = await self._finisher.close_whole(
                        upload, expected=appender.offset, whole=appender.whole, tail_key=appender.tail_key
                    )
                    if not is_closed:
                        raise Busy
                    return Progress(upload, upload.length_bytes or 0)
                if appender.offset == upload.length_bytes:
                    await self._finish_now(upload)
                if verifier is not None and reason is None:
                    await self._hints.forget(_mismatches(upload.id))
            except UploadGone as error:
                await self._finisher.look_for_multipart(upload.id)
                raise StoreDown(internal=error.internal) from error
            except ChecksumMismatch:
                await self._hints.count(_mismatches(upload.id), MISMATCH_WINDOW_S)
                raise
            finally:
                if not is_closed:
                    await self._finisher.let_go(upload)
        if reason is Reason.PREEMPTED:
            raise Busy
        if reason is not None:
            raise Interrupted(internal=reason)
        return Progress(upload, appender.offset)

    async def _reserve_up_to(self, upload: Upload, end: int) -> int:
        """Deferred length: reserve the next step. Returns what is reserved now. Raises QuotaExceeded, Busy."""
        wanted = -(-end // DEFERRED_STEP) * DEFERRED_STEP
        async with self._database.write() as session:
            if not await repository.set_reserved(session, upload.id, upload.epoch, wanted):
                raise Busy
            await quota.reserve(session, quota.Owners(upload.user_id, upload.project_id), wanted - upload.reserved_bytes)
        upload.reserved_bytes = wanted
        return wanted

    async def _finish_now(self, upload: Upload) -> None:
        async with self._database.statement() as session:
            await repository.begin_completing(session, upload.id, upload.epoch)
        await self.finish_and_wait(upload)

    async def finish_and_wait(self, upload: Upload) -> None:
        """Who sent the last byte waits for the proof, for a while. Raises Interrupted."""
        task = self._in_background(self._finish(upload.id, upload.epoch))
        try:
            done = await asyncio.wait_for(asyncio.shield(task), self._settings.finish_wait_s)
        except TimeoutError:
            done = False
        if not done:
            async with self._database.read() as session:
                now = await session.get(Upload, upload.id)
            if now is None or now.state != State.COMPLETE:
                raise Interrupted(internal="the object is not proven yet")

    async def abandon(self, upload: Upload) -> None:
        """An upload whose URL its client will never learn."""
        await self._sweeper.abort(upload.id)

    # -- end
    async def terminate(self, principal: Principal, upload_id: UUID) -> None:
        """DELETE: abort an unfinished upload, move the file of a finished one to the trash. Raises Missing, Gone, Busy."""
        upload = (await self.see(principal, upload_id)).upload
        if upload.state == State.COMPLETE and upload.file_id is not None:
            async with self._database.write() as session:
                await repository.close_terminated(session, upload.id)
                await trash_file(session, principal, upload.file_id)
        else:
            await self.end(upload)

    async def end(self, upload: Upload) -> None:
        """Abort an upload that is not finished. Raises Gone, Busy."""
        if upload.state in ENDED:
            raise Gone
        if upload.state == State.COMPLETING:
            self._finish_soon(upload.id)
            raise Busy
        if upload.state == State.OPEN:
            await self._leases.ask_to_yield(upload.id, upload.epoch)
        if not await self._sweeper.abort(upload.id):
            raise Busy
        self._tell(upload)

    async def end_for_admin(self, upload_id: UUID) -> None:
        """Abort anybody's unfinished upload. Raises Missing, Gone, Busy."""
        async with self._database.read() as session:
            upload = await session.get(Upload, upload_id)
        if upload is None or upload.state == State.COMPLETE:
            raise Missing
        await self.end(upload)
        log.warning("ended by an administrator", extra={"upload": str(upload_id), "user": str(upload.user_id)})

    async def close(self) -> None:
        """Shutdown: let finishes that are under way end."""
        await self._leases.close()
        if self._background:
            await asyncio.wait(self._background, timeout=10)
