"""What the upload protocol leans on, asked of the store that is running (embedded Swift or MinIO)."""

import os

import pytest
import pytest_asyncio

from infra.bootstrap.probe import StoreUnfit, probe_store
from service.core.settings import load
from service.storage.checksums import crc64nvme, multipart_etag
from service.storage.port import ObjectMissing, Part, PartsRefused, StoreDown, UploadGone
from service.storage.s3 import S3Store

MIN = 5 << 20


@pytest_asyncio.fixture(loop_scope="session")
async def store(stack):
    made = S3Store(load(stack.settings_env()).store)
    yield made
    await made.close()


@pytest.fixture
def bucket(stack):
    return "stowage-originals"


@pytest.fixture
def key():
    return f"test/{os.urandom(8).hex()}"


async def read(store, bucket, key, start=0, end=None):
    return b"".join([chunk async for chunk in store.read(bucket, key, start, end)])


async def test_put_head_read_delete(store, bucket, key):
    body = os.urandom(3 << 20)
    etag = await store.put(bucket, key, body)
    facts = await store.head(bucket, key)
    assert (facts.size_bytes, facts.etag) == (len(body), etag)
    assert await read(store, bucket, key) == body
    assert await read(store, bucket, key, 100, 1000) == body[100:1000]
    await store.delete(bucket, [key, key + "-never"])
    assert await store.head(bucket, key) is None
    with pytest.raises(ObjectMissing):
        await read(store, bucket, key)


async def test_an_empty_object(store, bucket, key):
    await store.put(bucket, key, b"")
    assert (await store.head(bucket, key)).size_bytes == 0


async def test_gaps_in_part_numbers_and_the_etag_we_compute(store, bucket, key):
    upload = await store.create_multipart(bucket, key)
    bodies = {3: b"a" * MIN, 7: b"b" * MIN, 10_000: b"z"}
    etags = {number: await store.put_part(bucket, key, upload, number, body) for number, body in bodies.items()}
    etag = await store.complete_multipart(bucket, key, upload, [Part(number, etags[number]) for number in bodies])
    assert etag == multipart_etag(list(etags.values()))
    assert await read(store, bucket, key) == b"".join(bodies.values())
    assert (await store.head(bucket, key)).etag == etag


async def test_the_same_bytes_under_the_same_number_give_the_same_etag(store, bucket, key):
    upload = await store.create_multipart(bucket, key)
    first = await store.put_part(bucket, key, upload, 1, b"a" * MIN)
    assert await store.put_part(bucket, key, upload, 1, b"a" * MIN) == first
    await store.abort_multipart(bucket, key, upload)


async def test_parts_not_named_at_complete_are_dropped(store, bucket, key):
    upload = await store.create_multipart(bucket, key)
    etags = [await store.put_part(bucket, key, upload, number, bytes([number]) * MIN) for number in (1, 2, 3)]
    await store.complete_multipart(bucket, key, upload, [Part(1, etags[0]), Part(3, etags[2])])
    assert (await store.head(bucket, key)).size_bytes == 2 * MIN


async def test_complete_refuses_wrong_etags_and_small_parts(store, bucket, key):
    upload = await store.create_multipart(bucket, key)
    etag = await store.put_part(bucket, key, upload, 1, b"x")
    with pytest.raises(PartsRefused):
        await store.complete_multipart(bucket, key, upload, [Part(1, "0" * 32)])
    second = await store.put_part(bucket, key, upload, 2, b"y")
    with pytest.raises(PartsRefused):
        await store.complete_multipart(bucket, key, upload, [Part(1, etag), Part(2, second)])
    await store.abort_multipart(bucket, key, upload)


async def test_a_second_complete_is_done_or_gone_and_never_something_else(store, bucket, key):
    upload = await store.create_multipart(bucket, key)
    etag = await store.put_part(bucket, key, upload, 1, b"x")
    done = await store.complete_multipart(bucket, key, upload, [Part(1, etag)])
    try:
        assert await store.complete_multipart(bucket, key, upload, [Part(1, etag)]) == done
    except UploadGone:
        assert (await store.head(bucket, key)).etag == done


async def test_abort_leaves_nothing_and_may_be_repeated(store, bucket, key):
    upload = await store.create_multipart(bucket, key)
    await store.put_part(bucket, key, upload, 1, b"x" * MIN)
    assert await store.has_parts(bucket, key, upload)
    assert await store.open_multiparts(bucket, key) == [upload]
    await store.abort_multipart(bucket, key, upload)
    await store.abort_multipart(bucket, key, upload)
    assert not await store.has_parts(bucket, key, upload)
    assert await store.open_multiparts(bucket, key) == []
    with pytest.raises((UploadGone, StoreDown)):
        await store.put_part(bucket, key, upload, 2, b"x")


async def test_a_wrong_checksum_is_refused(store, bucket, key, monkeypatch):
    monkeypatch.setattr("service.storage.s3.crc64nvme", lambda _: "AAAAAAAAAAA=")
    with pytest.raises(StoreDown):
        await store.put(bucket, key, b"not these bytes")
    upload = await store.create_multipart(bucket, key)
    with pytest.raises(StoreDown):
        await store.put_part(bucket, key, upload, 1, b"nor these")
    await store.abort_multipart(bucket, key, upload)
    assert await store.head(bucket, key) is None


async def test_listing_more_than_a_page(store, bucket, key):
    for number in range(12):
        await store.put(bucket, f"{key}/{number:02}", b"")
    assert [name async for name in store.list_keys(bucket, f"{key}/")] == [f"{key}/{number:02}" for number in range(12)]
    await store.delete(bucket, [f"{key}/{number:02}" for number in range(12)])
    assert [name async for name in store.list_keys(bucket, f"{key}/")] == []


async def test_presigned_urls_read_with_range_and_forced_headers_and_do_not_write(store, bucket, key):
    import httpx

    await store.put(bucket, key, b"0123456789")
    url = store.presign_get(
        bucket, key, expires_s=60, window_s=3600, media_type="text/x-test", disposition='attachment; filename="a b.txt"'
    )
    assert url == store.presign_get(
        bucket, key, expires_s=60, window_s=3600, media_type="text/x-test", disposition='attachment; filename="a b.txt"'
    )
    answer = httpx.get(url, headers={"Range": "bytes=2-5", "Origin": "http://localhost:3000"})
    assert (answer.status_code, answer.content) == (206, b"2345")
    assert answer.headers["content-type"] == "text/x-test"
    assert answer.headers["access-control-allow-origin"] in {"*", "http://localhost:3000"}
    assert httpx.put(url, content=b"evil").status_code >= 400
    assert httpx.get(url.replace("X-Amz-Signature=", "X-Amz-Signature=0")).status_code >= 400
    assert await read(store, bucket, key) == b"0123456789"


async def test_a_reader_that_pauses_does_not_poison_the_connection(store, bucket, key):
    """A body read slowly is paused at the socket; the next call on that connection must hear its answer."""
    body = os.urandom(12 << 20)
    await store.put(bucket, key, body)
    for _ in range(3):
        assert await read(store, bucket, key) == body
        await store.put(bucket, key + "-next", body)


async def test_the_probe_takes_this_store_and_leaves_nothing(store, bucket):
    await probe_store(store, bucket)
    assert [found async for found in store.list_keys(bucket, "probe/") if await store.head(bucket, found) is not None] == []


async def test_the_probe_refuses_a_store_whose_etags_can_not_be_told(stack, bucket):
    class Encrypting(S3Store):
        """Like a store with KMS keys: no two ETags alike."""

        async def put_part(self, *arguments):
            await super().put_part(*arguments)
            return os.urandom(16).hex()

    odd = Encrypting(load(stack.settings_env()).store)
    with pytest.raises(StoreUnfit, match="server-side encryption"):
        await probe_store(odd, bucket)
    await odd.close()


async def test_a_store_that_confirms_other_bytes_is_not_believed(store, bucket, key, monkeypatch):
    send = S3Store._send

    async def of_another_request(self, operation, *arguments, **named):
        found = await send(self, operation, *arguments, **named)
        found.headers["x-amz-checksum-crc64nvme"] = crc64nvme(b"something else")
        return found

    monkeypatch.setattr(S3Store, "_send", of_another_request)
    with pytest.raises(StoreDown):
        await store.put(bucket, key, b"these bytes")
