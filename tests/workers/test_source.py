"""A source that breaks off because of the store is the store's fault, not the film's: the attempt does not count."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest

from service.outbox.context import JobContext
from service.storage.port import StoreDown
from workers.media.deps import MediaDeps
from workers.tools import range_proxy
from workers.tools.range_proxy import RangeProxy
from workers.tools.sandbox import ChildFailed

SIZE = 1_000


class Flaky:
    """Gives `good` bytes of every read, then breaks."""

    def __init__(self, good):
        self.good = good

    async def read(self, _bucket, _key, start, end) -> AsyncIterator[bytes]:
        if self.good:
            yield b"x" * min(self.good, end - start)
        if end - start > self.good:
            raise StoreDown(internal="gone")


@pytest.fixture
async def proxy(monkeypatch):
    monkeypatch.setattr(range_proxy, "PAUSE_S", 0)
    running = RangeProxy()
    await running.start()
    yield running
    await running.close()


async def read_and_fail(proxy, good):
    """What a child makes of a source that it could not read: an error of its own."""
    deps = MediaDeps(None, Flaky(good), "derived", proxy, None, Path("/nonexistent"), print)
    source = SimpleNamespace(bucket="b", key=str(uuid4()), size_bytes=SIZE)
    async with deps.serve(source, JobContext(None, None)) as served, httpx.AsyncClient() as client:
        try:
            (await client.get(served.url)).raise_for_status()
        except httpx.HTTPError as error:
            message = "no packets"
            raise ChildFailed(message) from error
        message = "it is no film"
        raise ChildFailed(message)


async def test_what_fails_after_the_store_broke_off_is_the_stores_fault(proxy):
    with pytest.raises(StoreDown):
        await read_and_fail(proxy, 0)


async def test_what_fails_of_itself_stays_that(proxy):
    with pytest.raises(ChildFailed, match="it is no film"):
        await read_and_fail(proxy, SIZE)
    # Breaks that reading on made good are none.
    with pytest.raises(ChildFailed, match="it is no film"):
        await read_and_fail(proxy, 300)
