"""Filters about Swift for the identity that signs upload parts for browsers: it may write parts of open uploads, and nothing else.

Swift knows no policies by key: without the first, whoever learned that identity's secret could write anywhere. And its S3 face
takes a part of an upload that is completed already, which would spoil the finished object: the second refuses that.
"""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from swift.common.swob import HTTPNotFound
from swift.common.wsgi import make_pre_authed_request

_PATH = re.compile(r"^/[a-z0-9.-]+-originals/p/")
_BODY = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>This identity only writes parts.</Message></Error>'

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class OnlyParts:
    """WSGI middleware."""

    def __init__(self, app: App, identity: str) -> None:
        self._app = app
        self._identity = identity

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        query = parse_qs(environ.get("QUERY_STRING", ""))
        if not self._is_asking(environ, query) or self._is_part(environ, query):
            return self._app(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(_BODY)))])
        return [_BODY]

    def _is_asking(self, environ: dict[str, Any], query: dict[str, list[str]]) -> bool:
        named = [*query.get("X-Amz-Credential", []), *query.get("AWSAccessKeyId", [])]
        if any(name == self._identity or name.startswith(f"{self._identity}/") for name in named):
            return True
        # tempauth of its own signs in by name as well.
        spoken = f"{environ.get('HTTP_AUTHORIZATION', '')} {environ.get('HTTP_X_AUTH_USER', '')} {environ.get('HTTP_X_STORAGE_USER', '')}"
        return re.search(rf"(?<![\w:]){re.escape(self._identity)}(?![\w])", spoken) is not None

    @staticmethod
    def _is_part(environ: dict[str, Any], query: dict[str, list[str]]) -> bool:
        is_copy = "HTTP_X_AMZ_COPY_SOURCE" in environ
        return (
            # OPTIONS: a browser asks whether it may.
            environ["REQUEST_METHOD"] in {"PUT", "OPTIONS"}
            and not is_copy
            and _PATH.match(environ.get("PATH_INFO", "")) is not None
            and "partNumber" in query
            and "uploadId" in query
        )


class OnlyOpenUploads:
    """WSGI middleware behind the one that signs in, where a part is an object `key/upload/number` and its upload an object `key/upload`."""

    def __init__(self, app: App, identity: str) -> None:
        self._app = app
        self._identity = identity

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        is_ours = self._identity in str(environ.get("REMOTE_USER", "")).split(",")
        if not is_ours or environ["REQUEST_METHOD"] != "PUT" or self._is_open(environ):
            return self._app(environ, start_response)
        refused: Iterable[bytes] = HTTPNotFound()(environ, start_response)
        return refused

    def _is_open(self, environ: dict[str, Any]) -> bool:
        upload, _, _ = environ["PATH_INFO"].rpartition("/")
        asked = make_pre_authed_request(environ, method="HEAD", path=upload, agent="Stowage", swift_source="STOWAGE")
        return bool(asked.get_response(self._app).status_int == HTTPStatus.OK)


def open_uploads_factory(_defaults: dict[str, str], **section: str) -> Callable[[App], OnlyOpenUploads]:
    """Paste's entry point; `identity` in the section of the proxy's configuration."""
    return lambda app: OnlyOpenUploads(app, section["identity"])


def filter_factory(_defaults: dict[str, str], **section: str) -> Callable[[App], OnlyParts]:
    """Paste's entry point; `identity` in the section of the proxy's configuration."""
    return lambda app: OnlyParts(app, section["identity"])
