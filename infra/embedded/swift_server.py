"""Runs one Swift server. Swift reads /etc/swift at import unless it is told otherwise first, hence this entry point."""

import runpy
import sys
from pathlib import Path


def main() -> None:
    """Arguments: configuration directory, server name."""
    config, server = sys.argv[1:3]
    from swift.common import constraints, utils

    utils.set_swift_dir(config)
    constraints.reload_constraints()
    program = str(Path(sys.executable).with_name(f"swift-{server}-server"))
    sys.argv = [program, f"{config}/{server}-server.conf"]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
