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
