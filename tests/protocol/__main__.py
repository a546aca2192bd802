"""`python -m tests.protocol URL [-H 'Name: value'] [--json FILE] [--markdown]`: exit status 1 where a required rule is broken."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from tests.protocol import core, extensions, suite

MARKS = {"passed": "ok", "failed": "FAILED", "broken": "BROKEN", "not offered": "-"}
__all__ = ["core", "extensions"]


def report(results: list[dict[str, str]]) -> str:
    """Grouped by section, one line a rule."""
    lines: list[str] = []
    for section in dict.fromkeys(result["section"] for result in results):
        lines.append(f"\n{section}")
        for result in results:
            if result["section"] == section:
                why = f"\n{'':12}{result['why']}" if result["why"] else ""
                lines.append(
                    f"  {MARKS[result['outcome']]:8}{'' if result['level'] == suite.REQUIRED else '(recommended) '}{result['rule']}{why}"
                )
    for level in (suite.REQUIRED, suite.RECOMMENDED):
        counts = Counter(result["outcome"] for result in results if result["level"] == level)
        lines.append(f"\n{level}: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.protocol", description="Conformance to tus 1.0 of the server at URL.")
    parser.add_argument("url", help="where uploads are created")
    parser.add_argument("-H", "--header", action="append", default=[], metavar="'Name: value'", help="sent with every request")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results as JSON")
    arguments = parser.parse_args()
    headers = dict(tuple(part.strip() for part in text.split(":", 1)) for text in arguments.header)
    results = suite.run(suite.Server(arguments.url, headers))
    sys.stdout.write(report(results) + "\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n")
    return int(any(result["level"] == suite.REQUIRED and result["outcome"] in {"failed", "broken"} for result in results))


if __name__ == "__main__":
    sys.exit(main())
