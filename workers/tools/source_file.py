"""A seekable file over HTTP ranges (standard library only), for parsers that want one. Runs in limited children."""

import io
import urllib.request
from typing import Any

FIRST_BLOCK, LARGEST_BLOCK, MOST_AT_ONCE = 64 << 10, 4 << 20, 16 << 20
TIMEOUT_S = 60


class SourceFile(io.RawIOBase):
    """Reads `url` in blocks, and keeps the last one: small ones for who jumps about, ever larger ones for who reads on, one for who asks for
    much.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._position = 0
        self._block_start, self._block, self._step = 0, b"", FIRST_BLOCK
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=TIMEOUT_S) as answer:  # noqa: S310  the worker's own proxy
            self.size = int(answer.headers["Content-Length"])

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, target: Any) -> int:
        view = memoryview(target).cast("B")
        if self._position >= self.size or not len(view):
            return 0
        if not self._block_start <= self._position < self._block_start + len(self._block):
            self._load(self._position, len(view))
        begin = self._position - self._block_start
        data = self._block[begin : begin + len(view)]
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _load(self, position: int, asked: int) -> None:
        reads_on = position == self._block_start + len(self._block)
        self._step = min(self._step * 4, LARGEST_BLOCK) if reads_on else FIRST_BLOCK
        end = min(self.size, position + max(self._step, min(asked, MOST_AT_ONCE))) - 1
        request = urllib.request.Request(self._url, headers={"Range": f"bytes={position}-{end}"})  # noqa: S310  as above
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310  as above
            self._block_start, self._block = position, answer.read()


def open_source(url: str) -> io.BufferedReader:
    return io.BufferedReader(SourceFile(url), buffer_size=64 << 10)
