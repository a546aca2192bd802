"""kill -9 of everything while people upload and films are transcoded; then the books are compared.

STOWAGE_KILLS sets how many (default 60; `make test-long` does 520), STOWAGE_FAULT_SEED the schedule.
"""

import os
import random
import threading
import time

import pytest

from tests.faults.books import balance, settle
from tests.faults.ledger import FilmUploader, PartialUploader, Uploader
from tests.harness import ASSETS, Stack

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
    for name in VICTIMS:
        doomed.wait_ready(name, 90)
    settle(doomed)
    entries = [entry for uploader in uploaders for entry in uploader.entries]
    compared = balance(doomed, entries)
    done = [entry for entry in entries if entry.is_done]
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
