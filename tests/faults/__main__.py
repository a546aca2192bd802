"""`make faults MINUTES=30`: the campaign, with its report as text and as JSON."""

import argparse
import json
import os
import tempfile
from pathlib import Path

from tests.faults.campaign import CLIENTS, NODES, Campaign


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.faults")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nodes", type=int, default=NODES)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--store", choices=("auto", "swift", "minio"), default=os.environ.get("STOWAGE_EMBEDDED_STORE", "auto"))
    parser.add_argument("--keep", type=Path, help="folder for data and logs; without it they are deleted at the end")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        campaign = Campaign(
            chosen.keep or Path(scratch), chosen.seed, {"STOWAGE_EMBEDDED_STORE": chosen.store}, chosen.nodes, chosen.clients
        )
        try:
            report = campaign.run(chosen.minutes * 60)
        finally:
            campaign.close()
    print("\n".join(report.lines()))
    if chosen.json:
        chosen.json.write_text(json.dumps({"kills": report.kills, **vars(report)}, indent=2))


if __name__ == "__main__":
    main()
