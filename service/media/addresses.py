"""Where what was made of a file can be fetched."""

from typing import Any

from litestar import Request

from service.core.settings import Settings
from service.storage.delivery import Delivery

URL_TTL_S = 3_600
URL_WINDOW_S = 600


def derived_url(delivery: Delivery, request: Request[Any, Any, Any], settings: Settings, key: str, media_type: str) -> str:
    """A signed address of a derived object, good for an hour and the same for ten minutes, so that caches work."""
    host, bucket = request.url.hostname or "", settings.store.derived
    return delivery.url(host, bucket, key, expires_s=URL_TTL_S, window_s=URL_WINDOW_S, media_type=media_type)
