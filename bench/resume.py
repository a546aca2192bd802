"""One large upload generated on the fly, cut off and resumed with kill -9 in between; digest read back from the store.

`python bench/resume.py [--gib 12] [--kills 10]`
"""

import argparse
import asyncio
import hashlib
import random
import threading
import time
from collections.abc import Iterator

import harness
import httpx
from harness import MIB

from service.storage.s3 import S3Store
from tests.harness import Client, Stack

CHUNK = 100_000_000
BLOCK = MIB
VICTIMS = ("api", "api", "postgres", "api", "s3")


class Source:
    """Bytes of any length that need no disk: block n is the same 64 KiB of noise, turned by n."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._noise = random.Random(7).randbytes(2 * BLOCK)

    def block(self, number: int) -> bytes:
        start = (number * 7_919) % BLOCK
        return number.to_bytes(8, "big") + self._noise[start + 8 : start + BLOCK]

    def read(self, start: int, end: int) -> Iterator[bytes]:
        position = start
        while position < end:
            number, offset = divmod(position, BLOCK)
            piece = self.block(number)[offset : offset + min(BLOCK - offset, end - position)]
            position += len(piece)
            yield piece


def send(client: Client, url: str, source: Source) -> int:
    """Upload to the end through whatever happens; returns how often it had to resume."""
    offset, resumed = 0, 0
    while offset < source.size:
        end = min(offset + CHUNK, source.size)
        try:
            answer = client.append(url, offset, source.read(offset, end), {"Content-Length": str(end - offset)})
            if answer.status_code == 204:
                offset = int(answer.headers["upload-offset"])
                continue
        except httpx.HTTPError:
            pass
        resumed += 1
        while True:
            try:
                now = client.offset(url)
                break
            except (httpx.HTTPError, AssertionError):
                time.sleep(0.5)
        assert now >= offset, f"offset went down from {offset} to {now}"
        offset = now
    return resumed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=12)
    parser.add_argument("--kills", type=int, default=16)
    arguments = parser.parse_args()
    source = Source(int(arguments.gib * 1024) * MIB)
    with harness.stack() as running, running.client() as client:
        url = client.create(client.project("Large"), source.size, filename="large.bin").headers["location"]
        done, kills, peaks = threading.Event(), [], []

        def trouble() -> None:
            while not done.wait(2):
                total = running.sql_or_none("SELECT offset_bytes FROM uploads")
                if (pid := running.pid("api")) is not None and not done.is_set():
                    try:
                        peaks.append(harness.rss_mb(pid))
                    except OSError:
                        continue
                if total and len(kills) < arguments.kills and total[0][0] > source.size * (len(kills) + 1) / (arguments.kills + 1.5):
                    name = VICTIMS[len(kills) % len(VICTIMS)]
                    running.kill(name)
                    kills.append(name)

        thread = threading.Thread(target=trouble)
        thread.start()
        began = time.perf_counter()
        resumed = send(client, url, source)
        seconds = time.perf_counter() - began
        done.set()
        thread.join()
        wanted = hashlib.sha256()
        for piece in source.read(0, source.size):
            wanted.update(piece)
        file = client.file_of(url)
        stored = asyncio.run(digest(running, file["id"]))
        assert stored == (source.size, wanted.hexdigest()), stored
        rows = [
            (
                f"{arguments.gib:g} GiB",
                f"{len(kills)} ({', '.join(sorted(set(kills)))})",
                resumed,
                f"{source.size / seconds / 1e6:.0f}",
                harness.spread(peaks),
                "equal",
            )
        ]
        harness.table(
            f"One upload through kills, store: {running.status()['store']}",
            ("size", "kill -9", "resumed", "MB/s over all", "API RSS MB, median (min-max)", "sha256 read back"),
            rows,
        )


async def digest(running: Stack, file_id: str) -> tuple[int, str]:
    settings = harness.settings_of(running)
    store = S3Store(settings.store)
    key = running.sql("SELECT key FROM file_versions WHERE file_id = %s", file_id)[0][0]
    found, count = hashlib.sha256(), 0
    async for chunk in store.read(settings.store.originals, key):
        found.update(chunk)
        count += len(chunk)
    await store.close()
    return count, found.hexdigest()


if __name__ == "__main__":
    main()
