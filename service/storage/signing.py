"""AWS Signature Version 4, done by hand for the hot path: headers of a request, and query strings of GET URLs.

The signing key is cached per day. Keys of ours need no escaping beyond RFC 3986, and paths are signed as sent.
"""

import datetime as dt
import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

UNSIGNED = "UNSIGNED-PAYLOAD"
_ALGORITHM = "AWS4-HMAC-SHA256"


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


@dataclass(slots=True)
class Signer:
    """Signs for one host with one identity."""

    host: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str
    _day: str = ""
    _day_key: bytes = field(default=b"", repr=False)

    def _key(self, day: str) -> bytes:
        if day != self._day:
            key = _hmac(b"AWS4" + self.secret_key.encode(), day)
            self._day, self._day_key = day, _hmac(_hmac(_hmac(key, self.region), "s3"), "aws4_request")
        return self._day_key

    def _signature(self, stamp: str, canonical: str) -> str:
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"{_ALGORITHM}\n{stamp}\n{self._scope(stamp)}\n{digest}"
        return _hmac(self._key(stamp[:8]), text).hex()

    def _scope(self, stamp: str) -> str:
        return f"{stamp[:8]}/{self.region}/s3/aws4_request"

    def head(
        self, method: str, path: str, query: str, extra: Sequence[tuple[str, str]] = (), length: int | None = None, payload: str = UNSIGNED
    ) -> bytes:
        """Head of an HTTP/1.1 request. `query` is canonical (sorted, escaped); `extra` has lower-case names."""
        stamp = dt.datetime.fromtimestamp(time.time(), dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = sorted([("host", self.host), ("x-amz-content-sha256", payload), ("x-amz-date", stamp), *extra])
        names = ";".join(name for name, _ in headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers)
        signature = self._signature(stamp, f"{method}\n{path}\n{query}\n{lines}\n{names}\n{payload}")
        target = f"{path}?{query}" if query else path
        sent = "".join(f"{name}: {value}\r\n" for name, value in headers)
        credential = f"{self.access_key}/{self._scope(stamp)}"
        size = "" if length is None else f"content-length: {length}\r\n"
        return f"{method} {target} HTTP/1.1\r\n{sent}authorization: {_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}\r\n{size}\r\n".encode()

    def presign(
        self,
        scheme: str,
        path: str,
        expires_s: int,
        window_s: int = 0,
        parameters: Sequence[tuple[str, str]] = (),
        method: str = "GET",
        headers: Sequence[tuple[str, str]] = (),
    ) -> str:
        """A URL valid for at least `expires_s`; the date is floored to `window_s`, so equal calls give equal URLs.

        `headers` (lower-case names) must come with the request as given here.
        """
        signed = sorted([("host", self.host), *headers])
        names = ";".join(name for name, _ in signed)
        now = int(time.time())
        start = now - now % window_s if window_s else now
        stamp = dt.datetime.fromtimestamp(start, dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        query = [
            ("X-Amz-Algorithm", _ALGORITHM),
            ("X-Amz-Credential", f"{self.access_key}/{self._scope(stamp)}"),
            ("X-Amz-Date", stamp),
            ("X-Amz-Expires", str(min(expires_s + window_s, 604_800))),
            ("X-Amz-SignedHeaders", names),
            *parameters,
        ]
        encoded = urlencode(sorted(query), quote_via=quote, safe="~")
        lines = "".join(f"{name}:{value}\n" for name, value in signed)
        signature = self._signature(stamp, f"{method}\n{path}\n{encoded}\n{lines}\n{names}\n{UNSIGNED}")
        return f"{scheme}://{self.host}{path}?{encoded}&X-Amz-Signature={signature}"
