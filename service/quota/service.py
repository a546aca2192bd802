"""Reserve, settle, release: always for a user and a project together, in that lock order."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from service.core.db import ReadSession, WriteSession
from service.quota.errors import QuotaExceeded
from service.quota.repository import Usage, add_slot, change, change_limit, take_used, usage

USER = "user"
PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Owners:
    """Who pays: the person and the project."""

    user_id: UUID
    project_id: UUID


async def reserve(session: WriteSession, owners: Owners, size_bytes: int) -> None:
    """Set bytes aside. Raises QuotaExceeded with what is left; then the transaction has to be given up."""
    await _fit(session, owners, reserved=size_bytes, used=0)


async def take(session: WriteSession, owners: Owners, size_bytes: int) -> None:
    """Use bytes that were not set aside. Raises QuotaExceeded, as `reserve` does."""
    await _fit(session, owners, reserved=0, used=size_bytes)


async def _fit(session: WriteSession, owners: Owners, *, reserved: int, used: int) -> None:
    user_fits, project_fits = await _change(session, owners, reserved=reserved, used=used, must_fit=True)
    if not (user_fits and project_fits):
        raise await _exceeded(session, (PROJECT, owners.project_id) if user_fits else (USER, owners.user_id), reserved + used)


async def check_room(session: ReadSession, owners: Owners, size_bytes: int) -> None:
    """Raises QuotaExceeded where these bytes would not fit now; nothing is set aside."""
    for owner in ((USER, owners.user_id), (PROJECT, owners.project_id)):
        if (await usage_of(session, *owner)).left_bytes < size_bytes:
            raise await _exceeded(session, owner, size_bytes)


async def _exceeded(session: ReadSession, owner: tuple[str, UUID], size_bytes: int) -> QuotaExceeded:
    left = (await usage_of(session, *owner)).left_bytes
    whose = "the project's quota" if owner[0] == PROJECT else "your own quota"
    message = f"There is not enough space left in {whose}: {left} bytes are free, {size_bytes} are needed."
    return QuotaExceeded(message, details={"owner": owner[0], "left_bytes": left, "needed_bytes": size_bytes})


async def settle(session: WriteSession, owners: Owners, *, reserved_bytes: int, used_bytes: int) -> None:
    """Turn a reservation into use. The bytes exist by now, so they count even where the limit was lowered meanwhile."""
    await _change(session, owners, reserved=-reserved_bytes, used=used_bytes, must_fit=False)


async def release(session: WriteSession, owners: Owners, *, reserved_bytes: int = 0, used_bytes: int = 0) -> None:
    """Give bytes back."""
    if reserved_bytes or used_bytes:
        await _change(session, owners, reserved=-reserved_bytes, used=-used_bytes, must_fit=False)


async def release_all(session: WriteSession, project_id: UUID, used_bytes: Mapping[UUID, int]) -> None:
    """Give back what several people paid for in one project; all of them before the project, as everybody does."""
    for user_id in sorted(used_bytes):
        await take_used(session, USER, user_id, used_bytes[user_id])
    await take_used(session, PROJECT, project_id, sum(used_bytes.values()))


async def _change(session: WriteSession, owners: Owners, *, reserved: int, used: int, must_fit: bool) -> tuple[bool, bool]:
    return await change(session, owners.user_id, owners.project_id, reserved=reserved, used=used, must_fit=must_fit)


def open_account(session: WriteSession, kind: str, owner: UUID, limit_bytes: int) -> None:
    """Give a new user or project its quota."""
    add_slot(session, kind, owner, limit_bytes)


async def usage_of(session: ReadSession, kind: str, owner: UUID) -> Usage:
    """What an owner has, reserved and used; zeros for an unknown one."""
    return await usage(session, kind, owner) or Usage(0, 0, 0)


async def set_limit(session: WriteSession, kind: str, owner: UUID, limit_bytes: int) -> None:
    """From now on. One below what is used refuses new bytes and takes nothing away."""
    await change_limit(session, kind, owner, limit_bytes)
