"""Previews of pictures: how many a minute, and what it takes. `python bench/thumbnails.py [--pictures 300]`.

Photos of 1600x1200, each with its previews of 256, 512 and 1024 px, placeholder and EXIF, through uploads, jobs and the sandbox as always;
beside them Pillow alone, in one process, on the same bytes.
"""

import argparse
import io
import time
from concurrent.futures import ThreadPoolExecutor

import harness
from PIL import Image, ImageFilter

PATIENCE_S = 1_800
SIZES = (256, 512, 1_024)


def photo(number: int) -> bytes:
    """A JPEG with the detail of a photo, each another one."""
    noise = Image.effect_noise((1_600, 1_200), 40 + number % 50).convert("RGB")
    body = io.BytesIO()
    noise.filter(ImageFilter.GaussianBlur(1.5)).save(body, "JPEG", quality=85)
    return body.getvalue()


def alone(bodies: list[bytes]) -> float:
    """Seconds of Pillow for the same previews of all pictures."""
    began = time.perf_counter()
    for body in bodies:
        for size in SIZES:
            picture = Image.open(io.BytesIO(body))
            picture.draft("RGB", (size, size))
            picture.thumbnail((size, size))
            picture.save(io.BytesIO(), "WEBP", quality=80)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=300)
    count = parser.parse_args().pictures
    bodies = [photo(number) for number in range(20)]
    with harness.stack() as running, running.client() as client:
        project = client.project("Bench")

        def put(number: int) -> None:
            client.upload(project, bodies[number % len(bodies)], filename=f"{number}.jpg", filetype="image/jpeg")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(put, range(count)))
        query = "SELECT count(*), extract(epoch FROM max(finished_at) - min(started_at))::float FROM jobs WHERE tag = 'media.image' AND state = 'done'"
        deadline = time.monotonic() + PATIENCE_S
        while running.sql(query)[0][0] < count and time.monotonic() < deadline:
            time.sleep(0.5)
        done, seconds = running.sql(query)[0]
        peak = harness.peak_rss_mb(running.pid("worker-cpu"))
        forks = max(map(harness.peak_rss_mb, harness.children_of(running.pid("worker-cpu"))))
        cpu = harness.cpu_seconds(running.pid("worker-cpu"), with_children=True)
    bare = alone(bodies) / len(bodies)
    harness.table(
        f"{done} pictures of 2 megapixels, {len(SIZES)} previews each, 2 cores",
        ("what", "ours", "Pillow alone, one core"),
        [
            ("previews a minute", f"{done * len(SIZES) * 60 / seconds:.0f}", f"{len(SIZES) * 60 / bare:.0f}"),
            ("pictures a minute", f"{done * 60 / seconds:.0f}", f"{60 / bare:.0f}"),
            ("CPU-s a picture", f"{cpu / done:.3f}", f"{bare:.3f}"),
            ("peak RSS of the worker process, MB", f"{peak:.0f}", ""),
            ("peak RSS of the process that its readers are forked from, MB", f"{forks:.0f}", ""),
        ],
    )


if __name__ == "__main__":
    main()
