"""One fast upload alone and beside many slow ones: `python bench/slow_clients.py [--clients 64] [--rate 8000] [--gib 1] [--runs 3]`."""

import argparse
import os
import statistics
import threading
import time

import harness
from harness import MIB
from ingest import begin_patch, patch_raw

from tests.harness import TUS, Client

SLOW_LENGTH = 1 << 30


class Crowd(threading.Thread):
    """Clients that each send `rate` bytes per second of a PATCH, until told to stop."""

    def __init__(self, client: Client, project: str, count: int, rate: int) -> None:
        super().__init__(daemon=True)
        self._stop_event = threading.Event()
        self._block = os.urandom(rate)
        self.urls = [client.create(project, SLOW_LENGTH, filename=f"slow-{number}.bin").headers["location"] for number in range(count)]
        self._sockets = [begin_patch(url, client.tokens["access_token"], SLOW_LENGTH) for url in self.urls]
        self.cut = 0

    def run(self) -> None:
        while not self._stop_event.wait(1):
            for connection in list(self._sockets):
                try:
                    connection.sendall(self._block)
                except OSError:
                    self.cut += 1
                    self._sockets.remove(connection)

    def end(self) -> None:
        self._stop_event.set()
        self.join()
        for connection in self._sockets:
            connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--rate", type=int, default=8_000)
    parser.add_argument("--gib", type=float, default=1)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    total = int(arguments.gib * 1024) * MIB
    with harness.stack(STOWAGE_MAX_OPEN_UPLOADS=str(arguments.clients * 4)) as running, running.client() as client:
        project = client.project("Bench")

        def fast() -> float:
            url = client.create(project, total, filename="fast.bin").headers["location"]
            rate = total / patch_raw(url, client.tokens["access_token"], total) / 1e6
            client.delete(url, headers=TUS)
            return rate

        alone, beside, cut = [], [], 0
        for _ in range(arguments.runs):
            alone.append(fast())
            crowd = Crowd(client, project, arguments.clients, arguments.rate)
            crowd.start()
            time.sleep(3)
            beside.append(fast())
            crowd.end()
            cut += crowd.cut
            for url in crowd.urls:
                client.delete(url, headers=TUS)
        ratio = statistics.median(second / first for first, second in zip(alone, beside, strict=True))
        harness.table(
            f"One fast PATCH of {arguments.gib:g} GiB beside {arguments.clients} clients at {arguments.rate} B/s, store: {running.status()['store']}",
            ("alone MB/s", "beside them MB/s", "ratio (pairwise median)", "asked for", "slow clients cut off", "API RSS MB"),
            [
                (
                    harness.spread(alone),
                    harness.spread(beside),
                    f"{ratio:.2f}",
                    ">= 0.8",
                    cut,
                    f"{harness.peak_rss_mb(running.pid('api')):.0f}",
                )
            ],
        )


if __name__ == "__main__":
    main()
