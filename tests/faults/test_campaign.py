"""kill -9 of everything while people upload and films are transcoded; then the books are compared.

STOWAGE_KILLS sets how many (default 60; `make test-long` does 520), STOWAGE_FAULT_SEED the schedule.
"""

import asyncio
import hashlib
import os
import random
import threading
import time

import pytest

from service.core.settings import load
from service.storage.s3 import S3Store
from tests.faults.ledger import FilmUploader, PartialUploader, Uploader
from tests.harness import ASSETS, Stack, wait_until

KILLS = int(os.environ.get("STOWAGE_KILLS", "60"))
SEED = int(os.environ.get("STOWAGE_FAULT_SEED", "1"))
UPLOADERS = 2
# The pieces a person could lose; the store's own processes and Postgres included.
VICTIMS = ("api-1", "api-2", "relay", "scheduler", "worker-io", "worker-cpu", "worker-upkeep", "s3", "postgres", "valkey")
SWIFT_VICTIMS = ("s3-object", "s3-container", "s3-account")


@pytest.fixture
def doomed(tmp_path):
    env = {"STOWAGE_API_WORKERS": "2", "STOWAGE_EMBEDDED_STORE": os.environ.get("STOWAGE_EMBEDDED_STORE", "swift")}
    running = Stack(tmp_path / "data", env).start()
    yield running
    running.stop()


def kill_at_random(stack, chooser, count):
    victims = VICTIMS + (SWIFT_VICTIMS if stack.status()["store"] == "swift" else ())
    tally: dict[str, int] = {}
    deadline = time.monotonic() + count * 4
    while sum(tally.values()) < count and time.monotonic() < deadline:
        name = chooser.choice(victims)
        if stack.kill(name):
            tally[name] = tally.get(name, 0) + 1
        time.sleep(chooser.uniform(0.2, 1.4))
    return tally


def settle(stack):
    """All processes up, all jobs ended, all sweeps done."""
    for name in VICTIMS:
        stack.wait_ready(name, 90)
    wait_until(
        lambda: not stack.sql("SELECT 1 FROM uploads WHERE state IN ('COMPLETING', 'ABORTING') LIMIT 1"),
        120,
        1,
        "the end of every finish and abort",
    )
    wait_until(
        lambda: (
            not stack.sql(
                "SELECT 1 FROM jobs WHERE state IN ('queued', 'running') AND tag NOT LIKE '%%drain%%' AND tag NOT LIKE '%%forget%%' LIMIT 1"
            )
        ),
        420,
        1,
        "the end of every job",
    )
    wait_until(lambda: not stack.sql("SELECT 1 FROM outbox LIMIT 1"), 60, 1, "an empty outbox")
    stack.sql("UPDATE uploads SET sweep_after = now() WHERE sweep_after IS NOT NULL")
    wait_until(
        lambda: not stack.sql("SELECT 1 FROM uploads WHERE sweep_after IS NOT NULL LIMIT 1"), 120, 1, "the last look at every prefix"
    )


def check_objects(stack, entries):
    """Every finished upload read straight from the store; the store's keys are the database's keys."""
    settings = load(stack.settings_env())
    rows = {
        row[0]: row[1:]
        for row in stack.sql("SELECT u.id::text, v.key, v.size_bytes FROM uploads u JOIN file_versions v ON v.id = u.version_id")
    }

    async def compare():
        store = S3Store(settings.store)
        compared = 0
        for entry in entries:
            if not entry.is_done:
                continue
            key, size = rows[entry.url.rpartition("/")[2]]
            digest, count = hashlib.sha256(), 0
            async for chunk in store.read(settings.store.originals, key):
                digest.update(chunk)
                count += len(chunk)
            assert (count, size, digest.hexdigest()) == (entry.size, entry.size, entry.digest), entry
            compared += count
        known = {row[0] for row in stack.sql("SELECT key FROM file_versions")}
        listed = [key for prefix in ("o/", "t/") async for key in store.list_keys(settings.store.originals, prefix)]
        # A listing may lag behind on the embedded store: HEAD decides.
        orphans = [key for key in listed if key not in known and await store.head(settings.store.originals, key) is not None]
        missing = [key for key in known if await store.head(settings.store.originals, key) is None]
        uploads = (await store._control("list_multipart_uploads", Bucket=settings.store.originals)).get("Uploads", [])
        # Killed at the wrong moment, the embedded Swift lists for ever what it has forgotten: ListParts decides, and a version's
        # own parts are no leftover.
        uploads = [
            (upload["Key"], upload["UploadId"])
            for upload in uploads
            if upload["Key"] not in known and await store.has_parts(settings.store.originals, upload["Key"], upload["UploadId"])
        ]
        await store.close()
        return compared, orphans, missing, uploads

    return asyncio.run(compare())


def test_the_ledger_balances_after_a_campaign_of_kills(doomed, capsys):
    chooser = random.Random(SEED)
    with doomed.client() as client:
        project = client.project("Under fire")
    stop = threading.Event()
    uploaders = [Uploader(doomed, project, SEED * 100 + number, stop) for number in range(UPLOADERS)]
    uploaders.append(PartialUploader(doomed, project, SEED * 100 + UPLOADERS, stop))
    uploaders.append(FilmUploader(doomed, project, SEED * 100 + UPLOADERS + 1, stop, ASSETS / "bigbuckbunny.mp4"))
    for uploader in uploaders:
        uploader.start()
    began = time.monotonic()
    tally = kill_at_random(doomed, chooser, KILLS)
    stop.set()
    assert sum(tally.values()) == KILLS, tally
    for uploader in uploaders:
        uploader.join(300)
        assert not uploader.is_alive()
    settle(doomed)
    entries = [entry for uploader in uploaders for entry in uploader.entries]
    problems = [(entry.url, entry.problems) for entry in entries if entry.problems]
    assert problems == []
    assert doomed.sql("SELECT count(*) FROM uploads WHERE state = 'LOST'") == [(0,)]
    compared, orphans, missing, multiparts = check_objects(doomed, entries)
    assert (orphans, missing, multiparts) == ([], [], [])
    reserved, used = doomed.sql("SELECT reserved_bytes, used_bytes FROM quota_slots WHERE owner_id = %s", project)[0]
    assert used == doomed.sql("SELECT coalesce(sum(size_bytes), 0) FROM file_versions")[0][0]
    assert reserved == doomed.sql("SELECT coalesce(sum(reserved_bytes), 0) FROM uploads")[0][0]
    done = [entry for entry in entries if entry.is_done]
    assert doomed.sql("SELECT count(*) FROM uploads WHERE state = 'COMPLETE' AND version_id IS NOT NULL")[0][0] == len(done)
    assert doomed.sql("SELECT upload_id FROM upload_parts p JOIN uploads u ON u.id = p.upload_id WHERE u.state = 'OPEN' LIMIT 1") == []
    failed = doomed.sql("SELECT tag, error FROM jobs WHERE state = 'failed'")
    # A job may be given up for one reason only: its worker was killed under it as often as it has attempts.
    assert all("worker stopped in the middle (attempt 5 of 5)" in error for _, error in failed), failed
    films = [entry for entry in done if entry.path]
    with doomed.client() as client:
        previews = [client.processed(client.file_of(entry.url)["id"], 240)["preview"]["state"] for entry in films]
        assert set(previews) <= {"ready", "failed"}, previews
        assert previews.count("failed") <= len(failed), (previews, failed)
        after = client.upload_file(project, ASSETS / "bigbuckbunny.mp4", "video/mp4", "after.mp4")
        assert client.processed(after["id"], 240)["preview"]["state"] == "ready"
    with capsys.disabled():
        print(
            f"\nledger: {sum(tally.values())} kills {dict(sorted(tally.items()))} in {time.monotonic() - began:.0f} s; {len(done)} files, {compared / 1e6:.0f} MB compared, "
            f"{sum(entry.is_deleted for entry in entries)} deleted; {sum(uploader.requests for uploader in uploaders)} requests of which {sum(uploader.failures for uploader in uploaders)} failed; "
            f"0 lost bytes, 0 orphans, quota exact; {previews.count('ready')} of {len(films)} films under fire ready, one after it too; {len(failed)} jobs given up"
        )
