"""What a child that parses strangers' files can do, and what it can't: tried from inside one."""

import asyncio
import os
import socket
import sys
import threading
from pathlib import Path

import pytest

from workers.tools import confine, sandbox
from workers.tools.confine import Access
from workers.tools.limits import Limits
from workers.tools.sandbox import ChildFailed, ChildTimedOut

LIMITS = Limits(memory_bytes=1 << 30, cpu_s=20, wall_s=30)
SECRET = "a-secret-of-the-parent"
WAY = {"is": "program"}

needs_landlock = pytest.mark.skipif(confine.landlock_version() < 4, reason="this kernel has no Landlock with TCP")
needs_seccomp = pytest.mark.skipif("seccomp" not in confine.describe(), reason="no seccomp filter for this machine")


@pytest.fixture(params=["program", "fork"], autouse=True)
def _way(request, monkeypatch):
    """Children are programs, or forks of the fork server: all that holds of one holds of the other."""
    monkeypatch.setitem(WAY, "is", request.param)


def run(code, limits=LIMITS, access=None):
    """Standard output of a child that runs `code`."""
    if WAY["is"] == "program":
        return asyncio.run(sandbox.run([sys.executable, "-c", code], limits, access or Access()))
    # A module that runs what it is given, and then says how long that took.
    timed = asyncio.run(sandbox.run_module("timeit", ["-n1", "-r1", "-s", code, "pass"], limits, access or Access()))
    return timed.rpartition(b"1 loop, best of 1")[0]


def child(code, access=None, limits=LIMITS):
    return run(code, limits, access).decode().strip()


def outcome(code, access=None):
    """`done`, or the name of the error that the code ran into."""
    lines = "\n    ".join(code.splitlines())
    return child(f"try:\n    {lines}\n    print('done')\nexcept Exception as error:\n    print(type(error).__name__)", access)


@pytest.fixture
def listening():
    """A loopback port where somebody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def serve():
            try:
                while True:
                    server.accept()[0].close()
            except OSError:
                pass

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def test_a_child_knows_no_secret_of_its_parent(monkeypatch):
    for name in ("STOWAGE_SECRET_KEY", "AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, SECRET)
    assert SECRET not in child("import os; print(dict(os.environ))")


@needs_landlock
def test_a_child_reads_programs_and_nothing_else(tmp_path):
    private = tmp_path / "private.txt"
    private.write_text(SECRET)
    own = tmp_path / "own"
    own.mkdir()
    (own / "source.bin").write_bytes(b"x")
    access = Access(folder=own)
    assert outcome(f"open({str(private)!r}).read()", access) == "PermissionError"
    assert outcome("open('/etc/passwd').read()", access) == "PermissionError"
    assert outcome(f"open('/proc/{os.getpid()}/environ').read()", access) == "PermissionError"
    assert outcome("open('source.bin', 'rb').read()", access) == "done"
    assert outcome("import json, zlib, PIL.Image, workers.tools.images", access) == "done"


@needs_landlock
def test_a_child_writes_to_its_folder_and_nowhere_else(tmp_path):
    access = Access(folder=tmp_path)
    assert outcome("open('made.txt', 'w').write('x')", access) == "done"
    assert (tmp_path / "made.txt").read_text() == "x"
    for path in ("/tmp/stowage-escaped", "/var/tmp/x", str(tmp_path.parent / "beside.txt"), __file__):  # noqa: S108  places to be refused
        assert outcome(f"open({path!r}, 'a').write('x')", access) == "PermissionError", path
    assert outcome("import os; os.symlink('/etc', 'link'); open('link/passwd').read()", access) == "PermissionError"
    assert outcome("open('no-folder.txt', 'w')") == "PermissionError"


@needs_landlock
def test_a_child_reaches_its_source_and_no_other_port(listening):
    connect = "import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=5)"
    assert outcome(connect.format(port=listening), Access(port=listening)) == "done"
    assert outcome(connect.format(port=listening), Access(port=1)) == "PermissionError"
    assert outcome(connect.format(port=listening)) == "PermissionError"
    assert outcome("import socket\nsocket.create_server(('127.0.0.1', 0))", Access(port=listening)) == "PermissionError"


@needs_seccomp
@pytest.mark.parametrize(
    "kind", ["AF_INET, socket.SOCK_DGRAM", "AF_INET6, socket.SOCK_STREAM", "AF_UNIX, socket.SOCK_STREAM", "AF_NETLINK, socket.SOCK_RAW"]
)
def test_a_child_makes_no_other_sockets(kind):
    assert outcome(f"import socket\nsocket.socket(socket.{kind})") == "PermissionError"


@needs_seccomp
def test_a_child_makes_no_calls_that_no_parser_needs():
    for number in confine._CALLS[os.uname().machine][2]:
        assert (
            child(
                f"import ctypes; libc = ctypes.CDLL(None, use_errno=True); libc.syscall({number}, 0, 0, 0, 0, 0); print(ctypes.get_errno())"
            )
            == "13"
        )


@needs_landlock
def test_a_child_can_not_signal_its_parent():
    if confine.landlock_version() < 6:
        pytest.skip("this Landlock knows no signals")
    assert outcome(f"import os; os.kill({os.getpid()}, 0)") == "PermissionError"


def test_memory_time_output_and_files_have_an_end(tmp_path):
    with pytest.raises(ChildFailed, match="MemoryError"):
        child("x = bytearray(2 << 30)")
    with pytest.raises(ChildTimedOut):
        child("import time; time.sleep(60)", limits=Limits(wall_s=0.5))
    with pytest.raises(ChildFailed):
        child("while True: pass", limits=Limits(cpu_s=1, wall_s=20))
    long = asyncio.run(sandbox.run_module("timeit", ["-n1", "-r1", "print('x' * 9_000_000)"], Limits(output_bytes=1_000), Access()))
    assert len(long) == 1_000
    with pytest.raises(ChildFailed):
        child("open('big', 'wb').write(bytes(2_000_000))", Access(folder=tmp_path), Limits(file_bytes=1_000_000))
    with pytest.raises(ChildFailed, match="Too many open files"):
        child("kept = [open('/dev/null') for _ in range(1_000)]")


def test_what_a_child_started_ends_with_it():
    code = "import subprocess, time; print(subprocess.Popen(['sleep', '300']).pid, flush=True); time.sleep(60)"
    with pytest.raises(ChildTimedOut):
        child(code, limits=Limits(wall_s=1.5))
    assert [path for path in Path("/proc").glob("[0-9]*/cmdline") if _is_sleep(path)] == []


def _is_sleep(path):
    try:
        return path.read_bytes() == b"sleep\x00300\x00"
    except OSError:
        return False
