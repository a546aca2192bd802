"""One fast upload alone and beside many slow ones: `python bench/slow_clients.py [--clients 64] [--rate 8000] [--gib 1] [--runs 3]`."""

import argparse
import os
import statistics
import threading
import time

import harness
from harness import MIB
from uploads import one_patch, stowage
from wire import Connection, Server

SLOW_LENGTH = 1 << 30


class Crowd(threading.Thread):
    """Clients that each send `rate` bytes per second of a PATCH, until told to stop."""

    def __init__(self, server: Server, count: int, rate: int) -> None:
        super().__init__(daemon=True)
        self._stop_event = threading.Event()
        self._block = os.urandom(rate)
        self.cut = 0
        self._connections = [Connection(server) for _ in range(count)]
        self.urls = [connection.create(SLOW_LENGTH, f"slow-{number}.bin") for number, connection in enumerate(self._connections)]
        for connection, url in zip(self._connections, self.urls, strict=True):
            connection.begin_patch(url, 0, SLOW_LENGTH)

    def run(self) -> None:
        while not self._stop_event.wait(1):
            for connection in list(self._connections):
                try:
                    connection.send(self._block)
                except OSError:
                    self.cut += 1
                    self._connections.remove(connection)

    def end(self) -> None:
        self._stop_event.set()
        self.join()
        for connection in self._connections:
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
        server = stowage(running, client)

        def fast() -> float:
            return one_patch(server, total)["MB/s"]

        alone, beside, cut = [], [], 0
        for _ in range(arguments.runs):
            alone.append(fast())
            crowd = Crowd(server, arguments.clients, arguments.rate)
            crowd.start()
            time.sleep(3)
            beside.append(fast())
            crowd.end()
            cut += crowd.cut
            with Connection(server) as connection:
                for url in crowd.urls:
                    connection.delete(url)
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
