"""A large ZIP looked into: `python bench/archives.py [--gib 50] [--entries 100000]`.

Shows how long the first page takes when nobody has looked before, once the archive is indexed, what was read of it for that, and a member
from its middle; beside it Python's `zipfile` over the same ranged reads.
"""

import argparse
import io
import random
import statistics
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator

import harness
import httpx

from tests.harness import OFFSET_TYPE, TUS

LOCAL = struct.Struct("<4sHHHHHLLLHH")
CENTRAL = struct.Struct("<4sBBHHHHHLLLHHHHHLL")
MAX32 = 0xFFFFFFFF
PER_FOLDER = 500
PAGES = 200


class Layout:
    """A ZIP of stored members that are all the same, so that it needs no disk here."""

    def __init__(self, entries: int, total: int) -> None:
        self.names = [f"shots/{number // PER_FOLDER:04}/frame_{number:07}.raw".encode() for number in range(entries)]
        self.body = bytes(range(256)) * max(1, total // entries // 256)
        self.crc = zlib.crc32(self.body)
        self.directory = self._directory()

    def _directory(self) -> bytes:
        made, offset = bytearray(), 0
        for name in self.names:
            extra = struct.pack("<HHQ", 1, 8, offset) if offset >= MAX32 else b""
            made += CENTRAL.pack(
                b"PK\x01\x02", 45, 3, 45, 0, 0, 0, 0x5B79, self.crc, len(self.body), len(self.body), len(name), len(extra), 0, 0, 0,
                0o100644 << 16, min(offset, MAX32),
            )  # fmt: skip
            made += name + extra
            offset += LOCAL.size + len(name) + len(self.body)
        count, length = len(self.names), len(made)
        end64 = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, offset)
        locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, offset + length, 1)
        end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, MAX32, MAX32, 0)
        return bytes(made) + end64 + locator + end

    @property
    def size(self) -> int:
        return sum(LOCAL.size + len(name) + len(self.body) for name in self.names) + len(self.directory)

    def stream(self) -> Iterator[bytes]:
        """In pieces of some MiB."""
        waiting = bytearray()
        for name in self.names:
            waiting += LOCAL.pack(b"PK\x03\x04", 45, 0, 0, 0, 0x5B79, self.crc, len(self.body), len(self.body), len(name), 0)
            waiting += name
            waiting += self.body
            if len(waiting) > 4 << 20:
                yield bytes(waiting)
                waiting.clear()
        yield bytes(waiting)
        yield self.directory


class Ranged(io.RawIOBase):
    """The peer's file: the same ranged reads, as `zipfile` asks for them."""

    def __init__(self, client: httpx.Client, path: str, size: int) -> None:
        super().__init__()
        self._client, self._path, self._size, self._at = client, path, size, 0
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._size, self._at + size)
        if end <= self._at:
            return b""
        answer = self._client.get(self._path, params={"proxy": 1}, headers={"Range": f"bytes={self._at}-{end - 1}"})
        self._at = end
        self.bytes_read += len(answer.content)
        return answer.content


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=50)
    parser.add_argument("--entries", type=int, default=100_000)
    arguments = parser.parse_args()
    layout = Layout(arguments.entries, int(arguments.gib * 2**30))
    with harness.stack() as running, running.client() as client:
        project = client.project("Archives")
        upload = client.create(project, layout.size, filename="shoot.zip").headers["location"]
        began = time.monotonic()
        headers = {**TUS, **OFFSET_TYPE, "Upload-Offset": "0", "Content-Length": str(layout.size)}
        assert client.patch(upload, headers=headers, content=layout.stream(), timeout=3_600).status_code == 204
        print(
            f"{layout.size / 2**30:.1f} GiB, {arguments.entries:,} entries, directory {len(layout.directory) / 2**20:.1f} MiB; uploaded in {time.monotonic() - began:.0f} s"
        )
        file = client.file_of(upload)["id"]
        # The whole-file digest reads it all; it is not what is measured here.
        running.sql("UPDATE jobs SET state = 'cancelled' WHERE tag = 'files.digest' AND state = 'queued'")
        path = f"/files/{file}/archive"
        began = time.monotonic()
        while (answer := client.get(path, params={"limit": 200})).status_code == 409:
            time.sleep(0.05)
        cold = time.monotonic() - began
        assert answer.json()["files"] == arguments.entries
        ((read,),) = running.sql("SELECT (result->>'read_bytes')::bigint FROM jobs WHERE tag = 'media.index_archive'")
        times = []
        for _ in range(PAGES):
            folder = f"shots/{random.randrange(len(layout.names) // PER_FOLDER):04}"
            began = time.monotonic()
            assert len(client.get(path, params={"limit": 200, "prefix": folder}).json()["items"]) == 200
            times.append(time.monotonic() - began)
        name = layout.names[len(layout.names) // 2].decode()
        began = time.monotonic()
        assert client.get(f"{path}/entry", params={"path": name}).content == layout.body
        member = time.monotonic() - began
        peer = Ranged(client, f"/files/{file}/content", layout.size)
        began = time.monotonic()
        with zipfile.ZipFile(peer) as opened:
            assert len(opened.namelist()) == arguments.entries
        took = time.monotonic() - began
        times.sort()
        print(f"{'':34}{'Stowage':>12}{'zipfile':>12}")
        print(f"{'first page, never looked at (s)':34}{cold:12.2f}{took:12.2f}")
        print(f"{'a page once indexed, p50 (ms)':34}{statistics.median(times) * 1e3:12.1f}{took * 1e3:12.1f}")
        print(f"{'a page once indexed, p95 (ms)':34}{times[int(len(times) * 0.95)] * 1e3:12.1f}{took * 1e3:12.1f}")
        print(f"{'read of the archive (MiB)':34}{read / 2**20:12.1f}{peer.bytes_read / 2**20:12.1f}")
        print(f"{'a member from the middle (ms)':34}{member * 1e3:12.1f}")


if __name__ == "__main__":
    main()
