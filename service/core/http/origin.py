"""Who the client is and how it reached us, believing Forwarded headers (RFC 7239) from trusted proxies only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.types import Scope

from service.core.settings import ServerSettings

_FORWARDED_PAIR = re.compile(r'(?i)\b(proto|host|for)\s*=\s*(?:"([^"]*)"|([^;,\s]*))')
_HOST = re.compile(r"^[A-Za-z0-9.\-_]+(?::\d{1,5})?$|^\[[0-9a-fA-F:.]+\](?::\d{1,5})?$")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host[:port] as the client sees them, and the client's address."""

    scheme: str
    host: str
    address: str

    @property
    def base_url(self) -> str:
        return f"{self.scheme}://{self.host.removesuffix(_DEFAULT_PORTS.get(self.scheme, ':'))}"


def _forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    if value := headers.get("forwarded"):
        first = value.split(",")[0]
        return {name.lower(): quoted or bare for name, quoted, bare in _FORWARDED_PAIR.findall(first)}
    named = {"proto": "x-forwarded-proto", "host": "x-forwarded-host", "for": "x-forwarded-for"}
    return {name: headers[header].split(",")[0].strip() for name, header in named.items() if header in headers}


def _told(scope: Scope, proxies: frozenset[str]) -> tuple[str, dict[str, str]]:
    """The address of whoever connected, and what it says of the client, where it is believed."""
    client = scope.get("client")
    peer = client[0] if client else ""
    if peer not in proxies:
        return peer, {}
    return peer, _forwarded({name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]})


def address_of(scope: Scope, proxies: frozenset[str]) -> str:
    """The client's address."""
    peer, said = _told(scope, proxies)
    return said.get("for", peer).strip("[]") or peer


def origin_of(request: Request[Any, Any, Any], server: ServerSettings) -> Origin:
    """Work out the Origin; the public URL wins where it is set. A forwarded value that is no scheme or host is ignored."""
    scope = request.scope
    _, said = _told(scope, server.proxies)
    scheme, host = str(scope.get("scheme", "http")), request.headers.get("host", "localhost")
    scheme = said["proto"].lower() if said.get("proto", "").lower() in _DEFAULT_PORTS else scheme
    host = said["host"] if _HOST.match(said.get("host", "")) else host
    if server.public_url:
        scheme, _, host = server.public_url.rstrip("/").partition("://")
    return Origin(scheme, host if _HOST.match(host.split("/")[0]) else "localhost", address_of(scope, server.proxies))
