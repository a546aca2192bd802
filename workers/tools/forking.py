"""The worker's side of the fork server."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping

from workers.tools.fork_server import BEGUN, Order
from workers.tools.limits import end_with_parent

SEND_TIMEOUT_S = 30
START_TIMEOUT_S = 60


class Forked:
    """A running child, with as much of `asyncio.subprocess.Process` as is needed of one."""

    def __init__(self) -> None:
        self.pid = 0
        self.returncode: int | None = None
        self.stdout, self.stderr, self._fate = asyncio.StreamReader(), asyncio.StreamReader(), asyncio.StreamReader()
        self._transports: list[asyncio.ReadTransport] = []

    async def listen(self, output: int, errors: int, fate: int) -> None:
        """Take over the reading ends of its pipes, and wait until it is limited, or has ended."""
        loop = asyncio.get_running_loop()
        for reader, descriptor in ((self.stdout, output), (self.stderr, errors), (self._fate, fate)):
            protocol = asyncio.StreamReaderProtocol(reader)
            transport, _ = await loop.connect_read_pipe(lambda protocol=protocol: protocol, os.fdopen(descriptor, "rb", 0))  # type: ignore[misc]
            self._transports.append(transport)
        async with asyncio.timeout(START_TIMEOUT_S):
            await self._hear()

    async def wait(self) -> int:
        """Its exit status; minus a signal's number where one ended it, or the server."""
        while self.returncode is None:
            await self._hear()
        return self.returncode

    async def _hear(self) -> None:
        word, _, number = (await self._fate.readline()).decode().strip().partition(" ")
        if word == BEGUN:
            self.pid = int(number)
        else:
            self.returncode = int(number) if number else -signal.SIGKILL

    def abandon(self) -> None:
        """Kill it, whatever becomes of that."""
        if self.pid and self.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """Stop listening."""
        for transport in self._transports:
            transport.close()


class ForkServer:
    """Starts `workers.tools.fork_server` when it is needed first or `warm` says so, and again should it end. Its children end with it, and it with this process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    async def start(self, order: Order, ruleset: int) -> Forked:
        """`ruleset`: the descriptor of a Landlock ruleset, -1 for none. Raises OSError, TimeoutError, ValueError."""
        message = order.to_message()
        pipes = [os.pipe() for _ in range(3)]
        theirs = [writing for _, writing in pipes]
        try:
            self._send(message, [*theirs, *([ruleset] if ruleset >= 0 else [])])
        except BaseException:
            for reading, _ in pipes:
                os.close(reading)
            raise
        finally:
            for writing in theirs:
                os.close(writing)
        child = Forked()
        listening = asyncio.create_task(child.listen(*(reading for reading, _ in pipes)))  # noqa: RUF006  its pipes hold it
        try:
            await asyncio.shield(listening)
        except asyncio.CancelledError:
            # It can't be killed before it has said who it is.
            listening.add_done_callback(lambda _: child.abandon())
            raise
        except TimeoutError:
            child.close()
            self._end()
            raise
        return child

    def warm(self) -> None:
        """Start it now: what it imports takes longer than most children. Raises OSError."""
        if self._process is None:
            self._begin()

    def _send(self, message: bytes, descriptors: list[int]) -> None:
        is_there = self._process is not None and self._process.poll() is None
        orders = self._orders if self._orders is not None and is_there else self._begin()
        try:
            socket.send_fds(orders, [message], descriptors)
        except ConnectionError:
            # It ended since.
            socket.send_fds(self._begin(), [message], descriptors)

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _begin(self) -> socket.socket:
        if self._orders is not None:
            self._orders.close()
        orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        orders.settimeout(SEND_TIMEOUT_S)
        self._orders = orders
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  our own module
                [sys.executable, "-m", "workers.tools.fork_server", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd="/",
                env=self._environment,
                preexec_fn=end_with_parent,  # noqa: PLW1509  one system call
            )
        return orders
