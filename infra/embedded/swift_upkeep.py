"""What Swift's daemons would do, once a day and one after the other: late listings caught up, markers of deleted objects dropped."""

import logging
import os
import signal
import subprocess
import sys
import time

from infra.embedded.process import child_setup

log = logging.getLogger("stowage.embedded")

FIRST_AFTER_S = 120
EVERY_S = 86_400
PASS_TIMEOUT_S = 6 * 3_600
PASSES = ("object-updater", "object-replicator", "container-replicator", "account-replicator")


def run_passes(config: str) -> None:
    """One pass of each daemon over the only disk. One that fails is tried again the next day."""
    for program in PASSES:
        argv = [sys.executable, "-W", "ignore", "-m", "infra.embedded.swift_server", config, program, "once"]
        try:
            subprocess.run(argv, check=True, timeout=PASS_TIMEOUT_S, preexec_fn=child_setup(os.getpid(), signal.SIGKILL))  # noqa: S603  ours, and this process has one thread
        except subprocess.SubprocessError:
            log.exception("%s did not end well", program)


def main() -> None:
    """Argument: configuration directory."""
    time.sleep(FIRST_AFTER_S)
    while True:
        run_passes(sys.argv[1])
        time.sleep(EVERY_S)


if __name__ == "__main__":
    main()
