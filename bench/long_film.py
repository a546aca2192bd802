"""A film of two hours, transcoded whole: playlists, objects, what is read of the source, and how much disk the workers take meanwhile.

`python bench/long_film.py [--hours 2]`: 176x144 made of the real sample, one rung, so that two cores need minutes for it and not hours.
"""

import argparse
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import films
import harness
import imageio_ffmpeg

from tests.harness import ASSETS

LOOK_EVERY_S = 0.5
CHUNK_S = 60


class Disk(threading.Thread):
    """The most bytes that scratch folders held at once."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._folder, self.peak, self.is_over = folder, 0, False

    def run(self) -> None:
        while not self.is_over:
            total = 0
            for path in self._folder.glob("stowage-*/**/*"):
                try:
                    total += path.stat().st_size if path.is_file() else 0
                except OSError:
                    continue
            self.peak = max(self.peak, total)
            time.sleep(LOOK_EVERY_S)


def make_film(folder: Path, hours: float) -> Path:
    """4 s of the sample with a tone, repeated without re-encoding."""
    tool = imageio_ffmpeg.get_ffmpeg_exe()
    once, film = folder / "once.mp4", folder / "film.mp4"
    tone = ["-f", "lavfi", "-i", "sine=330", "-shortest", "-c:v", "libx264", "-g", "250", "-c:a", "aac"]
    subprocess.run([tool, "-v", "error", "-y", "-i", str(ASSETS / "carphone_pristine.mp4"), *tone, str(once)], check=True)
    repeat = ["-stream_loop", str(int(hours * 3_600 / 4)), "-i", str(once), "-c", "copy", str(film)]
    subprocess.run([tool, "-v", "error", "-y", *repeat], check=True)
    return film


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=2)
    hours = parser.parse_args().hours
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film, scratch = make_film(folder, hours), folder / "scratch"
        scratch.mkdir()
        disk = Disk(scratch)
        disk.start()
        with harness.stack(TMPDIR=str(scratch)) as running, running.client() as client:
            began = time.perf_counter()
            file = client.upload_file(client.project("Bench"), film, "video/mp4")
            found = client.processed(file["id"], films.PATIENCE_S)
            assert found["preview"]["state"] == "ready", found["preview"]
            took = time.perf_counter() - began
            disk.is_over = True
            rung = running.sql("SELECT rung FROM hls_segments s JOIN transcodes t ON t.id = s.transcode_id WHERE t.file_id = %s AND rung ~ '^[0-9]+$' LIMIT 1", file["id"])[0][0]  # fmt: skip
            playlist = films.playlist_ms(running, client, file, rung)
            objects, segments, largest = running.sql(
                """SELECT count(*), sum(jsonb_array_length(s.segments)), max(s.bytes) FROM hls_segments s JOIN transcodes t ON t.id = s.transcode_id
                   WHERE t.file_id = %s""",
                file["id"],
            )[0]
            read = films.source_bytes(running, file["id"])
        size = film.stat().st_size
    harness.table(
        f"{hours:g} hours of 176x144, {size / 1e6:.0f} MB, chunks of {CHUNK_S} s, 2 cores",
        ("what", "seen", "asked for"),
        [
            ("media playlist, median ms", f"{playlist:.1f}", "<= 50"),
            ("objects, of so many segments", f"{objects} of {segments}", "tens an hour"),
            ("source bytes read over size", f"{read / size:.2f}", "<= 1.15"),
            ("most bytes on the workers' disk, over the largest chunk", f"{disk.peak / 1e6:.1f} MB = {disk.peak / largest:.2f}", "< 2"),
            ("upload to finished, s", f"{took:.0f}", ""),
        ],
    )


if __name__ == "__main__":
    main()
