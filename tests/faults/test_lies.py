"""A store that fails, lies and forgets, and a node whose clock jumps."""

import asyncio
import os
import random
import time

import httpx
import pytest

from service.core.settings import load
from service.storage.s3 import S3Store
from tests.faults.books import check_quota
from tests.faults.liar import LIES, Liar
from tests.faults.node import Node
from tests.harness import OFFSET_TYPE, TUS, Stack, wait_until

MIB = 1 << 20
SIZE = 12 * MIB


@pytest.fixture(scope="module")
def lied_to(tmp_path_factory):
    """A stack with one node more, whose store is behind a liar."""
    folder = tmp_path_factory.mktemp("lies")
    stack = Stack(folder / "data", {"STOWAGE_EMBEDDED_STORE": os.environ.get("STOWAGE_EMBEDDED_STORE", "swift")}).start()
    liar = Liar(int(stack.settings_env()["STOWAGE_S3_ENDPOINT"].rpartition(":")[2]))
    node = Node(stack, folder / "node", STOWAGE_S3_ENDPOINT=f"http://127.0.0.1:{liar.port}", STOWAGE_UPLOAD_FINISH_WAIT="5")
    yield stack, liar, node
    node.stop()
    liar.close()
    stack.stop()


class At(httpx.Client):
    """A signed-in client of one node."""

    def __init__(self, stack, node):
        super().__init__(base_url=f"{node.base}/api/v1", timeout=60)
        with stack.client() as client:
            self.headers["Authorization"] = client.headers["Authorization"]
            self.project = client.project("Lies")

    def begin(self, body):
        answer = self.post(f"/projects/{self.project}/tus", headers={**TUS, "Upload-Length": str(len(body))})
        return answer.headers["location"].partition("/api/v1")[2]

    def append(self, url, offset, body):
        return self.patch(url, headers={**TUS, **OFFSET_TYPE, "Upload-Offset": str(offset)}, content=body)

    def offset(self, url):
        """None while it is locked."""
        answer = self.head(url, headers=TUS)
        assert answer.status_code in {200, 423}, answer
        return int(answer.headers["upload-offset"]) if answer.status_code == 200 else None


def finished(stack, url):
    return stack.sql("SELECT state, version_id FROM uploads WHERE id = %s", url.rpartition("/")[2])[0]


def content(stack, url):
    with stack.client() as client:
        return client.content(str(stack.sql("SELECT file_id FROM uploads WHERE id = %s", url.rpartition("/")[2])[0][0]))


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_complete_neither_loses_nor_announces_anything(lied_to, lie):
    stack, liar, node = lied_to
    body = random.Random(lie).randbytes(SIZE)
    with At(stack, node) as client:
        url = client.begin(body)
        assert client.append(url, 0, body[: 6 * MIB]).status_code == 204
        before = liar.told
        liar.tell([lie, lie])
        answer = client.append(url, 6 * MIB, body[6 * MIB :])
        assert liar.told > before
        assert answer.status_code in {204, 503}, answer.text
        if answer.status_code == 204:
            assert finished(stack, url)[0] == "COMPLETE", "it was announced"
        wait_until(lambda: client.offset(url) == SIZE, 60, 0.2, "the end of the upload")
        liar.tell([])
        assert content(stack, url) == body
        assert stack.sql(
            "SELECT count(*) FROM uploads u JOIN file_versions v ON v.id = u.version_id WHERE u.id = %s", url.rpartition("/")[2]
        ) == [(1,)]
        check_quota(stack, client.project)


def test_a_complete_that_never_succeeds_is_never_announced(lied_to):
    stack, liar, node = lied_to
    body = random.Random(5).randbytes(SIZE)
    with At(stack, node) as client:
        url = client.begin(body)
        client.append(url, 0, body[: 6 * MIB])
        liar.tell(["500 without effect"] * 1_000)
        # The scheduler is honest, so it is kept from helping.
        with stack.freeze("scheduler"):
            assert client.append(url, 6 * MIB, body[6 * MIB :]).status_code == 503
            for _ in range(3):
                assert client.offset(url) is None
            assert finished(stack, url) == ("COMPLETING", None)
            liar.tell([])
            wait_until(lambda: client.offset(url) == SIZE, 60, 0.2, "the end of the upload")
        assert content(stack, url) == body


def test_who_comes_after_a_killed_node_does_not_wait_for_its_lease(lied_to):
    stack, _, node = lied_to
    body = random.Random(7).randbytes(20 * MIB)
    with At(stack, node) as client, stack.client() as elsewhere:
        url = client.begin(body)
        node.arm(["service.uploads.append.appender.Appender._store_part:put_part:after"])
        with pytest.raises(httpx.HTTPError):
            client.append(url, 0, body)
        assert not node.is_armed
        held = stack.sql("SELECT lease_until > now() + interval '15 seconds' FROM uploads WHERE id = %s", url.rpartition("/")[2])
        assert held == [(True,)], "the lease of the killed node"
        began = time.monotonic()
        assert elsewhere.offset(f"{elsewhere.base_url}{url.removeprefix('/')}") == 0
        assert time.monotonic() - began < 4
        node.wait()
        node.arm(["service.uploads.finish.Finisher._complete:complete_multipart:after"])
        with pytest.raises(httpx.HTTPError):
            client.append(url, 0, body)
        node.wait()
        with stack.freeze("scheduler"):
            assert elsewhere.offset(f"{elsewhere.base_url}{url.removeprefix('/')}") == 20 * MIB
        assert time.monotonic() - began < 25, "nor for that of its finish"
        assert content(stack, url) == body


def forget(stack, url):
    """The store drops the multipart upload, as one does whose expiry is too short."""
    upload = url.rpartition("/")[2]

    async def abort():
        settings = load(stack.settings_env())
        store = S3Store(settings.store)
        ((key, s3_upload_id),) = stack.sql("SELECT key, s3_upload_id FROM uploads WHERE id = %s", upload)
        await store.abort_multipart(settings.store.originals, key, s3_upload_id)
        await store.close()

    asyncio.run(abort())
    return upload


def test_a_store_that_forgets_an_upload_is_found_out_and_nothing_is_claimed(lied_to):
    stack, _, node = lied_to
    body = random.Random(6).randbytes(SIZE)
    with At(stack, node) as client:
        url = client.begin(body)
        client.append(url, 0, body[: 6 * MIB])
        upload = forget(stack, url)
        answer = client.append(url, 6 * MIB, body[6 * MIB :])
        assert answer.status_code == 503
        assert client.offset(url) == 6 * MIB, "one check alone decides nothing"
        for _ in range(2):
            stack.sql("UPDATE uploads SET lost_checked_at = now() - interval '6 minutes' WHERE id = %s", upload)
            checks = stack.sql("SELECT lost_checks FROM uploads WHERE id = %s", upload)[0][0]
            wait_until(
                lambda checks=checks: stack.sql("SELECT lost_checks FROM uploads WHERE id = %s", upload)[0][0] > checks, 40, 0.3, "a check"
            )
        wait_until(lambda: finished(stack, url) == ("LOST", None), 20, 0.2, "the alarm")
        assert client.head(url, headers=TUS).status_code == 410
        assert client.append(url, 6 * MIB, body[6 * MIB :]).status_code == 410
        check_quota(stack, client.project)
        assert stack.sql("SELECT reserved_bytes FROM uploads WHERE id = %s", upload) == [(0,)]


@pytest.mark.parametrize("jump_s", [600, -600, 3_000, -3_000])
def test_a_clock_that_jumps_loses_nothing(lied_to, jump_s):
    """Ten minutes no store minds; of fifty it refuses the signatures."""
    stack, _, node = lied_to
    body = random.Random(jump_s).randbytes(SIZE)
    with At(stack, node) as client:
        url = client.begin(body)
        assert client.append(url, 0, body[: 6 * MIB]).status_code == 204
        node.set_clock(jump_s)
        try:
            answer = client.append(url, 6 * MIB, body[6 * MIB : 11 * MIB])
            assert answer.status_code in {204, 401, 503}, answer.text
            expires_in, lease = stack.sql(
                "SELECT extract(epoch FROM expires_at - now()), extract(epoch FROM coalesce(lease_until, now()) - now()) FROM uploads WHERE id = %s",
                url.rpartition("/")[2],
            )[0]
            assert 6 * 86_400 < expires_in <= 7 * 86_400, "expiry is the database's"
            assert lease <= 30, "so are leases"
        finally:
            node.set_clock(0)
        offset = wait_until(lambda: client.offset(url), 40, 0.2, "an offset")
        assert offset >= 6 * MIB
        assert offset == 11 * MIB or answer.status_code != 204
        wait_until(
            lambda: client.append(url, client.offset(url) or 0, body[client.offset(url) or 0 :]).status_code == 204, 40, 0.3, "the end"
        )
        assert content(stack, url) == body
