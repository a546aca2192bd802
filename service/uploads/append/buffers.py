"""Part buffers under one byte budget per process.

A buffer is anonymous memory: it costs the pages that were ever written, not its size. A few used ones are kept warm, which saves
the kernel from zeroing them anew; they count as used until somebody else needs the room. When the budget is full, receivers wait
in turn, and whoever held most bytes for longest is asked to checkpoint (make what it has durable and let go), so slow clients
cannot starve fast ones.
"""

import asyncio
import mmap
import time
from dataclasses import dataclass
from typing import Protocol

# What one fast upload has under way.
KEPT_WARM = 4
# Of a sender that nothing is held of, this much is always taken: to wait for it costs no memory, and what came with the head of
# its request lies in memory already, where no budget counts it.
FIRST_READ = 256 << 10


class Receiver(Protocol):
    """Whoever fills a buffer; `ask_checkpoint` must come back with `release` soon, or with `keep`."""

    def ask_checkpoint(self) -> None: ...


class Buffer:
    """`size` bytes of memory of which `filled` are used; `view` is handed to the store without a copy.

    `gap` bytes at the start are spoken for and not there yet. `charged` counts against the budget: bytes that were ever
    written, and `promised` ones that may be.
    """

    __slots__ = ("_memory", "charged", "filled", "gap", "is_pressed", "is_warm", "leaving", "promised", "receiver", "since", "size", "view")

    def __init__(self, size: int, memory: mmap.mmap, receiver: Receiver, *, is_warm: bool) -> None:
        self.size = size
        self.is_warm = is_warm
        self.charged = size if is_warm else 0
        self.promised = 0
        self.filled = 0
        self.gap = 0
        self.leaving = 0
        self.is_pressed = False
        self.receiver = receiver
        self.since = time.monotonic()
        self._memory = memory
        self.view = memoryview(memory)

    @property
    def received(self) -> int:
        return self.filled - self.gap

    def detach(self) -> mmap.mmap:
        self.view.release()
        return self._memory


@dataclass(frozen=True, slots=True)
class _Waiter:
    count: int
    answer: asyncio.Future[bool]


class BufferPool:
    """All part buffers of a process."""

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self.used_bytes = 0
        self._receiving: set[Buffer] = set()
        self._warm: list[mmap.mmap] = []
        # In their order.
        self._waiting: dict[Buffer, _Waiter] = {}
        # Of buffers on their way to the store, or asked to go there.
        self._leaving_bytes = 0

    def take(self, size: int, receiver: Receiver, gap: int = 0) -> Buffer:
        """A buffer of `size` bytes whose first `gap` come later. Costs nothing until it is filled, if it is not a warm one."""
        if self._warm and len(self._warm[-1]) == size:
            buffer = Buffer(size, self._warm.pop(), receiver, is_warm=True)
        else:
            buffer = Buffer(size, mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), receiver, is_warm=False)
        buffer.filled = buffer.gap = gap
        self._receiving.add(buffer)
        return buffer

    def room_of(self, buffer: Buffer) -> int:
        """Bytes that may be received into `buffer` now. With 0, wait for `room`."""
        free = buffer.size - buffer.filled
        if buffer.is_warm:
            return free
        room = buffer.promised
        if not self._waiting:
            room += max(0, self.budget_bytes - self.used_bytes + sum(len(memory) for memory in self._warm))
        if not buffer.received:
            room = max(room, FIRST_READ)
        return min(room, free)

    def charge(self, buffer: Buffer, count: int) -> None:
        """`count` bytes were written behind what is there."""
        buffer.filled += count
        self._charge(buffer, count)

    def close_gap(self, buffer: Buffer) -> None:
        """The bytes at its start are there now."""
        count, buffer.gap = buffer.gap, 0
        self._charge(buffer, count)

    def _charge(self, buffer: Buffer, count: int) -> None:
        if buffer.is_warm:
            return
        kept = min(count, buffer.promised)
        buffer.promised -= kept
        buffer.charged += count - kept
        self.used_bytes += count - kept
        self._fits(0)

    def _fits(self, count: int) -> bool:
        """Whether the budget holds `count` bytes more, without what is only kept warm if need be."""
        while self.used_bytes + count > self.budget_bytes and self._warm:
            self.used_bytes -= len(self._warm.pop())
        return self.used_bytes + count <= self.budget_bytes

    async def room(self, buffer: Buffer, count: int, timeout_s: float) -> bool:
        """Wait in turn until `count` bytes more fit. False after `timeout_s`, or when `buffer` itself has to go."""
        waiter = _Waiter(min(count, self.budget_bytes // 8), asyncio.get_running_loop().create_future())
        self._waiting[buffer] = waiter
        self._serve()
        try:
            async with asyncio.timeout(timeout_s):
                return await waiter.answer
        except TimeoutError:
            return False
        finally:
            self._waiting.pop(buffer, None)
            self._serve()

    def _serve(self) -> None:
        """Whoever waits gets what is free, in turn; for the rest, others are asked to let go."""
        while self._waiting:
            buffer, waiter = next(iter(self._waiting.items()))
            if not self._fits(waiter.count):
                break
            self.used_bytes += waiter.count
            buffer.charged += waiter.count
            buffer.promised += waiter.count
            self._answer(buffer, has_room=True)
        wanted = sum(waiter.count for waiter in self._waiting.values()) + max(0, self.used_bytes - self.budget_bytes)
        while self._leaving_bytes < wanted and self._press():
            pass

    def _answer(self, buffer: Buffer, *, has_room: bool) -> None:
        waiter = self._waiting.pop(buffer, None)
        if waiter is not None and not waiter.answer.done():
            waiter.answer.set_result(has_room)

    def _press(self) -> bool:
        """Ask whoever held most for longest to checkpoint. False: there is nobody left to ask."""
        now = time.monotonic()
        candidates = [buffer for buffer in self._receiving if buffer.received and not buffer.is_pressed]
        if not candidates:
            return False
        hog = max(candidates, key=lambda buffer: buffer.charged * (now - buffer.since))
        hog.is_pressed = True
        self._leave(hog)
        hog.receiver.ask_checkpoint()
        self._answer(hog, has_room=False)
        return True

    def _leave(self, buffer: Buffer) -> None:
        self._leaving_bytes += buffer.charged - buffer.leaving
        buffer.leaving = buffer.charged

    def keep(self, buffer: Buffer) -> None:
        """It was asked to checkpoint and can't: room has to come from others."""
        self._leaving_bytes -= buffer.leaving
        buffer.leaving = 0

    def send_off(self, buffer: Buffer) -> None:
        """The buffer is full or flushed: it is on its way to the store and will come back on its own."""
        self._receiving.discard(buffer)
        self._leave(buffer)

    def release(self, buffer: Buffer) -> None:
        """Give the memory back; whoever waits for room goes on."""
        self._receiving.discard(buffer)
        self._leaving_bytes -= buffer.leaving
        self.used_bytes -= buffer.charged
        size, memory = buffer.size, buffer.detach()
        if len(self._warm) < KEPT_WARM and self.used_bytes + size <= self.budget_bytes and not self._waiting:
            self._warm.append(memory)
            self.used_bytes += size
        self._serve()
