"""Short-lived signed tickets for URLs that can carry no header: HMAC-SHA256 over a JSON payload with an expiry."""

import base64
import binascii
import hashlib
import hmac
import time
from typing import TypeVar

import msgspec

Payload = TypeVar("Payload", bound=msgspec.Struct)


class TicketRefused(Exception):
    """Forged, damaged or expired."""


def _mac(secret: str, purpose: str, body: bytes) -> bytes:
    return hmac.new(f"{purpose}:{secret}".encode(), body, hashlib.sha256).digest()[:18]


def seal(secret: str, purpose: str, payload: msgspec.Struct, expires_at: int) -> str:
    """Return a URL-safe ticket for `purpose`, good until `expires_at` (Unix seconds)."""
    body = msgspec.json.encode([expires_at, payload])
    return base64.urlsafe_b64encode(_mac(secret, purpose, body) + body).rstrip(b"=").decode()


def unseal(secret: str, purpose: str, ticket: str, shape: type[Payload]) -> Payload:
    """Return the payload. Raises TicketRefused."""
    try:
        raw = base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
        mac, body = raw[:18], raw[18:]
        if not hmac.compare_digest(mac, _mac(secret, purpose, body)):
            raise TicketRefused
        decoded: tuple[int, Payload] = msgspec.json.decode(body, type=tuple[int, shape])  # type: ignore[valid-type]  # a type built at run time
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise TicketRefused from error
    expires_at, payload = decoded
    if expires_at < time.time():
        raise TicketRefused
    return payload


def steady_expiry(ttl_s: int, window_s: int) -> int:
    """An expiry at least `ttl_s` away that is the same for all calls within `window_s`, so that caches work."""
    now = int(time.time())
    return now - now % window_s + window_s + ttl_s
