"""Reserve, settle, release: always for a user and a project together, in that lock order."""

from dataclasses import dataclass
from uuid import UUID

from service.core.db import ReadSession, WriteSession
from service.quota.errors import QuotaExceeded
from service.quota.repository import Usage, add_slot, change, change_limit, usage

USER = "user"
PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Owners:
    """Who pays: the person and the project."""

    user_id: UUID
    project_id: UUID


async def reserve(session: WriteSession, owners: Owners, size_bytes: int) -> None:
    """Set bytes aside. Raises QuotaExceeded with what is left; then the transaction has to be given up."""
    user_fits, project_fits = await _change(session, owners, reserved=size_bytes, used=0, must_fit=True)
    if user_fits and project_fits:
        return
    kind, owner, whose = (PROJECT, owners.project_id, "the project's quota") if user_fits else (USER, owners.user_id, "your own quota")
    found = await usage(session, kind, owner)
    left = found.left_bytes if found else 0
    message = f"There is not enough space left in {whose}: {left} bytes are free, {size_bytes} are needed."
    raise QuotaExceeded(message, details={"owner": kind, "left_bytes": left, "needed_bytes": size_bytes})


async def settle(session: WriteSession, owners: Owners, *, reserved_bytes: int, used_bytes: int) -> None:
    """Turn a reservation into use. The bytes exist by now, so they count even where the limit was lowered meanwhile."""
    await _change(session, owners, reserved=-reserved_bytes, used=used_bytes, must_fit=False)


async def release(session: WriteSession, owners: Owners, *, reserved_bytes: int = 0, used_bytes: int = 0) -> None:
    """Give bytes back."""
    if reserved_bytes or used_bytes:
        await _change(session, owners, reserved=-reserved_bytes, used=-used_bytes, must_fit=False)


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
