"""Uploads beside @tus/s3-store and a direct S3 client on the same MinIO, interleaved: `python bench/uploads.py [--scale 1] [--runs 3] [CASE …]`."""

import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import boto3
import harness
from harness import MIB
from wire import Connection, Server

from tests.harness import NODE, Client, Stack

BLOCK = memoryview(os.urandom(4 * MIB))
SMALL = os.urandom(100 * 1024)
PEER_BUCKET = "peer"
DIRECT = "direct S3, 3 parts in flight"
Figures = dict[str, float]


# -- who takes part
@contextlib.contextmanager
def node_peer(running: Stack) -> Iterator[Server]:
    """@tus/server with @tus/s3-store on Stowage's own MinIO, in a bucket of its own."""
    settings = harness.settings_of(running).store
    keys = {"aws_access_key_id": settings.access_key, "aws_secret_access_key": settings.secret_key}
    boto3.client("s3", endpoint_url=settings.endpoint, **keys).create_bucket(Bucket=PEER_BUCKET)
    environment = {**os.environ, "PEER_ACCESS_KEY": settings.access_key, "PEER_SECRET_KEY": settings.secret_key}
    command = [
        NODE,
        Path(__file__).with_name("tus_node_s3.mjs"),
        settings.endpoint,
        PEER_BUCKET,
    ]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield Server("@tus/s3-store 2.0.7", f"http://127.0.0.1:{port}/files", process.pid)
    finally:
        process.kill()
        process.wait(20)


def stowage(running: Stack, client: Client) -> Server:
    url = f"{running.base.replace('localhost', '127.0.0.1')}/api/v1/projects/{client.project('Bench')}/tus"
    return Server("**Stowage**", url, running.pid("api") or 0, {"Authorization": f"Bearer {client.tokens['access_token']}"})


# -- cases: what one run of one server measures
def moved(server: Server, total: int, work: Callable[[], None]) -> Figures:
    """What it took to move so many bytes."""
    cpu, began = harness.cpu_seconds(server.pid), time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    return {"MB/s": total / seconds / 1e6, "CPU-s per GiB": (harness.cpu_seconds(server.pid) - cpu) / (total / (1 << 30))}


def one_patch(server: Server, total: int) -> Figures:
    return chunks(server, total, total)


def parallel(server: Server, total: int, count: int = 8) -> Figures:
    def work(number: int) -> None:
        with Connection(server) as connection:
            url = connection.create(total // count, f"parallel-{number}.bin")
            connection.patch(url, 0, total // count, BLOCK)
            connection.delete(url)

    return moved(server, total, lambda: in_threads(work, count))


def chunks(server: Server, total: int, chunk: int = 5 * MIB) -> Figures:
    with Connection(server) as connection:
        url = connection.create(total, "chunks.bin")

        def work() -> None:
            for start in range(0, total, chunk):
                connection.patch(url, start, min(chunk, total - start), BLOCK)

        figures = moved(server, total, work)
        connection.delete(url)
    return figures


def at(latencies: list[float], share: float) -> float:
    """The latency that this share of all stays below."""
    return sorted(latencies)[int(len(latencies) * share)]


def small(server: Server, seconds: float, clients: int) -> Figures:
    # Taken names would be counted up, which is another case.
    run = uuid4().hex[:8]
    latencies: list[float] = []
    cpu, stop = harness.cpu_seconds(server.pid), time.perf_counter() + seconds

    def work(number: int) -> None:
        with Connection(server) as connection:
            count = 0
            while time.perf_counter() < stop:
                count += 1
                began = time.perf_counter()
                connection.create(len(SMALL), f"{run}-{number}-{count}.bin", SMALL)
                latencies.append((time.perf_counter() - began) * 1000)

    in_threads(work, clients)
    return {
        "per second": len(latencies) / seconds,
        "p50 ms": at(latencies, 0.5),
        "p95 ms": at(latencies, 0.95),
        "CPU-ms each": (harness.cpu_seconds(server.pid) - cpu) * 1000 / len(latencies),
    }


def heads(server: Server, seconds: float) -> Figures:
    """HEAD of an idle upload while one large PATCH and four clients with small files are at it."""
    latencies: list[float] = []
    stop = threading.Event()

    def large() -> None:
        with Connection(server) as connection:
            url = connection.create(40 << 30, "load.bin")
            connection.begin_patch(url, 0, 40 << 30)
            with contextlib.suppress(OSError):
                while not stop.is_set():
                    connection.send(BLOCK)

    def files() -> None:
        with Connection(server) as connection:
            count = 0
            while not stop.is_set():
                count += 1
                connection.create(len(SMALL), f"{uuid4().hex}-{count}.bin", SMALL)

    load = [threading.Thread(target=large), *(threading.Thread(target=files) for _ in range(4))]
    with Connection(server) as connection:
        url = connection.create(1_000_000, "idle.bin")
        for thread in load:
            thread.start()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            began = time.perf_counter()
            connection.head(url)
            latencies.append((time.perf_counter() - began) * 1000)
            time.sleep(0.01)
        stop.set()
        for thread in load:
            thread.join()
    return {"p50 ms": at(latencies, 0.5), "p99 ms": at(latencies, 0.99), "asked": len(latencies)}


def in_flight(server: Server, count: int, length: int = 2 * MIB) -> Figures:
    """All uploads begun, half of each sent and left waiting, then all ended."""
    before = harness.rss_mb(server.pid)
    half = memoryview(os.urandom(length // 2))
    connections: list[Connection] = []
    failed = 0
    try:
        with Connection(server) as connection:
            urls = [connection.create(length, f"flight-{number}.bin") for number in range(count)]
        for url in urls:
            connection = Connection(server)
            connections.append(connection)
            connection.begin_patch(url, 0, length)
            connection.send(half)
        time.sleep(2)
        held = harness.rss_mb(server.pid)
        began = time.perf_counter()

        def work(number: int) -> None:
            nonlocal failed
            for connection in connections[number::16]:
                connection.send(half)
                status, _ = connection.answer()
                failed += status != 204

        in_threads(work, 16)
        seconds = time.perf_counter() - began
        return {"RSS before MB": before, "RSS in flight MB": held, "not 204": failed, "end, s": seconds}
    finally:
        for connection in connections:
            connection.close()


def in_threads(work: Callable[[int], None], count: int) -> None:
    """Run `work` in so many threads; the first error of any is raised."""
    errors: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


# -- the table
def compare(
    running: Stack,
    title: str,
    servers: Sequence[Server],
    measure: Callable[[Server], Figures],
    runs: int,
    direct: Callable[[], Figures] | None = None,
) -> None:
    """Interleaved runs, each begun when the jobs of the one before are done; a median per figure, and the ratio of the first figure to each peer's, run by run."""
    found: dict[str, list[Figures]] = defaultdict(list)
    for _ in range(runs):
        for server in servers:
            harness.quiet(running)
            found[server.name].append(measure(server))
        if direct is not None:
            found[DIRECT].append(direct())
    columns = list(found[servers[0].name][0])
    rows = [
        (
            name,
            *(
                harness.spread([run[column] for run in figures], 2 if "CPU-s" in column else 0) if column in figures[0] else "-"
                for column in columns
            ),
        )
        for name, figures in found.items()
    ]
    harness.table(f"{title}, {runs} runs interleaved, median (min-max)", ("what", *columns), rows)
    ours = found[servers[0].name]
    for name, figures in list(found.items())[1:]:
        ratio = statistics.median(mine[columns[0]] / theirs[columns[0]] for mine, theirs in zip(ours, figures, strict=True))
        print(f"{columns[0]} against {name}: {ratio:.2f}")
    sys.stdout.flush()


def s3_calls_of(running: Stack, server: Server) -> None:
    rows = []
    with Connection(server) as connection:
        small_one = connection.create(10, "head.bin")
        large_one = connection.create(1 << 30, "calls.bin")
        for what, act in (
            ("a small upload", lambda: connection.create(len(SMALL), "calls-small.bin", SMALL)),
            ("1 GiB in one PATCH", lambda: connection.patch(large_one, 0, 1 << 30, BLOCK)),
            ("HEAD", lambda: connection.head(small_one)),
        ):
            before = harness.s3_calls(running)
            act()
            calls = {name: count - before.get(name, 0) for name, count in harness.s3_calls(running).items() if count != before.get(name, 0)}
            rows.append((what, sum(calls.values()), json.dumps(calls)))
    harness.table("S3 calls of Stowage", ("what", "calls", "which"), rows)


CASES = ("one", "parallel", "chunks", "small8", "small64", "head", "flight", "calls")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--scale", type=float, default=1, help="of all sizes")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    wanted = arguments.cases or CASES
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)

    def size(mib: float) -> int:
        return max(16, int(mib * arguments.scale)) * MIB

    runs, seconds = arguments.runs, arguments.seconds
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(
            harness.stack(STOWAGE_MAX_OPEN_UPLOADS="5000", STOWAGE_USER_QUOTA_BYTES=str(1 << 45), STOWAGE_PROJECT_QUOTA_BYTES=str(1 << 45))
        )
        client = stack.enter_context(running.client())
        assert running.status()["store"] == "minio", "the peer speaks to MinIO: STOWAGE_EMBEDDED_STORE=minio"
        ours = stowage(running, client)
        both = [ours, stack.enter_context(node_peer(running))]

        def direct(total: int) -> Figures:
            rate, cost = harness.direct_multipart(running, total)
            return {"MB/s": rate, "CPU-s per GiB": cost}

        for name, title, measure, beside in (
            ("one", f"One PATCH of {size(2048) >> 20} MiB", lambda server: one_patch(server, size(2048)), lambda: direct(size(2048))),
            (
                "parallel",
                f"8 uploads of {size(2048) >> 23} MiB at once",
                lambda server: parallel(server, size(2048)),
                lambda: direct(size(2048)),
            ),
            ("chunks", f"{size(1024) >> 20} MiB in chunks of 5 MiB", lambda server: chunks(server, size(1024)), None),
            ("small8", "Files of 100 KiB, 8 clients", lambda server: small(server, seconds, 8), None),
            ("small64", "Files of 100 KiB, 64 clients", lambda server: small(server, seconds, 64), None),
            ("head", "HEAD of an idle upload under load", lambda server: heads(server, seconds), None),
            ("flight", "1,000 uploads in flight", lambda server: in_flight(server, 1_000), None),
        ):
            if name in wanted:
                compare(running, title, both, measure, 1 if name == "flight" else runs, beside)
                print(
                    f"peak RSS so far: {', '.join(f'{server.name} {harness.peak_rss_mb(server.pid):.0f} MB' for server in both)}",
                    flush=True,
                )
        if "calls" in wanted:
            s3_calls_of(running, ours)


if __name__ == "__main__":
    main()
