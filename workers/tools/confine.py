"""What a child may touch: files by Landlock, TCP ports by Landlock, sockets and dangerous system calls by seccomp. Linux only.

A child reads programs and libraries, reads and writes one folder, and connects to one port. What the kernel can't do is left out, and
`describe` says so: without either a child has its limits, a bare environment and nothing else.
Sources: Documentation/userspace-api/landlock.rst and seccomp_filter.rst of the kernel.
"""

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_BY_PATH, _BY_PORT = 1, 2
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_READS = _EXECUTE | _READ_FILE | _READ_DIR
_TRUNCATE = 1 << 14
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | 1 << 15
_CONNECT_TCP, _ALL_TCP = 2, 3
# Files: how many rights each version of Landlock knows. From 4 on it knows TCP, from 6 on abstract sockets and signals.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_TCP_SINCE, _SCOPES_SINCE = 4, 6
_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2

_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/dev/urandom", "/dev/zero", "/proc/cpuinfo",
    "/proc/meminfo", "/sys/devices/system")  # fmt: skip
# What CUDA reads; its devices are all that a child can't be kept to one of, and the driver does that by the UUID.
_GPU_READS = (
    "/proc/driver/nvidia",
    "/proc/devices",
    "/proc/modules",
    "/proc/sys/vm",
    "/sys/bus/pci",
    "/sys/class",
    "/sys/devices",
    "/sys/module",
)
_OWN = (sys.prefix, sys.base_prefix, str(Path(__file__).parents[1]))

# By machine: its number for the audit, that of socket(), and those of calls no parser needs: ptrace, process_vm_readv, process_vm_writev,
# mount, unshare, bpf, keyctl, add_key, perf_event_open, userfaultfd, io_uring_setup (which makes sockets of its own).
_CALLS = {
    "x86_64": (0xC000003E, 41, (101, 310, 311, 165, 272, 321, 250, 248, 298, 323, 425)),
    "aarch64": (0xC00000B7, 198, (117, 270, 271, 40, 97, 280, 219, 217, 241, 282, 425)),
}
_X32 = 0x40000000
_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_SHIFT_LEFT, _OR_X, _TO_X = 0x64, 0x4C, 0x07
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | 13  # SECCOMP_RET_ERRNO, EACCES
_AF_INET, _SOCK_STREAM, _TYPE_MASK = 2, 1, 0xF
_AF_UNIX, _SOCK_SEQPACKET = 1, 5
_NR, _ARCH, _ARG0, _ARG1 = 0, 4, 16, 24


@dataclass(frozen=True, slots=True)
class Access:
    """What a child may touch besides programs: a folder to write to, a loopback port to read its source from, a GPU (by its UUID), and
    what else its program has to read.
    """

    folder: Path | None = None
    port: int = 0
    gpu: str = ""
    reads: Sequence[str] = ()


@cache
def landlock_version() -> int:
    """0: there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, 0, 1)))


@cache
def _filter(*, is_on_gpu: bool = False) -> bytes:
    """A BPF program that lets all calls through but sockets that are not TCP over IPv4, and those of _CALLS. Empty: unknown machine.

    CUDA does not start without a Unix socket of its kind of packets, by which it would talk to a service that shares GPUs.
    """
    known = _CALLS.get(platform.machine()) if sys.platform.startswith("linux") else None
    if known is None:
        return b""
    arch, socket, others = known
    sockets = [_AF_INET << 4 | _SOCK_STREAM, *([_AF_UNIX << 4 | _SOCK_SEQPACKET] if is_on_gpu else [])]
    steps: list[tuple[int, str, str, int]] = [(_LOAD, "", "", _ARCH), (_EQUAL, "", "deny", arch), (_LOAD, "", "", _NR)]
    steps += [(_AT_LEAST, "deny", "", _X32), *((_EQUAL, "deny", "", number) for number in others), (_EQUAL, "", "allow", socket)]
    steps += [(_LOAD, "", "", _ARG1), (_AND, "", "", _TYPE_MASK), (_TO_X, "", "", 0), (_LOAD, "", "", _ARG0)]
    steps += [(_SHIFT_LEFT, "", "", 4), (_OR_X, "", "", 0), *((_EQUAL, "allow", "", kind) for kind in sockets)]
    ends = {"deny": len(steps), "allow": len(steps) + 1}
    # Distances are counted in instructions from the one after that which jumps.
    jumps = [
        (code, *(ends.get(end, at + 1) - at - 1 for end in (true, false)), number) for at, (code, true, false, number) in enumerate(steps)
    ]
    return b"".join(struct.pack("<HBBI", *step) for step in [*jumps, (_RETURN, 0, 0, _DENY), (_RETURN, 0, 0, _ALLOW)])


def describe() -> str:
    """What confines children on this machine, for people."""
    version = landlock_version()
    found = []
    if version:
        found.append("files" + (" and TCP ports" if version >= _TCP_SINCE else "") + f" by Landlock {version}")
    if _filter():
        found.append("sockets by seccomp")
    return ", ".join(found) or "limits only: this kernel has neither Landlock nor a seccomp filter of ours"


def is_whole() -> bool:
    """Whether children are confined in all that we know of."""
    return landlock_version() >= _TCP_SINCE and bool(_filter())


class Confinement:
    """Made in the parent; the child only enters it, with a few system calls and no memory."""

    def __init__(self, ruleset: int, *, is_on_gpu: bool = False) -> None:
        self.ruleset = ruleset
        self._is_on_gpu = is_on_gpu
        program = _filter(is_on_gpu=is_on_gpu)
        self._program = ctypes.create_string_buffer(program, len(program)) if program else None
        self._prog = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(self._program)) if self._program else b""

    def enter(self) -> None:
        """In the child. A kernel that can and will not is a reason to stop."""
        one, none = ctypes.c_ulong(1), ctypes.c_ulong(0)
        if _libc.prctl(_NO_NEW_PRIVS, one, none, none, none):
            os._exit(126)
        if self._is_on_gpu and self.ruleset >= 0:
            # CUDA reads where its memory is and names its threads. Only the process itself can say which files these are.
            _allow(self.ruleset, ["/proc/self"], _READS)
            _allow(self.ruleset, ["/proc/self/task"], _READ_FILE | _WRITE_FILE | _TRUNCATE)
        if self.ruleset >= 0 and _libc.syscall(_RESTRICT_SELF, self.ruleset, 0):
            os._exit(126)
        if self._prog and _libc.prctl(_SET_SECCOMP, ctypes.c_ulong(_FILTER), self._prog, none, none):
            os._exit(126)


@contextmanager
def confinement(access: Access, program: str) -> Iterator[Confinement]:
    """For one child that runs `program`; to be left once it has started."""
    ruleset = _ruleset(access, program)
    try:
        yield Confinement(ruleset, is_on_gpu=bool(access.gpu))
    finally:
        if ruleset >= 0:
            os.close(ruleset)


def _ruleset(access: Access, program: str) -> int:
    """-1: no Landlock."""
    version = landlock_version()
    if not version:
        return -1
    rights = (1 << _FILE_RIGHTS.get(version, _FILE_RIGHTS[5])) - 1
    handled = struct.pack("QQQ", rights, _ALL_TCP if version >= _TCP_SINCE else 0, 3 if version >= _SCOPES_SINCE else 0)
    ruleset = int(_libc.syscall(_CREATE_RULESET, handled, 8 if version < _TCP_SINCE else 16 if version < _SCOPES_SINCE else 24, 0))
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "Landlock refused")
    _allow(ruleset, [*_SYSTEM, *_OWN, *([str(Path(program).parent)] if Path(program).is_absolute() else [])], _READS)
    _allow(ruleset, access.reads, _READS)
    # Python finds packages by listing what they lie in: names, no contents.
    _allow(ruleset, [str(Path(__file__).parents[2])], _READ_DIR)
    _allow(ruleset, ["/dev/null"], _READ_FILE | _WRITE_FILE)
    if access.folder is not None:
        _allow(ruleset, [str(access.folder)], rights & ~_EXECUTE)
    if access.gpu:
        _allow(ruleset, _GPU_READS, _READS)
        _allow(ruleset, [str(path) for path in Path("/dev").glob("nvidia*")], rights & ~_EXECUTE)
    if access.port and version >= _TCP_SINCE:
        _libc.syscall(_ADD_RULE, ruleset, _BY_PORT, struct.pack("QQ", _CONNECT_TCP, access.port), 0)
    return ruleset


def _allow(ruleset: int, paths: Sequence[str], rights: int) -> None:
    for path in paths:
        # What is not there needs no rule.
        with suppress(OSError):
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                fitting = rights if Path(path).is_dir() else rights & _OF_FILES
                _libc.syscall(_ADD_RULE, ruleset, _BY_PATH, struct.pack("=Qi", fitting, opened), 0)
            finally:
                os.close(opened)


if __name__ == "__main__":
    # For `stowage doctor`, which knows nothing of workers.
    sys.stdout.write(describe())
    sys.exit(not is_whole())
