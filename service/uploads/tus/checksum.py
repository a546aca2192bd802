"""Upload-Checksum as a header or a trailer (tus 1.0.0, section Checksum): grammar, and hashing of a body as it passes."""

import base64
import hashlib
import hmac
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from awscrt import checksums

from service.uploads.errors import BadHeader, ChecksumMismatch, ChecksumTooLarge

HEADER = "upload-checksum"
MAX_BYTES = 1 << 30

ReadTrailer = Callable[[], str | None]


class Hash(Protocol):
    """As hashlib has them."""

    def update(self, data: memoryview, /) -> None: ...
    def digest(self) -> bytes: ...


class _Crc:
    """A CRC of 32 bits, its digest big-endian."""

    def __init__(self, step: Callable[[memoryview, int], int]) -> None:
        self._step, self._value = step, 0

    def update(self, data: memoryview) -> None:
        self._value = self._step(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


_MAKERS: dict[str, Callable[[], Hash]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "md5": lambda: hashlib.md5(usedforsecurity=False),
    "crc32": lambda: _Crc(zlib.crc32),
    "crc32c": lambda: _Crc(checksums.crc32c),
}
ALGORITHMS = tuple(_MAKERS)


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a client says its body hashes to."""

    algorithm: str
    digest: bytes


def parse(text: str) -> Checksum:
    """`algorithm base64digest`. Raises BadHeader."""
    words = text.split(" ")
    if len(words) != 2 or words[0] not in _MAKERS:  # noqa: PLR2004  a name and a digest
        message = f"Upload-Checksum is an algorithm ({', '.join(ALGORITHMS)}), a space and a Base64 digest."
        raise BadHeader(message)
    try:
        digest = base64.b64decode(words[1], validate=True)
    except ValueError:
        digest = b""
    if len(digest) != len(_MAKERS[words[0]]().digest()):
        message = f"The digest of Upload-Checksum is not the Base64 of a {words[0]} digest."
        raise BadHeader(message)
    return Checksum(words[0], digest)


class Verifier:
    """Hashes a body; a trailer names its algorithm only at the end, so all of them are kept until then."""

    def __init__(self, expected: Checksum | None, read_trailer: ReadTrailer) -> None:
        self._expected = expected
        self._read_trailer = read_trailer
        self._hashes = {name: make() for name, make in _MAKERS.items() if expected is None or name == expected.algorithm}
        self._seen = 0

    def update(self, data: memoryview) -> None:
        """Raises ChecksumTooLarge."""
        self._seen += len(data)
        if self._seen > MAX_BYTES:
            raise ChecksumTooLarge
        for one in self._hashes.values():
            one.update(data)

    def check(self) -> None:
        """At the end of the body. Raises ChecksumMismatch; BadHeader where the promised trailer did not come."""
        expected = self._expected
        if expected is None:
            text = self._read_trailer()
            if text is None:
                message = "The trailer Upload-Checksum was announced and did not come."
                raise BadHeader(message)
            expected = parse(text)
        if not hmac.compare_digest(self._hashes[expected.algorithm].digest(), expected.digest):
            raise ChecksumMismatch


def verifier(headers: Mapping[str, str], body_bytes: int | None, read_trailer: ReadTrailer) -> Verifier | None:
    """What a request asks for; None: nothing. `body_bytes` is None where it is not known. Raises BadHeader, ChecksumTooLarge."""
    text = headers.get(HEADER)
    is_announced = HEADER in {name.strip().lower() for name in headers.get("trailer", "").split(",")}
    if text is None and not is_announced:
        return None
    if text is not None and is_announced:
        message = "Send Upload-Checksum as a header or as a trailer, not as both."
        raise BadHeader(message)
    if body_bytes is not None and body_bytes > MAX_BYTES:
        raise ChecksumTooLarge
    return Verifier(parse(text) if text is not None else None, read_trailer)
