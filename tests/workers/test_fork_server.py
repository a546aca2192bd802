"""The fork server itself; what holds of its children holds of programs, too: tests/workers/test_sandbox.py."""

import asyncio
from pathlib import Path

import pytest

from workers.tools import sandbox
from workers.tools.confine import Access
from workers.tools.limits import Limits
from workers.tools.sandbox import ChildFailed

LIMITS = Limits(memory_bytes=1 << 30, cpu_s=20, wall_s=60)


async def said(code, access=None):
    """What code prints in a forked child: a module that runs what it is given, and then says how long that took."""
    output = await sandbox.run_module("timeit", ["-n1", "-r1", "-s", code, "pass"], LIMITS, access or Access())
    return output.decode().rpartition("1 loop, best of 1")[0].strip()


def children_of(pid):
    return [process for process in Path("/proc").glob("[0-9]*") if _parent(process) == pid]


def _parent(process):
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_a_fork_holds_nothing_of_the_server_or_of_other_children():
    code = "import os, time; time.sleep(1); print(sorted(os.listdir('/proc/self/fd')))"

    async def three():
        return await asyncio.gather(*(said(code, Access(reads=["/proc"])) for _ in range(3)))

    # Input, output, errors, and the listing itself.
    assert asyncio.run(three()) == ["['0', '1', '2', '3']"] * 3


def test_children_go_on_after_their_server_was_killed():
    assert asyncio.run(said("print(1)")) == "1"
    server = sandbox._forks._process

    async def killed_meanwhile():
        running = asyncio.create_task(said("import time; time.sleep(30)"))
        await asyncio.sleep(1)
        server.kill()
        await running

    with pytest.raises(ChildFailed, match="killed by signal 9"):
        asyncio.run(killed_meanwhile())
    assert asyncio.run(said("print(2)")) == "2"
    assert sandbox._forks._process.pid != server.pid


def test_a_child_that_nobody_waits_for_is_killed():
    async def left(after):
        running = asyncio.create_task(said("import time; time.sleep(60)"))
        # Before it has said who it is, and after.
        await asyncio.sleep(after)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.sleep(0.5)

    for after in (0, 0.001, 0.01, 0.5):
        asyncio.run(left(after))
    assert children_of(sandbox._forks._process.pid) == []
