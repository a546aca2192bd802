"""Passwords of archives on their way to the workers: encrypted in the job, gone with it. What is made with one is found by its mark alone."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken

MARK_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Password:
    """`mark` stands for it in names of derivatives: nobody finds what was made with a password who does not know it. Both empty: none.

    One that comes with a link has only its mark.
    """

    text: str = ""
    mark: str = ""

    @staticmethod
    def of(secret_key: str, version_id: UUID, text: str) -> "Password":
        """As somebody gave it, for one version."""
        if not text:
            return Password()
        mac = hmac.new(f"archive-mark:{secret_key}".encode(), f"{version_id}:{text}".encode(), hashlib.sha256)
        return Password(text, mac.hexdigest()[:MARK_DIGITS])


def _fernet(secret_key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"archive-password:{secret_key}".encode()).digest()))


def lock(secret_key: str, text: str) -> str:
    """For a job's payload. An empty one stays empty."""
    return _fernet(secret_key).encrypt(text.encode()).decode() if text else ""


def unlock(secret_key: str, locked: str) -> str:
    """Raises ValueError for what was locked with another key."""
    if not locked:
        return ""
    try:
        return _fernet(secret_key).decrypt(locked).decode()
    except InvalidToken as error:
        message = "the secret key has changed since this job was made"
        raise ValueError(message) from error
