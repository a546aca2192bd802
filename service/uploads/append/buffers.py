"""Part buffers under one byte budget per process.

A buffer is anonymous memory: it costs the pages that were ever written, not its size. A few used ones are kept warm, which saves
the kernel from zeroing them anew; they count as used until somebody else needs the room. When the budget is full, the slowest
receiver is asked to checkpoint (make what it has durable and let go), so slow clients cannot starve fast ones.
"""

import asyncio
import mmap
import time
from collections import deque
from typing import Protocol

# What one fast upload has under way.
KEPT_WARM = 4


class Receiver(Protocol):
    """Whoever fills a buffer; `ask_checkpoint` must come back with `release` soon."""

    def ask_checkpoint(self) -> None: ...


class Buffer:
    """`size` bytes of memory of which `filled` are used; `view` is handed to the store without a copy. `charged` were ever written."""

    __slots__ = ("_memory", "charged", "filled", "receiver", "since", "size", "view")

    def __init__(self, size: int, memory: mmap.mmap, receiver: Receiver, charged: int) -> None:
        self.size = size
        self.charged = charged
        self.filled = 0
        self.receiver: Receiver | None = receiver
        self.since = time.monotonic()
        self._memory = memory
        self.view = memoryview(memory)

    def rate(self, now: float) -> float:
        """Bytes per second since the buffer was taken."""
        return self.filled / max(now - self.since, 0.001)

    def detach(self) -> mmap.mmap:
        self.view.release()
        return self._memory


class BufferPool:
    """All part buffers of a process."""

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self.used_bytes = 0
        self._receiving: set[Buffer] = set()
        self._warm: list[mmap.mmap] = []
        self._waiters: deque[asyncio.Future[None]] = deque()

    def take(self, size: int, receiver: Receiver) -> Buffer:
        """A buffer of `size` bytes. Costs nothing until it is filled, if it is not a warm one."""
        if self._warm and len(self._warm[-1]) == size:
            buffer = Buffer(size, self._warm.pop(), receiver, size)
        else:
            buffer = Buffer(size, mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), receiver, 0)
        self._receiving.add(buffer)
        return buffer

    @property
    def left(self) -> int:
        """Bytes that the budget still has room for."""
        return self.budget_bytes - self.used_bytes + sum(len(memory) for memory in self._warm)

    def has_room(self, count: int) -> bool:
        return self._fits(count) and not self._waiters

    def _fits(self, count: int) -> bool:
        while self.used_bytes + count > self.budget_bytes and self._warm:
            self.used_bytes -= len(self._warm.pop())
        return self.used_bytes + count <= self.budget_bytes

    def put(self, buffer: Buffer, data: memoryview | bytes) -> None:
        """Copy `data` behind what is there and charge it; call after `has_room` or `room`."""
        end = buffer.filled + len(data)
        buffer.view[buffer.filled : end] = data
        self.charge(buffer, len(data))

    def charge(self, buffer: Buffer, count: int) -> None:
        """`count` bytes were written behind what is there, by whoever holds the buffer's view."""
        buffer.filled += count
        more = max(0, buffer.filled - buffer.charged)
        buffer.charged += more
        self.used_bytes += more

    async def room(self, count: int, timeout_s: float) -> bool:
        """Wait until `count` bytes fit, pressing the slowest receiver meanwhile. False after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while not self._fits(count):
            self._press_slowest()
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                    await waiter
            except TimeoutError:
                return False
            finally:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
        return True

    def _press_slowest(self) -> None:
        now = time.monotonic()
        candidates = [buffer for buffer in self._receiving if buffer.filled and buffer.receiver]
        if candidates:
            slowest = min(candidates, key=lambda buffer: buffer.rate(now))
            if slowest.receiver:
                slowest.receiver.ask_checkpoint()

    def send_off(self, buffer: Buffer) -> None:
        """The buffer is full or flushed: it is on its way to the store and will come back on its own."""
        self._receiving.discard(buffer)
        buffer.receiver = None

    def release(self, buffer: Buffer) -> None:
        """Give the memory back; whoever waits for room goes on."""
        self.send_off(buffer)
        self.used_bytes -= buffer.charged
        size, memory = buffer.size, buffer.detach()
        if len(self._warm) < KEPT_WARM and self.used_bytes + size <= self.budget_bytes and not self._waiters:
            self._warm.append(memory)
            self.used_bytes += size
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
