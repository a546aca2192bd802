"""What is read again comes out of memory, and is what the store has, whatever is asked for in whatever order."""

import asyncio
import random

import pytest

from workers.tools import block_cache
from workers.tools.block_cache import BLOCK, BlockCache

BODY = random.Random(6).randbytes(BLOCK * 40 + 777)


class Store:
    """Gives pieces of odd sizes, and counts."""

    def __init__(self):
        self.given = 0

    async def read(self, start, end):
        position = start
        while position < end:
            piece = BODY[position : min(end, position + 50_001)]
            self.given += len(piece)
            position += len(piece)
            yield piece


async def read(blocks, store, start, end, stop_after=None):
    """Bytes read, and how many of them the cache says the store gave."""
    got, fetched = b"", 0
    pieces = blocks.read(store.read, start, end)
    async for piece, from_store in pieces:
        got += piece
        fetched += from_store
        if stop_after is not None and len(got) >= stop_after:
            break
    await pieces.aclose()
    return got, fetched


def test_what_is_asked_for_again_is_read_twice_and_then_kept():
    async def run():
        store, blocks = Store(), BlockCache().of("film")
        for _ in range(10):
            got, _ = await read(blocks, store, BLOCK * 30 + 5, len(BODY))
            assert got == BODY[BLOCK * 30 + 5 :]
        index = len(BODY) - BLOCK * 30
        # Twice, and each time since the last stretch, which is no whole block.
        assert 2 * index <= store.given < 2 * index + 10 * BLOCK
        assert blocks.bytes_kept == 10 * BLOCK

    asyncio.run(run())


def test_any_reads_in_any_order_give_what_is_there():
    async def run():
        rng, store, cache = random.Random(7), Store(), BlockCache(12 * BLOCK)
        counted = 0
        for _ in range(300):
            blocks = cache.of(rng.choice("ab"))
            start = rng.randrange(len(BODY))
            end = rng.randrange(start, len(BODY)) + 1
            stop = rng.choice([None, rng.randrange(1, 4 * BLOCK)])
            got, fetched = await read(blocks, store, start, end, stop)
            counted += fetched
            assert got == BODY[start : start + len(got)]
            assert len(got) == end - start or len(got) >= stop
            assert cache.bytes_kept() <= 12 * BLOCK
        assert counted == store.given

    asyncio.run(run())


def test_the_source_read_last_takes_the_place_of_others_but_not_of_itself():
    async def run():
        store, cache = Store(), BlockCache(4 * BLOCK)
        first, second = cache.of("first"), cache.of("second")
        for _ in range(2):
            await read(first, store, 0, 4 * BLOCK)
        assert first.bytes_kept == 4 * BLOCK
        for _ in range(2):
            await read(cache.of("second"), store, 0, 10 * BLOCK)
        assert second.bytes_kept == cache.bytes_kept() == 4 * BLOCK
        # What came first stays: all readers begin with it.
        assert await read(second, store, 0, 4 * BLOCK) == (BODY[: 4 * BLOCK], 0)

    asyncio.run(run())


def test_what_the_store_breaks_off_is_not_kept_as_a_whole_block():
    async def run():
        class Broken(Store):
            async def read(self, start, _end):
                yield BODY[start : start + 1_000]
                raise ConnectionError

        store, blocks = Store(), BlockCache().of("film")
        await read(blocks, store, 0, BLOCK)
        with pytest.raises(ConnectionError):
            await read(blocks, Broken(), 0, BLOCK)
        assert blocks.bytes_kept == 0
        assert (await read(blocks, store, 1_000, 3 * BLOCK))[0] == BODY[1_000 : 3 * BLOCK]

    asyncio.run(run())


def test_a_source_that_was_forgotten_keeps_no_more(monkeypatch):
    monkeypatch.setattr(block_cache, "MAX_SOURCES", 2)
    cache = BlockCache()
    one, two = cache.of(1), cache.of(2)
    assert cache.of(1) is one
    cache.of(3)
    assert cache.of(1) is one
    assert cache.of(2) is not two

    async def run():
        for _ in range(3):
            await read(two, Store(), 0, 4 * BLOCK)
        assert two.bytes_kept == cache.bytes_kept() == 0

    asyncio.run(run())
