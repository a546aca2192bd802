"""What a film costs: our CPU-seconds over one bare ffmpeg of the same ladder, bytes read of the source, objects, playlists.

`python bench/films.py [--minutes 5] [--mbits 8]`; 720p at 25 fps made of the real sample, H.264 with sparse keyframes, so that nothing is only
copied, at the rate of a camera.
"""

import argparse
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import harness
import httpx
import imageio_ffmpeg

from service.media.facts import SourceFacts
from service.media.planning import make_plan
from tests.harness import ASSETS

PATIENCE_S = 3_600
PLAYLISTS = 20


def make_film(folder: Path, minutes: float, mbits: float) -> Path:
    tool, once, film = imageio_ffmpeg.get_ffmpeg_exe(), folder / "once.mp4", folder / "film.mp4"
    rate = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "250", "-b:v", f"{mbits}M", "-maxrate", f"{mbits}M", "-bufsize", f"{mbits}M", "-x264-params", "nal-hrd=cbr"]  # fmt: skip
    subprocess.run([tool, "-v", "error", "-y", "-i", str(ASSETS / "bigbuckbunny.mp4"), *rate, "-c:a", "copy", str(once)], check=True)
    repeat = ["-stream_loop", str(int(minutes * 60 / 5.28)), "-i", str(once), "-c", "copy"]
    subprocess.run([tool, "-v", "error", "-y", *repeat, str(film)], check=True)
    return film


def bare_cpu_s(film: Path, folder: Path, duration_s: float, mbits: float) -> float:
    """CPU-seconds of one ffmpeg that makes the same renditions and sound, without chunks."""
    facts = SourceFacts(kind="video", duration_s=duration_s, width=1280, height=720, rate_num=25, bit_rate=int(mbits * 1_000_000))
    plan = make_plan(facts, ffmpeg="bare", encoder="x264", chunk_s=60)
    labels = "".join(f"[v{number}]" for number in range(len(plan.rungs)))
    graph = [f"[0:v]fps=25,split={len(plan.rungs)}{labels}"]
    graph += [f"[v{number}]scale={rung.width}:{rung.height}[o{number}]" for number, rung in enumerate(plan.rungs)]
    outputs = []
    for number, rung in enumerate(plan.rungs):
        encode = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-maxrate", f"{rung.kbits}k", "-bufsize", f"{2 * rung.kbits}k"]
        keys = ["-x264-params", f"scenecut=0:open_gop=0:keyint={plan.gop_frames}:min-keyint={plan.gop_frames}"]
        outputs += ["-map", f"[o{number}]", *encode, *keys, str(folder / f"{rung.name}.mp4")]
    sound = ["-map", "0:a:0", "-c:a", "aac", "-b:a", "128k", "-ac", "2", str(folder / "sound.m4a")]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(film), "-filter_complex", ";".join(graph), *outputs, *sound]
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def workers_cpu_s(running) -> float:
    """CPU-seconds of the worker processes and their children."""
    return sum(harness.cpu_seconds(running.pid(name), with_children=True) for name in ("worker-cpu", "worker-io"))


def playlist_ms(running, client, file, rung: str = "240") -> float:
    """Median time of a media playlist with its signed addresses."""
    url = client.post(f"/files/{file['id']}/playback").json()["master_url"].replace("master.m3u8", f"{rung}.m3u8")
    times = []
    for _ in range(PLAYLISTS):
        began = time.perf_counter()
        httpx.get(f"{running.base}{url}").raise_for_status()
        times.append((time.perf_counter() - began) * 1_000)
    return statistics.median(times)


def source_bytes(running, file_id: str, tag: str = "") -> int:
    """What jobs whose tag begins so have read of a film."""
    query = "SELECT coalesce(sum((result ->> 'read_bytes')::bigint), 0) FROM jobs WHERE file_id = %s AND starts_with(tag, %s)"
    return int(running.sql(query, file_id, tag)[0][0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--mbits", type=float, default=8)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = make_film(folder, arguments.minutes, arguments.mbits)
        with harness.stack() as running, running.client() as client:
            project = client.project("Bench")
            before, began = workers_cpu_s(running), time.perf_counter()
            file = client.upload_file(project, film, "video/mp4")
            found = client.processed(file["id"], PATIENCE_S)
            assert found["preview"]["state"] == "ready", found["preview"]
            took, ours = time.perf_counter() - began, workers_cpu_s(running) - before
            read, chunks = source_bytes(running, file["id"]), source_bytes(running, file["id"], "media.encode")
            objects = running.sql("SELECT count(*) FROM hls_segments s JOIN transcodes t ON t.id = s.transcode_id WHERE t.file_id = %s", file["id"])[0][0]  # fmt: skip
            playlist = playlist_ms(running, client, file)
        bare = bare_cpu_s(film, folder, found["preview"]["duration_s"], arguments.mbits)
        size = film.stat().st_size
    harness.table(
        f"{arguments.minutes:g} min of 720p at {arguments.mbits:g} Mbit/s, four rungs, 2 cores",
        ("what", "seen", "asked for"),
        [
            ("CPU-seconds, ours over a bare ffmpeg", f"{ours:.0f} / {bare:.0f} = {ours / bare:.2f}", "<= 1.10"),
            ("source bytes read over size, chunks alone", f"{chunks / size:.2f}", ""),
            ("source bytes read over size, all", f"{read / size:.2f}", "<= 1.15"),
            ("upload to finished, s", f"{took:.0f}", ""),
            ("objects of the film", str(objects), "tens"),
            ("media playlist, median ms", f"{playlist:.1f}", "<= 50"),
        ],
    )


if __name__ == "__main__":
    main()
