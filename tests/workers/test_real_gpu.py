"""Films on a GPU that is really there; skipped where there is none. What needs none to be tested is in test_gpus.py."""

import ctypes
from contextlib import contextmanager

import pytest
from PIL import ImageChops, ImageStat

from tests.gpus import encoders
from tests.harness import ffmpeg, wait_until
from tests.workers.test_films import film_of, frames_of, played
from workers.tools.gpu import nvml
from workers.tools.gpu.nvml import NoGpu

try:
    nvml.devices()
except NoGpu as missing:
    pytest.skip(str(missing), allow_module_level=True)

MOVING = ("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=20")
TONE = ("-f", "lavfi", "-i", "sine=440:d=20")
# The first frames of the second and third chunk: 6 and 18 s.
JOINS = (150, 450)
AROUND = 2
# By what their plan calls the decoder.
KINDS = {
    "h264": ("h264.mkv", "-c:v", "libx264", "-g", 130, "-pix_fmt", "yuv420p", "-c:a", "aac"),
    "hevc": ("hevc.mp4", "-c:v", "libx265", "-pix_fmt", "yuv420p", "-x265-params", "log-level=none", "-c:a", "aac"),
    "hevc-10": ("ten.mp4", "-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", "log-level=none", "-c:a", "aac"),
    "vp8": ("vp8.webm", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", 8, "-b:v", "4M", "-c:a", "libopus"),
    "vp9": ("vp9.webm", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", 8, "-b:v", "4M", "-c:a", "libopus"),
    "av1": ("av1.mp4", "-c:v", "libsvtav1", "-preset", 12, "-crf", 25, "-c:a", "aac"),
    "mpeg2video": ("mpeg2.ts", "-c:v", "mpeg2video", "-q:v", 2, "-c:a", "mp2"),
    "mpeg4": ("mpeg4.mkv", "-c:v", "mpeg4", "-q:v", 2, "-c:a", "libmp3lame"),
}  # fmt: skip


def gpu_of(client):
    (one,) = client.get("/system/gpus").json()["items"]
    return one


@pytest.fixture
def gpu(client):
    """The GPU as this stack's worker has proven it."""
    found = wait_until(lambda: gpu_of(client), 60, 0.5, "a worker with a GPU")
    if found["mode"] == "cpu":
        pytest.skip(found["reason"])
    return found


def modes(stack, file):
    """Modes that this film's chunks were made in."""
    rows = stack.sql("SELECT DISTINCT result ->> 'mode' FROM jobs WHERE file_id = %s AND result ? 'mode' AND state = 'done'", file["id"])
    return {row[0] for row in rows}


def source_frames(path):
    import av

    with av.open(str(path)) as container:
        yield from container.decode(video=0)


def grey(frames):
    """In luma, all of one size."""
    return [frame.reformat(320, 180, format="gray").to_image().convert("L") for frame in frames]


def apart(one, other):
    """Mean squared difference."""
    (rms,) = ImageStat.Stat(ImageChops.difference(one, other)).rms
    return rms**2


@pytest.mark.parametrize("decoder", KINDS)
def test_a_film_is_made_there_frame_by_frame(stack, client, project, tmp_path, gpu, decoder):
    name, *how = KINDS[decoder]
    path = tmp_path / name
    ffmpeg(*MOVING, *TONE, *how, path)
    file = played(client, project, path)
    assert modes(stack, file) == {gpu["mode"] if decoder in gpu["decodes"] else "cpu"}
    assert len(encoders(stack, file)) == 1, "it was planned for what there is"
    film = film_of(stack, client, file)
    assert film.check() == []
    seen, meant = grey(frames_of(film, film.variants[-1][1])), grey(source_frames(path))
    assert abs(len(seen) - len(meant)) <= 1
    for join in JOINS:
        for number in range(join - AROUND, join + AROUND):
            own = apart(seen[number], meant[number])
            assert own < 65, "28 dB"
            assert own < min(apart(seen[number], meant[number - 1]), apart(seen[number], meant[number + 1])), "it is another frame"


@contextmanager
def occupied():
    """All of the first GPU's memory, as another program would have it (CUDA driver API)."""
    cuda = ctypes.CDLL("libcuda.so.1")
    device, context, pointer = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_uint64()
    assert cuda.cuInit(0) == 0
    assert cuda.cuDeviceGet(ctypes.byref(device), 0) == 0
    assert cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), device) == 0
    assert cuda.cuCtxSetCurrent(context) == 0
    try:
        for size in (1 << 30, 64 << 20, 2 << 20):
            for _ in range(300):
                if cuda.cuMemAlloc_v2(ctypes.byref(pointer), ctypes.c_size_t(size)) != 0:
                    break
        yield
    finally:
        assert cuda.cuDevicePrimaryCtxRelease_v2(device) == 0


def test_a_gpu_whose_memory_another_program_took_gives_films_to_the_cpu(stack, client, project, tmp_path, gpu):
    path = tmp_path / "film.mkv"
    ffmpeg(*MOVING, *TONE, *KINDS["h264"][1:], path)
    with occupied():
        file = played(client, project, path)
        found = wait_until(lambda: (one := gpu_of(client))["mode"] == "cpu" and one, 60, 0.5, "a lesser mode")
    assert encoders(stack, file) == [f"{gpu['mode']}:x264-veryfast-crf23", "x264-veryfast-crf23"]
    assert modes(stack, file) == {"cpu"}, "never two modes in one film"
    assert "out of memory" in found["reason"].lower()
    assert client.get("/system/gpus").json()["mode"] == "cpu"
    # Proven again at its start.
    stack.kill("worker-gpu-0")
    wait_until(lambda: any(one["mode"] == gpu["mode"] for one in client.get("/system/gpus").json()["items"]), 60, 0.5, "the GPU's return")


def test_what_runs_there_is_shown_with_its_share(stack, client, project, tmp_path, gpu):
    path = tmp_path / "long.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30:d=60", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b:v", "8M", path.with_suffix(".once.mkv"))  # fmt: skip
    ffmpeg("-stream_loop", 5, "-i", path.with_suffix(".once.mkv"), "-c", "copy", path)
    file = client.upload_file(project, path, "video/x-matroska")

    def share():
        found = next((one for one in client.get("/system/gpus").json()["items"] if one["uuid"] == gpu["uuid"]), {"jobs": []})
        return [found for job in found["jobs"] if job["file_id"] == file["id"] and job["decoder_percent"] is not None]

    (found, *_) = wait_until(share, 240, 0.5, "a job's share of the GPU")
    assert found["figures"]["decoder_percent"] > 0
    assert found["figures"]["memory_bytes"] > 100_000_000
    assert any(job["decoder_percent"] > 0 for job in found["jobs"]), found["jobs"]
    assert client.processed(file["id"], 240)["preview"]["state"] == "ready"
    minutes = next(one for one in client.get("/system/gpus").json()["items"] if one["uuid"] == gpu["uuid"])["last_hour"]
    assert any(minute["decoder_percent"] for minute in minutes)


def test_films_that_gpus_are_not_asked_for_are_made_beside_it(stack, client, project, tmp_path, gpu):
    path = tmp_path / "interlaced.ts"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=720x576:r=50:d=3", "-vf", "tinterlace=interleave_top", "-c:v", "mpeg2video", "-b:v", "6M", "-flags", "+ilme+ildct", path)  # fmt: skip
    file = played(client, project, path)
    assert modes(stack, file) == {"cpu"}
