"""A filter in front of Swift: the identity that signs upload parts for browsers may do that and nothing else.

Swift knows no policies by key: without this, whoever learned that identity's secret could write anywhere.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

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
            environ["REQUEST_METHOD"] == "PUT"
            and not is_copy
            and _PATH.match(environ.get("PATH_INFO", "")) is not None
            and "partNumber" in query
            and "uploadId" in query
        )


def filter_factory(_defaults: dict[str, str], **section: str) -> Callable[[App], OnlyParts]:
    """Paste's entry point; `identity` in the section of the proxy's configuration."""
    return lambda app: OnlyParts(app, section["identity"])
