"""Identifiers: UUIDv7 (RFC 9562 §5.7), so that primary keys sort by time of creation."""

import secrets
import threading
import time
from datetime import datetime
from uuid import UUID

_RANDOM_BITS = 74
_lock = threading.Lock()
_last = 0


def new_id() -> UUID:
    """Return a UUIDv7: 48 bits of Unix milliseconds, then 74 random bits.

    Within a process each is greater than the one before (§6.2, method 2), so rows made together keep their order.
    """
    global _last  # noqa: PLW0603  the order is the process's
    with _lock:
        ordered = max((time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS - 1), _last + 1)
        _last = ordered
    milliseconds, noise = ordered >> _RANDOM_BITS, ordered & ((1 << _RANDOM_BITS) - 1)
    high, low = noise >> 62, noise & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0x2 << 62 | low)


def earliest_id(moment: datetime) -> UUID:
    """The least UUIDv7 of that moment: ids made before it are less, those made later are greater."""
    return UUID(int=max(0, int(moment.timestamp() * 1_000)) << 80 | 0x7 << 76 | 0x2 << 62)
