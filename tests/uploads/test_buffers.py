"""Memory of parts: one budget, taken in turn, and let go by whoever held most for longest."""

import asyncio
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.core.settings import load
from service.storage.s3 import S3Store
from service.uploads.append.buffers import FIRST_READ, BufferPool
from tests.harness import Stack

MIB = 1 << 20
WAIT_S = 10


class Holder:
    """Fills a buffer; lets go when asked, unless it can't."""

    def __init__(self, pool, *, can_let_go=True):
        self.pool = pool
        self.can_let_go = can_let_go
        self.asked = 0
        self.buffer = pool.take(16 * MIB, self)

    def ask_checkpoint(self):
        self.asked += 1
        if self.can_let_go:
            asyncio.get_running_loop().call_soon(self.let_go)
        else:
            self.pool.keep(self.buffer)

    def let_go(self):
        self.pool.release(self.buffer)

    def fill(self, count):
        self.pool.charge(self.buffer, count)
        return self


async def has_room(holder, count, timeout_s=WAIT_S):
    return await holder.pool.room(holder.buffer, count, timeout_s)


async def test_room_is_given_in_turn():
    pool = BufferPool(80 * MIB)
    first = Holder(pool, can_let_go=False).fill(16 * MIB)
    rest = [Holder(pool, can_let_go=False).fill(16 * MIB) for _ in range(4)]
    order = []

    async def wait(name):
        assert await has_room(Holder(pool, can_let_go=False), 6 * MIB)
        order.append(name)

    waiting = [asyncio.create_task(wait(name)) for name in "abcd"]
    await asyncio.sleep(0)
    first.let_go()
    await asyncio.wait(waiting, timeout=0.2)
    # Two fit; what is left stays for the one whose turn it is.
    assert order == ["a", "b"]
    rest[0].let_go()
    await asyncio.wait_for(asyncio.gather(*waiting), WAIT_S)
    assert order == ["a", "b", "c", "d"]


async def test_who_held_most_for_longest_lets_go():
    pool = BufferPool(32 * MIB)
    small = Holder(pool).fill(MIB)
    hog = Holder(pool).fill(15 * MIB)
    await asyncio.sleep(0.05)
    young = Holder(pool).fill(16 * MIB)
    assert await has_room(Holder(pool), MIB)
    assert (small.asked, hog.asked, young.asked) == (0, 1, 0)


async def test_who_waits_may_be_the_one_that_has_to_go():
    pool = BufferPool(32 * MIB)
    one, other = (Holder(pool, can_let_go=False).fill(16 * MIB) for _ in range(2))
    one.can_let_go = True
    one.ask_checkpoint = lambda: None
    assert not await has_room(one, MIB), "its own bytes are the way out, so it is not left waiting"
    assert other.asked <= 1


async def test_who_cannot_let_go_is_asked_once():
    pool = BufferPool(32 * MIB)
    stuck = [Holder(pool, can_let_go=False).fill(16 * MIB) for _ in range(2)]
    assert not await has_room(Holder(pool), MIB, 0.3)
    assert [holder.asked for holder in stuck] == [1, 1]


async def test_a_sender_that_nothing_is_held_of_may_begin_and_then_counts():
    pool = BufferPool(32 * MIB)
    full = [Holder(pool).fill(16 * MIB) for _ in range(2)]
    late = Holder(pool)
    assert pool.room_of(late.buffer) == FIRST_READ
    late.fill(FIRST_READ)
    assert pool.used_bytes == 32 * MIB + FIRST_READ
    assert pool.room_of(late.buffer) == 0
    for holder in [*full, late]:
        holder.let_go()
    # What is kept warm still counts, and makes way.
    assert pool.used_bytes <= 32 * MIB
    assert pool.room_of(Holder(pool).buffer) > 0


@pytest.fixture(scope="module")
def tight(tmp_path_factory):
    running = Stack(tmp_path_factory.mktemp("tight"), {"STOWAGE_UPLOAD_BUFFER_BYTES": str(40 * MIB)}).start()
    yield running
    running.stop()


def test_many_more_uploads_than_memory_all_end(tight):
    """80 uploads of 2 MiB each stop half-way in an open request, in 40 MiB of memory; whoever goes on then is served."""
    count, half = 80, os.urandom(MIB)
    half_sent = threading.Barrier(count, timeout=60)

    def halves():
        yield half
        half_sent.wait()
        # What lies in the kernel's buffers still has to come out of them, or the first half never waits anywhere.
        time.sleep(2)
        yield half

    with tight.client() as client, ThreadPoolExecutor(count) as pool:
        project = client.project("Tight")
        urls = [client.create(project, 2 * MIB, filename=f"tight-{number}.bin").headers["location"] for number in range(count)]
        answers = pool.map(lambda url: client.append(url, 0, halves(), {"Content-Length": str(2 * MIB)}).status_code, urls)
        assert list(answers) == [204] * count
        assert {client.content(client.file_of(url)["id"]) == half * 2 for url in urls} == {True}
    assert asyncio.run(tails_in_the_store(tight)) == []


async def tails_in_the_store(stack):
    settings = load(stack.settings_env())
    store = S3Store(settings.store)
    try:
        return [key async for key in store.list_keys(settings.store.originals, "t/")]
    finally:
        await store.close()
