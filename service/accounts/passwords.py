"""Argon2id, in a small pool of threads: 19 MiB and some 30 ms each, and an unknown user costs the same."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.accounts.errors import WeakPassword

MIN_LENGTH = 12
MAX_LENGTH = 128
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_pool = ThreadPoolExecutor(2, thread_name_prefix="argon2")
_dummy = _hasher.hash("nobody has this password")


def check_strength(password: str) -> None:
    """Raises WeakPassword."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise WeakPassword


async def hash_password(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_pool, _hasher.hash, password)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


async def verify_password(password_hash: str | None, password: str) -> bool:
    """True if it matches; None stands for a user that does not exist and takes as long."""
    matches = await asyncio.get_running_loop().run_in_executor(_pool, _verify, password_hash or _dummy, password)
    return matches and password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    return _hasher.check_needs_rehash(password_hash)
