"""Shared by the benchmarks: a stack of one's own, process accounting, raw multipart uploads to the same store, tables."""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from service.core.settings import Settings, load
from service.storage.port import Part
from service.storage.s3 import S3Store
from tests.harness import Stack

MIB = 1 << 20
PART = 16 * MIB
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def stack(**env: str) -> Iterator[Stack]:
    """A fresh Stowage in a temporary folder; the store is that of STOWAGE_EMBEDDED_STORE (default: what `auto` finds)."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("STOWAGE_BENCH_DIR")) as folder:
        running = Stack(Path(folder) / "data", env).start()
        try:
            yield running
        finally:
            running.stop()


def cpu_seconds(pid: int, *, with_children: bool = False) -> float:
    """User and system time of a process so far; with those that it started, living or waited for (proc(5), fields 14 to 17)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(int(value) for value in fields[11 : 15 if with_children else 13]) / TICKS
    return own + sum(cpu_seconds(child, with_children=True) for child in children_of(pid) if with_children)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def peak_rss_mb(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1000


def rss_mb(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


def s3_calls(running: Stack) -> dict[str, int]:
    """Requests to the store by operation since the API process started."""
    import httpx

    rows = [line for line in httpx.get(f"{running.base}/metrics").text.splitlines() if line.startswith("stowage_s3_calls_total")]
    return {row.partition('"')[2].partition('"')[0]: int(float(row.rpartition(" ")[2])) for row in rows}


def quiet(running: Stack, timeout_s: float = 300) -> None:
    """Wait until what came before has left no work behind: digests and probes share the cores with what is measured next."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if running.sql("SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')") == [(0,)] and running.sql(
            "SELECT count(*) FROM outbox"
        ) == [(0,)]:
            return
        time.sleep(0.5)


def settings_of(running: Stack) -> Settings:
    return load(running.settings_env())


def direct_multipart(running: Stack, total: int) -> tuple[float, float]:
    """The peer: the same bytes as a raw multipart upload, three parts at a time, from this process. (MB/s, CPU-s per GiB here)."""
    settings = settings_of(running)
    body = os.urandom(PART)

    async def upload() -> None:
        store = S3Store(settings.store)
        key = f"bench/{time.time_ns()}"
        upload_id = await store.create_multipart(settings.store.originals, key)
        gate = asyncio.Semaphore(3)

        async def part(number: int) -> Part:
            async with gate:
                return Part(number, await store.put_part(settings.store.originals, key, upload_id, number, memoryview(body)))

        parts = await asyncio.gather(*(part(number) for number in range(1, total // PART + 1)))
        await store.complete_multipart(settings.store.originals, key, upload_id, parts)
        await store.delete(settings.store.originals, [key])
        await store.close()

    import uvloop

    cpu, began = time.process_time(), time.perf_counter()
    uvloop.run(upload())
    seconds = time.perf_counter() - began
    return total / seconds / 1e6, (time.process_time() - cpu) / (total / (1 << 30))


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A Markdown table on stdout."""
    print(f"\n## {title}\n\n| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(str(cell) for cell in row)} |")
    sys.stdout.flush()


def spread(values: Sequence[float], digits: int = 0) -> str:
    """median (min-max)."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"
