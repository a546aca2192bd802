"""A folder of 5 GB as one ZIP: `python bench/zips.py [--gb 5] [--files 50]`.

Shows the time to the first byte, the rate, the memory of the API before, at most and after, and goes on with it from the middle.
"""

import argparse
import hashlib
import threading
import time
import zipfile
import zlib

import harness
import httpx


class Memory(threading.Thread):
    """Largest resident memory of a process, in MB, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.is_over = threading.Event()
        self.before = self.peak = harness.rss_mb(pid)
        self.start()

    def run(self) -> None:
        while not self.is_over.wait(0.1):
            self.peak = max(self.peak, harness.rss_mb(self._pid))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gb", type=float, default=5)
    parser.add_argument("--files", type=int, default=50)
    arguments = parser.parse_args()
    size = int(arguments.gb * 1e9 / arguments.files)
    with harness.stack() as running, running.client() as client:
        project = client.project("Large ZIP")
        block = bytes(range(256)) * 4_096
        body = (block * (size // len(block) + 1))[:size]
        crc = zlib.crc32(body)
        for number in range(arguments.files):
            client.upload(project, body, filename=f"clip {number:03}.bin", relativePath=f"day {number % 5}/clip {number:03}.bin")
        memory = Memory(running.pid("api"))
        link = client.post(f"/projects/{project}/zip", json={}).json()
        began = time.monotonic()
        whole, tail = hashlib.sha256(), hashlib.sha256()
        received, first, middle = 0, 0.0, link["size_bytes"] // 2
        path = running.data_dir / "download.zip"
        with httpx.stream("GET", link["url"], timeout=60) as answer, path.open("wb") as file:
            tag = answer.headers["etag"]
            for piece in answer.iter_raw():
                first = first or time.monotonic() - began
                whole.update(piece)
                if received + len(piece) > middle:
                    tail.update(piece[max(0, middle - received) :])
                received += len(piece)
                file.write(piece)
        took = time.monotonic() - began
        assert received == link["size_bytes"]
        with zipfile.ZipFile(path) as archive:
            assert (
                len([info for info in archive.infolist() if not info.is_dir() and crc == info.CRC and info.file_size == size])
                == arguments.files
            )
            assert archive.testzip() is None
        path.unlink()
        resumed, first_again = hashlib.sha256(), 0.0
        began = time.monotonic()
        with httpx.stream("GET", link["url"], headers={"Range": f"bytes={middle}-", "If-Range": tag}, timeout=60) as answer:
            assert answer.status_code == 206
            for piece in answer.iter_raw():
                first_again = first_again or time.monotonic() - began
                resumed.update(piece)
        assert resumed.digest() == tail.digest()
        print(
            f"{received / 1e9:.2f} GB in {arguments.files} files: first byte after {first * 1e3:.0f} ms, {received / took / 1e6:.0f} MB/s, testzip good"
        )
        print(f"gone on with from the middle: first byte after {first_again * 1e3:.0f} ms, same bytes")
        print(f"API memory: {memory.before:.0f} MB before, {memory.peak:.0f} MB at most")


if __name__ == "__main__":
    main()
