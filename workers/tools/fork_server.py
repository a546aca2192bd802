"""Starts Python children by forking: a process of its own with the libraries of all readers imported, and nothing of what anyone uploaded.

Starting Python and importing Pillow and libav takes longer than most previews. It runs without credentials, and every child is a fresh fork that
takes on the same limits as a program would, so none sees what another read. Argument: the number of a socket, on which each message is one
child: `Order` as JSON, with descriptors for its output, its errors, its fate, and its Landlock ruleset where there is one. To its fate a child
writes its process id once it is limited, and the server how it ended.
"""

import fcntl
import gc
import json
import os
import runpy
import select
import socket
import sys
import traceback
from dataclasses import asdict, dataclass

from workers.tools.confine import Confinement
from workers.tools.limits import Limits, take_on

MAX_MESSAGE = 128 << 10
MAX_DESCRIPTORS = 4
# Descriptors are moved behind this before they get their numbers, 1 to 4.
BEYOND = 16
BEGUN, ENDED = "begun", "ended"


@dataclass(frozen=True, slots=True)
class Order:
    """A module to run as a program, with its arguments, within limits, in a folder."""

    module: str
    arguments: list[str]
    limits: Limits
    folder: str | None

    def to_message(self) -> bytes:
        """At most MAX_MESSAGE bytes. Raises ValueError."""
        message = json.dumps(asdict(self)).encode()
        if len(message) > MAX_MESSAGE:
            text = "arguments are too long"
            raise ValueError(text)
        return message


def _order(message: bytes) -> Order:
    fields = json.loads(message)
    return Order(**{**fields, "limits": Limits(**fields["limits"])})


def _preload() -> None:
    # For what they bring with them; which child needs what is not known yet.
    from PIL import Image

    import workers.tools.archives.index
    import workers.tools.archives.zip_directory
    import workers.tools.exif
    import workers.tools.images
    import workers.tools.media_facts
    import workers.tools.source_file  # noqa: F401

    # All its formats, which it would look for in every child.
    Image.init()
    # Collected now, and not in every child, which would copy all pages that it touches.
    gc.collect()
    gc.freeze()


def main() -> None:
    """Serve until the other end is closed."""
    orders = socket.socket(fileno=int(sys.argv[1]))
    _preload()
    running: dict[int, tuple[int, int]] = {}
    waiting = select.poll()
    waiting.register(orders, select.POLLIN)
    while True:
        for descriptor, _ in waiting.poll():
            if descriptor in running:
                waiting.unregister(descriptor)
                os.close(descriptor)
                _tell(*running.pop(descriptor))
                continue
            begun = _begin(orders)
            if begun is None:
                return
            ended = os.pidfd_open(begun[0])
            running[ended] = begun
            waiting.register(ended, select.POLLIN)


def _begin(orders: socket.socket) -> tuple[int, int] | None:
    """The next child: its process id, and where its fate is told. None: no more will come."""
    message, descriptors, _, _ = socket.recv_fds(orders, MAX_MESSAGE, MAX_DESCRIPTORS)
    if not message:
        return None
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        # Returns to nothing: an error in here must not lead back into the server.
        try:
            _run(_order(message), descriptors, server)
        finally:
            os._exit(1)
    output, errors, fate, *ruleset = descriptors
    for descriptor in (output, errors, *ruleset):
        os.close(descriptor)
    return pid, fate


def _tell(pid: int, fate: int) -> None:
    """A child has ended: say how, as `subprocess` does."""
    _, status = os.waitpid(pid, 0)
    # Nobody may be listening any more.
    try:
        os.write(fate, f"{ENDED} {os.waitstatus_to_exitcode(status)}\n".encode())
    except OSError:
        pass
    finally:
        os.close(fate)


def _run(order: Order, descriptors: list[int], server: int) -> None:
    """In the child."""
    for number, descriptor in enumerate([fcntl.fcntl(descriptor, fcntl.F_DUPFD, BEYOND) for descriptor in descriptors], 1):
        os.dup2(descriptor, number)
    # All others go: the server's socket above all, through which it could have children without limits.
    fate, ruleset = 3, 4 if len(descriptors) == MAX_DESCRIPTORS else -1
    os.closerange(len(descriptors) + 1, os.sysconf("SC_OPEN_MAX"))
    os.chdir(order.folder or "/")
    if order.folder is not None:
        os.environ["TMPDIR"] = order.folder
    take_on(order.limits, server, Confinement(ruleset))
    if ruleset >= 0:
        os.close(ruleset)
    os.write(fate, f"{BEGUN} {os.getpid()}\n".encode())
    os.close(fate)
    os._exit(_program(order))


def _program(order: Order) -> int:
    """Run the module as Python would; its exit status."""
    sys.argv = [order.module, *order.arguments]
    status: object = 0
    try:
        runpy.run_module(order.module, run_name="__main__")
    except SystemExit as end:
        status = end.code
    except BaseException:
        traceback.print_exc()
        status = 1
    if isinstance(status, str):
        sys.stderr.write(f"{status}\n")
        status = 1
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return 1
    return int(status) if isinstance(status, int) else 0


if __name__ == "__main__":
    main()
