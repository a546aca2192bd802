"""How content reaches a browser: presigned from the store where the browser can reach it, through the API where not.

Both give plain URLs without headers, stable within a window, so that players and caches treat them alike. A presigned
URL lives on another host than the UI; a proxied one is answered with a sandboxing policy instead.
"""

import asyncio
import logging
import urllib.error
import urllib.request
from typing import Protocol
from urllib.parse import quote, urlsplit

import msgspec

from service.core.settings import Settings
from service.core.tickets import TicketRefused, seal, steady_expiry, unseal
from service.storage.keys import PARTS
from service.storage.port import PartPresigner, Presigner
from service.storage.wire import is_loopback

log = logging.getLogger("stowage.storage")

PURPOSE = "content"
_INLINE_PREFIXES = ("video/", "audio/")
_INLINE_TYPES = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/webp",
        "image/gif",
        "image/avif",
        "image/heic",
        "image/bmp",
        "text/plain",
        "application/vnd.apple.mpegurl",
    }
)
SAFE_TYPE = "application/octet-stream"


class ContentTicket(msgspec.Struct, array_like=True):
    """What a proxied URL may read, and how it is answered."""

    bucket: str
    key: str
    media_type: str
    disposition: str


def content_disposition(name: str, *, inline: bool) -> str:
    """RFC 6266 with the name as RFC 8187 `filename*` and an ASCII fallback."""
    ascii_name = name.encode("ascii", "replace").decode().replace('"', "'").replace("\\", "_").replace("?", "_")
    return f"{'inline' if inline else 'attachment'}; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"


def is_inline_safe(media_type: str | None) -> bool:
    """True for types a browser shows without running anything (no HTML, SVG, XML, PDF)."""
    kind = (media_type or "").partition(";")[0].strip().lower()
    return kind in _INLINE_TYPES or kind.startswith(_INLINE_PREFIXES)


class UrlSigner(Presigner, PartPresigner, Protocol):
    """Signs for reading and for sending parts."""


class Delivery:
    """Makes content URLs; `can_presign` and `takes_parts` are settled once at start-up by `probe`."""

    def __init__(self, presigner: UrlSigner, settings: Settings) -> None:
        self._presigner = presigner
        self._secret = settings.auth.secret_key
        self._mode = settings.store.delivery
        self._endpoint = settings.store.public_endpoint or settings.store.endpoint
        self._is_local = is_loopback(urlsplit(self._endpoint).hostname or "")
        self.can_presign = self._mode == "presigned"
        self.takes_parts = False

    async def probe(self, bucket: str, origin: str) -> None:
        """Ask the store, as a browser on `origin` would, whether pages may read from it and send parts to it (CORS preflight)."""
        if self._presigner.can_presign_parts:
            url = self._presigner.presign_part(bucket, f"{PARTS}preflight", "none", 1, size=None, expires_s=60)
            self.takes_parts = await asyncio.to_thread(_allows, url, origin, "PUT")
        if self._mode == "auto":
            url = self._presigner.presign_get(bucket, "preflight", expires_s=60)
            self.can_presign = await asyncio.to_thread(_allows, url, origin, "GET")
            if not self.can_presign:
                log.warning("the store does not answer browsers: content goes through the API", extra={"endpoint": self._endpoint})

    def goes_direct(self, client_host: str) -> bool:
        """Whether a page opened from `client_host` can fetch from the store; a loopback store serves only its own machine."""
        if self._mode == "auto" and self._is_local and not is_loopback(client_host):
            return False
        return self.can_presign

    def takes_parts_from(self, client_host: str) -> bool:
        """Whether a page opened from `client_host` can send parts to the store."""
        return self.takes_parts and (not self._is_local or is_loopback(client_host))

    def url(
        self, client_host: str, bucket: str, key: str, *, expires_s: int, window_s: int = 3_600, media_type: str = "", disposition: str = ""
    ) -> str:
        """A GET URL: absolute if presigned, else a path on the API."""
        if self.goes_direct(client_host):
            return self._presigner.presign_get(
                bucket, key, expires_s=expires_s, window_s=window_s, media_type=media_type, disposition=disposition
            )
        ticket = ContentTicket(bucket, key, media_type, disposition)
        return f"/api/v1/content/{seal(self._secret, PURPOSE, ticket, steady_expiry(expires_s, window_s))}"

    def open_ticket(self, ticket: str) -> ContentTicket:
        """Raises TicketRefused."""
        return unseal(self._secret, PURPOSE, ticket, ContentTicket)


def _allows(url: str, origin: str, method: str) -> bool:
    request = urllib.request.Request(  # noqa: S310  the operator's own endpoint
        url,
        method="OPTIONS",
        headers={"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "range"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  as above
            allowed = answer.headers.get("Access-Control-Allow-Origin", "")
    except (urllib.error.URLError, OSError):
        return False
    return allowed in {"*", origin}


__all__ = ["SAFE_TYPE", "ContentTicket", "Delivery", "TicketRefused", "content_disposition", "is_inline_safe"]
