"""A chunk on this machine's GPU and without it: `python bench/gpus.py [--seconds 60] [--at-once 1 4 8]`.

The same command lines as a worker's, in its sandbox, on films made here; CPU-seconds, wall clock, what NVML saw meanwhile, and how alike the
results are. Prints why where there is no GPU.
"""

import argparse
import asyncio
import re
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator
from fractions import Fraction
from pathlib import Path
from typing import Any

import harness
import imageio_ffmpeg

from workers.tools.confine import Access
from workers.tools.ffmpeg import cores
from workers.tools.ffmpeg_chunk import CPU, Cut, Size, video_chunk
from workers.tools.gpu import nvml
from workers.tools.gpu.nvml import NoGpu
from workers.tools.gpu.seat import Seat
from workers.tools.limits import Limits
from workers.tools.range_proxy import RangeProxy
from workers.tools.runner import run_ffmpeg

TOOL = imageio_ffmpeg.get_ffmpeg_exe()
RATE, GOP = Fraction(30), 60
LADDER = (Size("1080", 1920, 1080, 5_000), Size("720", 1280, 720, 2_800), Size("480", 854, 480, 1_400), Size("240", 426, 240, 400))
FILMS = {
    "1080p H.264, 8 Mbit/s": ("1920x1080", ["-c:v", "libx264", "-preset", "veryfast", "-b:v", "8M"]),
    "2160p HEVC 10 bits, 20 Mbit/s": ("3840x2160", ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p10le", "-b:v", "20M"]),
}  # fmt: skip
LIMITS = Limits(memory_bytes=8 << 30, cpu_s=3_600, wall_s=600)


def make_film(folder: Path, number: int, seconds: int) -> Path:
    """Detailed and moving, with the noise of a camera."""
    size, encode = list(FILMS.values())[number]
    once, film = folder / f"once{number}.mp4", folder / f"film{number}.mp4"
    picture = ["-f", "lavfi", "-i", f"testsrc2=s={size}:r=30:d=5,noise=alls=8:allf=t,format=yuv420p"]
    subprocess.run([TOOL, "-v", "error", "-y", *picture, *encode, str(once)], check=True)
    subprocess.run([TOOL, "-v", "error", "-y", "-stream_loop", str(seconds // 5), "-i", str(once), "-c", "copy", str(film)], check=True)
    return film


def reader(film: Path):
    """What a worker's proxy reads of the store."""

    async def read(start: int, end: int) -> AsyncGenerator[bytes]:
        with film.open("rb") as source:
            source.seek(start)
            while start < end and (piece := source.read(min(end - start, 1 << 20))):
                start += len(piece)
                yield piece

    return read


async def encode(proxy: RangeProxy, film: Path, folder: Path, mode: str, seat: Seat, seconds: int) -> None:
    """One chunk with all its rungs. Raises ChildFailed."""
    for size in LADDER:
        (folder / size.name).mkdir(parents=True)
    if mode != CPU:
        seat.lend_kernels(folder)
    async with proxy.source(film, reader(film), film.stat().st_size) as served:
        cut = Cut(RATE, 0, int(seconds * RATE), GOP, 3 * GOP)
        argv = video_chunk(
            TOOL,
            served.url,
            str(folder),
            mode=mode,
            cut=cut,
            sizes=LADDER,
            stills=None,
            sounds={},
            is_interlaced=False,
            transfer="",
            matrix="bt709",
            seek_s=0,
            threads=cores(),
        )
        await run_ffmpeg(argv, LIMITS, Access(folder, served.port, seat.device.uuid if mode != CPU else ""))


async def watch(seen: list[dict[str, Any]]) -> None:
    while True:
        seen.append(await asyncio.to_thread(nvml.sample, 0))
        await asyncio.sleep(0.5)


async def measure(
    proxy: RangeProxy, film: Path, folder: Path, mode: str, seat: Seat, seconds: int, at_once: int
) -> tuple[float, float, int]:
    """Wall clock and CPU-seconds of a chunk, where so many are made at once, and the decoder's median load in percent."""
    seen: list[dict[str, Any]] = []
    watching = asyncio.create_task(watch(seen))
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(at_once):
                group.create_task(encode(proxy, film, folder / f"{mode}-{at_once}-{number}", mode, seat, seconds))
    finally:
        watching.cancel()
    after, took = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    loads = [figures["decoder_percent"] or 0 for figures in seen if figures]
    return took / at_once, cpu_s / at_once, int(statistics.median(loads)) if loads else 0


def likeness(one: Path, other: Path) -> float:
    """PSNR of two renditions of a rung, in dB."""
    graph = ["-lavfi", "[0:v][1:v]psnr", "-f", "null", "-"]
    command = [TOOL, "-nostdin", "-i", str(one / "v.m3u8"), "-i", str(other / "v.m3u8"), *graph]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return float(re.findall(r"average:([\d.]+|inf)", said)[-1])


async def compare(seconds: int, at_once: list[int], seat: Seat) -> list[tuple[str, ...]]:
    proxy = RangeProxy()
    await proxy.start()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for number, film_name in enumerate(FILMS):
            folder = Path(name) / str(number)
            folder.mkdir()
            film = make_film(folder, number, seconds)
            for count in at_once:
                wall_cpu, cpu_cpu, _ = await measure(proxy, film, folder, CPU, seat, seconds, count)
                wall, cpu, load = await measure(proxy, film, folder, seat.mode, seat, seconds, count)
                rows.append(
                    (
                        film_name,
                        str(count),
                        f"{wall_cpu:.1f} / {wall:.1f} = {wall_cpu / wall:.2f}",
                        f"{cpu_cpu:.1f} / {cpu:.1f} = {cpu_cpu / cpu:.2f}",
                        f"{load}",
                    )
                )
            psnr = likeness(folder / f"{CPU}-{at_once[0]}-0" / "240", folder / f"{seat.mode}-{at_once[0]}-0" / "240")
            rows.append((film_name, "PSNR of the 240 rung, dB", f"{psnr:.1f}", "", ""))
    await proxy.close()
    return rows


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 4])
    arguments = parser.parse_args()
    try:
        device = nvml.devices()[0]
    except NoGpu as error:
        print(error)
        return
    with tempfile.TemporaryDirectory() as folder:
        seat = Seat(device, None, TOOL, Path(folder), cores(), 0)
        began = time.perf_counter()
        await seat.prove()
        print(f"{device.name}, driver {device.driver}, {device.memory_bytes / 1e9:.0f} GB: {seat.mode}. {seat.reason}")
        print(f"decodes {', '.join(seat.decodes) or 'nothing'}; tried in {time.perf_counter() - began:.1f} s")
        if seat.mode == CPU:
            return
        harness.table(
            f"a chunk of {arguments.seconds} s, four rungs, {cores()} cores: without the GPU over with it ({seat.mode})",
            ("film", "chunks at once", "seconds a chunk", "CPU-seconds a chunk", "decoder %"),
            await compare(arguments.seconds, arguments.at_once, seat),
        )


if __name__ == "__main__":
    asyncio.run(main())
