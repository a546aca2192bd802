"""Schemathesis over the whole OpenAPI document, on a Stowage of its own: `python -m tests.fuzz [--examples 30] [--seed 1] [--strict]`.

It fails for server errors and for answers that are not as documented. With `--strict` also where a request that fits its schema is
refused, or one that does not is taken (docs/decisions/0008-what-the-schema-can-not-say.md).

It is run from an environment of its own (`uv tool run`), which is made the first time. What ends the session it is run with is left
out: signing in and out, passwords, sessions; and the live stream, which has no end.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.harness import Stack

VERSION = "4.32.5"
# Whether a request was to be refused: our rules say more than a schema can, and the framework reads numbers as dates and truth values.
OF_REQUESTS = "positive_data_acceptance,negative_data_rejection,missing_required_header"
LEFT_OUT = "/auth/|/me/sessions|/me/password|/events"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=30, help="cases of each kind and operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--strict", action="store_true", help="requests against their schema, too")
    parser.add_argument("--report", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "data", {"STOWAGE_ACCESS_TTL": "86400"}).start()
        try:
            with stack.client() as client:
                token = client.tokens["access_token"]
            command = [
                str(Path(sys.executable).with_name("uv")), "tool", "run", "--from", f"schemathesis=={VERSION}", "schemathesis", "run",
                f"{stack.base}/api/v1/openapi.json", "--url", stack.base, "-H", f"Authorization: Bearer {token}",
                "-n", str(arguments.examples), "--seed", str(arguments.seed), "--checks", "all", "--exclude-path-regex", LEFT_OUT,
                "--continue-on-failure", "--request-timeout", "30",
            ]  # fmt: skip
            if not arguments.strict:
                command += ["--exclude-checks", OF_REQUESTS]
            if arguments.report:
                command += ["--report", "ndjson", "--report-ndjson-path", str(arguments.report)]
            env = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(Path(__file__).parent)}
            return subprocess.run(command, cwd=folder, env=env, check=False).returncode
        finally:
            stack.stop()


if __name__ == "__main__":
    sys.exit(main())
