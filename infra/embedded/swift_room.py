"""A filter in front of Swift: a disk that is nearly full is 507 for writes, before the inner servers run into it.

Swift alone answers 503 and its databases stop half-way through a write. The reserve keeps room for
what must go on: deletes, listings, and Postgres where it shares the disk.
"""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

RESERVE_BYTES = 256 << 20
_DISCARD_BYTES = 1 << 20
_BODY = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>InsufficientStorage</Code><Message>The disk is full.</Message></Error>'

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class KeepsRoom:
    """WSGI middleware. `folder` lies on the disk in question."""

    def __init__(self, app: App, folder: Path) -> None:
        self._app = app
        self._folder = folder

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0) if environ["REQUEST_METHOD"] == "PUT" else 0
        if not length or shutil.disk_usage(self._folder).free - length > RESERVE_BYTES:
            return self._app(environ, start_response)
        # Without reading the body, the connection would be cut and the client would never see why.
        while length > 0:
            data = environ["wsgi.input"].read(min(length, _DISCARD_BYTES))
            if not data:
                break
            length -= len(data)
        start_response("507 Insufficient Storage", [("Content-Type", "application/xml"), ("Content-Length", str(len(_BODY)))])
        return [_BODY]


def filter_factory(_defaults: dict[str, str], **section: str) -> Callable[[App], KeepsRoom]:
    """Paste's entry point; `folder` in the section of the proxy's configuration."""
    return lambda app: KeepsRoom(app, Path(section["folder"]))
