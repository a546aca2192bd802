"""Films and GPUs that come and go, on a machine that has none: the way back to the CPU is what is walked here."""

import asyncio
import contextlib

import httpx
import msgspec
import pytest

from service.core.db import Database
from service.core.settings import load
from service.media.errors import GpuBusy
from service.outbox import repository
from service.outbox.context import JobContext
from service.storage.s3 import S3Store
from tests.gpus import announce, encoders, forget
from tests.harness import ASSETS, ffmpeg, wait_until
from workers.media.chunk import encode_chunk
from workers.media.deps import MediaDeps
from workers.runtime.handlers import MEDIA
from workers.tools.ffmpeg import executable
from workers.tools.gpu import nvml
from workers.tools.gpu.nvml import Device, NoGpu
from workers.tools.gpu.seat import Seat
from workers.tools.range_proxy import RangeProxy

FILM = ASSETS / "bigbuckbunny.mp4"

with contextlib.suppress(NoGpu):
    nvml.devices()
    pytest.skip("This machine has a GPU: test_real_gpu.py is for it.", allow_module_level=True)


def planned(stack, client, project, mode):
    file = client.upload_file(project, FILM, "video/mp4")
    query = "SELECT plan->>'encoder' FROM transcodes WHERE file_id = %s AND state = 'running'"
    (encoder,) = wait_until(lambda: stack.sql(query, file["id"]), 60, 0.1, "a plan")[0]
    assert encoder.startswith(f"{mode}:")
    wait_until(lambda: stack.sql("SELECT 1 FROM jobs WHERE file_id = %s AND queue = 'gpu' AND state = 'queued'", file["id"]), 10, 0.1)
    return file


def test_a_film_does_not_wait_for_a_gpu_that_went_away(stack, client, project):
    announce(stack, "full")
    try:
        file = planned(stack, client, project, "full")
        # Its worker was killed: nothing is heard of it any more.
        announce(stack, "full", "now() - interval '2 minutes'")
        stack.sql("UPDATE jobs SET created_at = now() - interval '2 minutes' WHERE file_id = %s AND queue = 'gpu'", file["id"])
        assert client.processed(file["id"], 120)["preview"]["state"] == "ready"
    finally:
        forget(stack)
    assert encoders(stack, file) == ["full:nvenc-p4-cq23", "x264-veryfast-crf23"]
    assert stack.sql("SELECT DISTINCT state FROM jobs WHERE file_id = %s AND queue = 'gpu'", file["id"]) == [("cancelled",)]


async def run_on(stack, file, seat_mode):
    """Claim the film's chunk as a worker whose GPU was proven in a mode would, and work on it with the real ffmpeg."""
    settings = load(stack.settings_env())
    database, store, proxy = Database(settings.database), S3Store(settings.store), RangeProxy()
    await proxy.start()
    scratch = stack.data_dir / "gpu-scratch"
    seat = Seat(Device(0, "GPU-1", "NVIDIA L4", "570", 24 << 30), None, executable(""), scratch, 2, 0)
    seat.mode, seat.decodes = seat_mode, ("h264",)
    try:
        async with database.statement() as session:
            claimed = await repository.claim(session, "gpu", "far:1:gpu")
        assert claimed is not None
        assert claimed.payload["file_id"] == file["id"]
        context = JobContext(database, claimed)
        job = {kind.tag(): kind for kind, _ in MEDIA}[claimed.tag]
        work = msgspec.convert({**claimed.payload, "type": claimed.tag}, job)
        await encode_chunk(
            work, MediaDeps(database, store, settings.store.derived, proxy, settings.media, scratch, print, "", seat), context
        )
        return seat, context
    finally:
        await store.close()
        await database.close()


def test_a_gpu_that_fails_gives_the_film_to_the_next_lesser_mode(stack, client, project):
    announce(stack, "hybrid")
    try:
        file = planned(stack, client, project, "hybrid")
        seat, context = asyncio.run(run_on(stack, file, "hybrid"))
        # There is no driver: the chunk failed, and so did the proof after it.
        assert seat.mode == "cpu"
        assert "Cannot load libcuda" in seat.reason
        assert context.result["planned_anew"].startswith("hybrid failed")
        assert client.processed(file["id"], 120)["preview"]["state"] == "ready"
    finally:
        forget(stack)
    assert encoders(stack, file) == ["hybrid:x264-veryfast-crf23", "x264-veryfast-crf23"]


def test_a_film_that_no_gpu_here_decodes_is_not_planned_for_one(stack, client, project, tmp_path):
    path = tmp_path / "film.mp4"
    ffmpeg("-i", FILM, "-t", 1, "-vf", "scale=426:240", "-c:v", "libsvtav1", "-preset", 12, "-an", path)
    announce(stack, "full", decodes=("h264", "hevc"))
    try:
        file = client.processed(client.upload_file(project, path, "video/mp4")["id"])
    finally:
        forget(stack)
    assert encoders(stack, file) == ["x264-veryfast-crf23"]


def test_a_lesser_gpu_leaves_a_film_to_better_ones(stack, client, project):
    announce(stack, "full")
    try:
        file = planned(stack, client, project, "full")
        with pytest.raises(GpuBusy) as refusal:
            asyncio.run(run_on(stack, file, "hybrid"))
        assert "full" in refusal.value.internal
    finally:
        forget(stack)
        stack.sql("UPDATE jobs SET state = 'queued', lease_until = NULL WHERE file_id = %s AND queue = 'gpu' RETURNING 1", file["id"])
        stack.sql("UPDATE jobs SET created_at = now() - interval '2 minutes' WHERE file_id = %s AND queue = 'gpu'", file["id"])
    assert client.processed(file["id"], 120)["preview"]["state"] == "ready"


def test_gpus_are_shown_with_their_last_hour_and_to_prometheus(stack, client):
    announce(stack, "hybrid")
    figures = '{"gpu_percent": %s, "encoder_percent": null, "decoder_percent": 60, "power_w": 300.5, "memory_bytes": 3000000000, "slowed_by": ["power limit"], "jobs": {}}'
    try:
        for minutes, percent in ((90, 99), (10, 20), (10, 40), (0, 50)):
            stack.sql(
                "INSERT INTO gpu_samples VALUES ('far:GPU-1', date_trunc('minute', now()) - make_interval(mins => %s) + make_interval(secs => %s), %s::jsonb)",
                minutes,
                percent / 10,
                figures % percent,
            )
        found = client.get("/system/gpus").json()
        text = httpx.get(f"{stack.base}/metrics").text
    finally:
        forget(stack)
    assert found["mode"] == "hybrid"
    (one,) = found["items"]
    assert (one["name"], one["mode"], one["figures"]["gpu_percent"], one["figures"]["slowed_by"]) == (
        "NVIDIA L4",
        "hybrid",
        50,
        ["power limit"],
    )
    assert [minute["gpu_percent"] for minute in one["last_hour"]] == [30, 50], "means by the minute, and nothing older than an hour"
    assert one["last_hour"][0]["encoder_percent"] is None
    assert 'stowage_gpu_decoder_percent{gpu="0",host="far"} 60.0' in text
    assert 'stowage_gpu_mode{gpu="0",host="far",mode="hybrid"} 1.0' in text
    assert "stowage_gpu_encoder_percent{" not in text
    assert client.get("/system/gpus").json()["mode"] == "cpu"


def test_a_machine_without_gpu_says_so(client):
    found = client.get("/system/gpus").json()
    assert (found["mode"], found["items"]) == ("cpu", [])
    assert [one["reason"] for one in found["without"]] == ["There is no NVIDIA driver on this machine."]
