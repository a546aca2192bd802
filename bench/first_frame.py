"""From the last byte of a 10-minute 1080p film to its first playable segment: `python bench/first_frame.py [--minutes 10]`."""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import harness
import imageio_ffmpeg

from tests.harness import ASSETS

LIMIT_S = 120


def make_film(folder: Path, minutes: float) -> Path:
    """1080p at 25 fps made of the real sample, scaled up once and repeated without re-encoding."""
    tool = imageio_ffmpeg.get_ffmpeg_exe()
    once, film = folder / "once.mp4", folder / "film.mp4"
    common = [tool, "-v", "error", "-y"]
    encode = ["-vf", "scale=1920:1080", "-c:v", "libx264", "-preset", "veryfast", "-b:v", "6M", "-c:a", "aac", "-ac", "2"]
    subprocess.run([*common, "-i", str(ASSETS / "bigbuckbunny.mp4"), *encode, str(once)], check=True)
    subprocess.run([*common, "-stream_loop", str(int(minutes * 60 / 5.28)), "-i", str(once), "-c", "copy", str(film)], check=True)
    return film


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    times, sizes = [], []
    with tempfile.TemporaryDirectory() as folder:
        film = make_film(Path(folder), arguments.minutes)
        for _ in range(arguments.runs):
            # A fresh stack each time: the film before would still be transcoding.
            with harness.stack() as running, running.client() as client:
                project = client.project("Bench")
                url = client.upload(project, film.read_bytes(), 100_000_000, filename="film.mp4", filetype="video/mp4")
                ended = time.perf_counter()
                file = client.file_of(url)
                while client.post(f"/files/{file['id']}/playback").status_code != 200:
                    assert time.perf_counter() - ended < LIMIT_S, "not playable in time"
                    time.sleep(0.05)
                times.append(time.perf_counter() - ended)
                sizes.append(film.stat().st_size / 1e6)
    harness.table(
        "Last byte to first playable segment, five rungs, 2 cores",
        ("film", "seconds, median (min-max)", "asked for"),
        [(f"{arguments.minutes:g} min 1080p, {sizes[0]:.0f} MB", harness.spread(times, 1), "<= 10")],
    )


if __name__ == "__main__":
    main()
