"""Outbox → relay → tickets → claim: nothing is lost, a poison job ends, and it takes nothing else down."""

import json
import os
import time

from service.core.ids import new_id
from tests.harness import ASSETS, wait_until

FILM = ASSETS / "bigbuckbunny.mp4"


def jobs_of(stack, file_id):
    return stack.sql("SELECT tag, state, attempt, error FROM jobs WHERE file_id = %s ORDER BY id", file_id)


def long_film(tmp_path, seconds=60):
    import subprocess

    import imageio_ffmpeg

    target = tmp_path / f"long-{seconds}.mp4"
    subprocess.run(
        [
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-v",
            "error",
            "-y",
            "-stream_loop",
            str(int(seconds / 5.3)),
            "-i",
            str(FILM),
            "-c",
            "copy",
            str(target),
        ],
        check=True,
    )
    return target


def test_a_killed_workers_job_is_taken_again_within_45_seconds(stack, client, project, tmp_path):
    file = client.upload_file(project, long_film(tmp_path), "video/mp4")
    running = wait_until(
        lambda: stack.sql("SELECT id FROM jobs WHERE file_id = %s AND queue = 'cpu' AND state = 'running'", file["id"]),
        60,
        0.1,
        "an encode",
    )
    job = running[0][0]
    assert stack.kill("worker-cpu")
    killed_at = time.monotonic()
    wait_until(
        lambda: stack.sql("SELECT 1 FROM jobs WHERE id = %s AND attempt >= 2 AND state IN ('running', 'done')", job),
        50,
        0.2,
        "the second attempt",
    )
    assert time.monotonic() - killed_at < 45
    assert client.processed(file["id"], 240)["preview"]["state"] == "ready"


def test_a_flushed_redis_loses_nothing(stack, client, project):
    import redis

    url = (stack.data_dir / "secrets" / "stowage_redis_url").read_text().strip()
    files = []
    for number in range(3):
        files.append(client.upload_file(project, FILM, "video/mp4", f"f{number}.mp4"))
        redis.Redis.from_url(url).flushall()
    for file in files:
        assert client.processed(file["id"], 180)["preview"]["state"] == "ready"


def test_a_job_that_kills_its_worker_every_time_ends_failed_with_the_reason(stack, client, project):
    """The lease of a job nobody heartbeats runs out as if its worker had died; attempts are counted before the work."""
    file = client.file_of(client.upload(project, b"x", filename="victim.bin"))
    job = new_id()
    payload = json.dumps({"file_id": file["id"], "version_id": file["version_id"]})
    stack.sql(
        "INSERT INTO jobs (id, tag, queue, payload, max_attempts, attempt, fence, state, lease_until, file_id) VALUES (%s, 'media.probe', 'io', %s, 3, 3, 3, 'running', now() - interval '1 second', %s)",
        job, payload, file["id"],
    )  # fmt: skip
    state, error = wait_until(
        lambda: stack.sql("SELECT state, error FROM jobs WHERE id = %s AND state = 'failed'", job), 30, 0.3, "the end of its attempts"
    )[0]
    assert state == "failed"
    assert "3 of 3" in error
    preview = wait_until(
        lambda: p if (p := client.get(f"/files/{file['id']}").json()["preview"])["state"] == "failed" else None,
        20,
        0.3,
        "the word to the file",
    )
    assert "worker stopped" in preview["reason"]


def test_an_unknown_subscriber_failure_parks_its_row_and_not_the_queue(stack, client, project):
    row = new_id()
    stack.sql("INSERT INTO outbox (id, kind, tag, payload, attempts) VALUES (%s, 'event', 'files.stored', '{\"nonsense\": true}', 7)", row)
    wait_until(lambda: stack.sql("SELECT 1 FROM outbox WHERE id = %s AND parked_at IS NOT NULL", row), 20, 0.2, "parking")
    file = client.file_of(client.upload(project, os.urandom(100), filename="after.png"))
    done = wait_until(
        lambda: stack.sql("SELECT 1 FROM jobs WHERE file_id = %s AND finished_at IS NOT NULL", file["id"]),
        30,
        0.2,
        "work behind the parked row",
    )
    assert done == [(1,)]
    stack.sql("DELETE FROM outbox WHERE id = %s", row)


def test_relay_and_scheduler_killed_in_the_middle_are_made_good(stack, client, project):
    stack.kill("relay")
    file = client.upload_file(project, FILM, "video/mp4")
    stack.kill("scheduler")
    stack.kill("worker-io")
    assert client.processed(file["id"], 180)["preview"]["state"] == "ready"
