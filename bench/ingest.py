"""Uploads through Stowage beside a direct multipart upload to the same store: `python bench/ingest.py [--gib 2] [--runs 3]`."""

import argparse
import os
import socket
import statistics
import threading
import time
from urllib.parse import urlsplit

import harness
from harness import MIB

from tests.harness import TUS, Client, Stack, metadata

KNOWN = [
    ("tusd 2.10 on MinIO, 50 MiB parts", "235", "4.1", "44 + 1 GB temp disk"),
    ("direct raw, 3 parallel, on MinIO", "420", "0.3", "-"),
    ("plain stream with signed PUT (v2e) on MinIO", "330", "1.46", "108"),
    ("plain stream with signed PUT (v2e) on embedded Swift", "278", "-", "-"),
]


def begin_patch(url: str, token: str, total: int) -> socket.socket:
    """A connection on which the head of a PATCH at offset 0 has been sent."""
    parts = urlsplit(url)
    head = (
        f"PATCH {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\nTus-Resumable: 1.0.0\r\n"
        f"Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: {total}\r\n\r\n"
    )
    connection = socket.create_connection((parts.hostname or "localhost", parts.port or 80))
    connection.sendall(head.encode())
    return connection


def patch_raw(url: str, token: str, total: int) -> float:
    """One PATCH over a bare socket, so that the client's own cost stays small; returns seconds."""
    block = memoryview(os.urandom(4 * MIB))
    began = time.perf_counter()
    with begin_patch(url, token, total) as connection:
        for _ in range(total // len(block)):
            connection.sendall(block)
        connection.settimeout(120)
        answer = connection.recv(4096)
    assert b" 204 " in answer.split(b"\r\n")[0], answer[:500]
    return time.perf_counter() - began


def one_big(running: Stack, client: Client, total: int, runs: int) -> None:
    pid = running.pid("api")
    project = client.project("Bench")
    ours, cpu, peer, calls = [], [], [], {}
    for _ in range(runs):
        peer.append(harness.direct_multipart(running, total))
        url = client.create(project, total, filename="big.bin").headers["location"]
        before, calls_before = harness.cpu_seconds(pid), harness.s3_calls(running)
        seconds = patch_raw(url, client.tokens["access_token"], total)
        cpu.append((harness.cpu_seconds(pid) - before) / (total / (1 << 30)))
        ours.append(total / seconds / 1e6)
        calls = {
            name: count - calls_before.get(name, 0)
            for name, count in harness.s3_calls(running).items()
            if count != calls_before.get(name, 0)
        }
        client.delete(url, headers=TUS)
    ratio = statistics.median(mine / theirs[0] for mine, theirs in zip(ours, peer, strict=True))
    harness.table(
        f"One PATCH of {total / (1 << 30):g} GiB, store: {running.status()['store']}, {runs} runs interleaved, median (min-max)",
        ("what", "MB/s", "CPU-s per GiB", "peak RSS MB"),
        [
            (
                "direct multipart, 3 parallel, same store",
                harness.spread([rate for rate, _ in peer]),
                harness.spread([cost for _, cost in peer], 2),
                "-",
            ),
            ("**Stowage, tus**", harness.spread(ours), harness.spread(cpu, 2), f"{harness.peak_rss_mb(pid):.0f}"),
            *KNOWN,
        ],
    )
    print(
        f"\nratio to direct: {ratio:.2f} (pairwise median); S3 calls: {calls}; the rows below ours are earlier measurements on a machine of this size"
    )


def many_small(running: Stack, clients: int, seconds: float) -> tuple[float, float, float, float]:
    """(uploads per second, p50 ms, p95 ms, API CPU-ms per upload) of 100 KiB creation-with-upload requests."""
    pid = running.pid("api")
    body, latencies, stop = os.urandom(100 * 1024), [], time.perf_counter() + seconds
    with running.client() as first:
        project = first.project("Small")

    def work(number: int) -> None:
        with running.client() as client:
            count = 0
            while time.perf_counter() < stop:
                count += 1
                began = time.perf_counter()
                answer = client.create(project, len(body), {"Upload-Metadata": metadata(filename=f"{number}-{count}.bin")}, content=body)
                assert answer.status_code == 201, answer.text
                latencies.append((time.perf_counter() - began) * 1000)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    before = harness.cpu_seconds(pid)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cpu = (harness.cpu_seconds(pid) - before) * 1000 / len(latencies)
    ordered = sorted(latencies)
    return len(latencies) / seconds, ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)], cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    with harness.stack() as running, running.client() as client:
        one_big(running, client, int(arguments.gib * 64) * harness.PART, arguments.runs)
        rows = []
        for clients in (8, 32):
            rate, p50, p95, cpu = many_small(running, clients, arguments.seconds)
            rows.append((f"{clients} clients", f"{rate:.0f}", f"{p50:.0f} / {p95:.0f}", f"{cpu:.2f}"))
        rows.append(("tusd on MinIO, 8 clients (earlier)", "196", "38 / 71", "3.04"))
        harness.table(
            f"100 KiB uploads, store: {running.status()['store']} (clients in Python on the same cores)",
            ("what", "per second", "p50 / p95 ms", "API CPU-ms"),
            rows,
        )


if __name__ == "__main__":
    main()
