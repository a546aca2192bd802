"""What the sweep must never do, on the real store."""

import os

import pytest

from service.core.db import Database
from service.core.settings import load
from service.storage.s3 import S3Store
from service.uploads.finish import Finisher
from service.uploads.models import Upload
from service.uploads.upkeep.sweep import Sweeper

MIB = 1 << 20


@pytest.fixture
def settings(stack):
    return load(stack.settings_env())


async def test_a_completed_upload_that_the_store_still_lists_is_not_aborted(stack, client, project, settings):
    """As the embedded Swift has it when it is killed between making the object and forgetting the upload."""
    body = os.urandom(21 * MIB)
    url = client.create(project, len(body), filename="listed.bin").headers["location"]
    assert client.append(url, 0, body[: 6 * MIB]).status_code == 204
    assert client.append(url, 6 * MIB, body[6 * MIB :]).status_code == 204
    aborted = []

    class StillListing(S3Store):
        async def open_multiparts(self, bucket, key):
            return [upload.s3_upload_id] if key == upload.key else await super().open_multiparts(bucket, key)

        async def abort_multipart(self, bucket, key, upload_id):
            aborted.append(key)
            await super().abort_multipart(bucket, key, upload_id)

    database, store = Database(settings.database), StillListing(settings.store)
    async with database.read() as session:
        upload = await session.get(Upload, url.rpartition("/")[2])
    assert upload.s3_upload_id
    await Sweeper(Finisher(database, store, settings.store.originals), store).clear(upload)
    await store.close()
    await database.close()
    assert upload.key not in aborted
    assert store.calls["complete_multipart_upload"] == 1
    assert client.content(client.file_of(url)["id"]) == body


async def test_an_upload_that_was_claimed_after_the_sweep_saw_it_is_not_aborted(stack, client, project, settings):
    """The sweep finds an upload whose bytes are all there and that nobody holds; before it gets to it, somebody finishes it."""
    database, store = Database(settings.database), S3Store(settings.store)
    url = client.create(project, 10, filename="claimed.bin").headers["location"]
    upload_id = url.rpartition("/")[2]
    # As between the last commit of the bytes and the finish, held by the process that is at it.
    stack.sql("UPDATE uploads SET length_bytes = 0, lease_until = now() + interval '30 seconds' WHERE id = %s RETURNING id", upload_id)
    sweeper = Sweeper(Finisher(database, store, settings.store.originals), store)
    await sweeper._expire_or_finish(upload_id)
    assert stack.sql("SELECT state FROM uploads WHERE id = %s", upload_id) == [("OPEN",)]
    stack.sql("UPDATE uploads SET length_bytes = 10, lease_until = NULL, expires_at = now() WHERE id = %s RETURNING id", upload_id)
    await sweeper._expire_or_finish(upload_id)
    assert stack.sql("SELECT state FROM uploads WHERE id = %s", upload_id) == [("ABORTED",)]
    await store.close()
    await database.close()
