"""Runs one of Swift's programs. Swift reads /etc/swift at import unless it is told otherwise first, hence this entry point."""

import runpy
import sys
from pathlib import Path


def main() -> None:
    """Arguments: configuration directory, program (`object-server`, `object-replicator`), its own arguments."""
    config, name, *rest = sys.argv[1:]
    from swift.common import constraints, utils

    utils.set_swift_dir(config)
    constraints.reload_constraints()
    program = str(Path(sys.executable).with_name(f"swift-{name}"))
    sys.argv = [program, f"{config}/{name.partition('-')[0]}-server.conf", *rest]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
