"""The daily comparison of the store's keys with the rows."""

import asyncio

import pytest

from service.core.db import Database
from service.core.ids import new_id
from service.core.settings import load
from service.storage.s3 import S3Store
from service.uploads.upkeep.scan import Scan
from tests.harness import wait_until


@pytest.fixture
def scanned(stack):
    """Run coroutines of (database, store, bucket) against the running stack."""
    settings = load(stack.settings_env())

    def run(work):
        async def whole():
            database, store = Database(settings.database), S3Store(settings.store)
            try:
                return await work(database, store, settings.store.originals)
            finally:
                await store.close()
                await database.close()

        return asyncio.run(whole())

    return run


def key_of(stack, url):
    return stack.sql("SELECT v.key FROM uploads u JOIN file_versions v ON v.id = u.version_id WHERE u.id = %s", url.rpartition("/")[2])[0][
        0
    ]


def test_a_scan_finds_leftovers_strays_and_missing_objects_and_nothing_else(stack, client, project, scanned):
    whole = client.upload(project, b"kept" * 1000, filename="whole.bin")
    lost = client.upload(project, b"lost" * 1000, filename="lost.bin")
    unfinished = client.create(project, 10_000, filename="open.bin").headers["location"]
    client.append(unfinished, 0, b"x" * 5_000)
    leftover = key_of(stack, whole).rpartition("/")[0] + "/99"
    stray = f"o/{new_id()}/1"

    async def plant_and_scan(database, store, bucket):
        await store.put(bucket, leftover, b"of a zombie")
        await store.put(bucket, stray, b"of nobody we know")
        await store.delete(bucket, [key_of(stack, lost)])
        return await Scan(database, store, bucket).run()

    found = scanned(plant_and_scan)
    assert (found.leftovers, found.strays, found.missing) == ([leftover], [stray], [key_of(stack, lost)])
    assert found.keys >= 3

    async def look(_, store, bucket):
        return await store.head(bucket, leftover), await store.head(bucket, stray)

    wait_until(lambda: scanned(look)[0] is None, 40, 1, "the sweep of the leftover")
    assert scanned(look)[1] is not None
    assert client.content(client.file_of(whole)["id"]) == b"kept" * 1000
    assert client.append(unfinished, 5_000, b"y" * 5_000).status_code == 204

    async def clear(_, store, bucket):
        await store.delete(bucket, [stray])

    scanned(clear)
    file = client.file_of(lost)["id"]
    assert client.delete(f"/files/{file}").status_code == 204
    assert client.delete(f"/files/{file}", params={"purge": "1"}).status_code == 204


def test_a_scan_runs_by_itself_once_a_day(stack):
    # Those that people asked for, in other tests, are in the access log.
    by_itself = """SELECT state FROM jobs WHERE tag = 'uploads.scan_store'
                   AND id NOT IN (SELECT object_id FROM access_log WHERE verb = 'system.task')"""
    runs = wait_until(lambda: stack.sql(by_itself), 30, 0.5, "the first scan")
    assert len(runs) == 1
