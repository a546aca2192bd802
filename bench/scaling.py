"""One and two workers on the same film, and four on paper: `python bench/scaling.py [--minutes 6]`.

Each worker is a process of its own that encodes one chunk at a time on a core of its own, so that two have twice what one has: even with one
thread each, four encoders and a decoder would fill more. Four are simulated from the chunk times that two measured, in their order.
"""

import argparse
import heapq
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import films
import harness

from tests.harness import ROOT, Stack

CHUNK_S = "30"
CAMERA_MBITS = 8


def makespan(seconds: Sequence[float], workers: int) -> float:
    """When the last of some chunks is done, taken in their order by whoever is free; s."""
    free = [0.0] * workers
    for one in seconds:
        heapq.heappush(free, heapq.heappop(free) + one)
    return max(free)


def transcode(folder: Path, film: Path, workers: int) -> tuple[float, list[float]]:
    """Seconds from the first chunk's start to the last one's end, and each chunk's own."""
    env = {"STOWAGE_WORKER_SLOTS": "1", "STOWAGE_FFMPEG_THREADS": "1", "STOWAGE_CHUNK_SECONDS": CHUNK_S}
    running = Stack(folder / f"data-{workers}", env).start()
    command = [sys.executable, "-m", "workers.runtime", "cpu"]
    more = [
        subprocess.Popen(command, cwd=ROOT, env=running.settings_env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(workers - 1)
    ]
    try:
        time.sleep(3)
        cores = sorted(os.sched_getaffinity(0))
        for number, pid in enumerate([running.pid("worker-cpu"), *(process.pid for process in more)]):
            # Threads that are there already keep their own; what they start later has the process's.
            for thread in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {cores[number]})
        with running.client() as client:
            file = client.upload_file(client.project("Bench"), film, "video/mp4")
            found = client.processed(file["id"], films.PATIENCE_S)
            assert found["preview"]["state"] == "ready", found["preview"]
        rows = running.sql(
            """SELECT extract(epoch FROM started_at)::float, extract(epoch FROM finished_at)::float FROM jobs
               WHERE file_id = %s AND queue = 'cpu' AND tag LIKE 'media.encode%%' ORDER BY started_at""",
            file["id"],
        )
    finally:
        for process in more:
            process.terminate()
        for process in more:
            process.wait(30)
        running.stop()
    return max(end for _, end in rows) - min(begin for begin, _ in rows), [end - begin for begin, end in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=6)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        film = films.make_film(Path(name), arguments.minutes, CAMERA_MBITS)
        one, chunks_of_one = transcode(Path(name), film, 1)
        two, chunks = transcode(Path(name), film, 2)
    on_paper = {workers: makespan(chunks, workers) for workers in (1, 2, 4)}
    harness.table(
        f"{arguments.minutes:g} min of 720p in chunks of {CHUNK_S} s, a core for each worker",
        ("workers", "s", "times faster", "how"),
        [
            ("1", f"{one:.0f}", "1.00", f"measured, {len(chunks_of_one)} chunks"),
            ("2", f"{two:.0f}", f"{one / two:.2f}", "measured"),
            ("4", f"{on_paper[4]:.0f}", f"{on_paper[1] / on_paper[4]:.2f}", "on paper, from the chunks of two"),
        ],
    )


if __name__ == "__main__":
    main()
