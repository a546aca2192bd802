"""`stowage uploads list|show|abort|cleanup`: everybody's unfinished uploads, for administrators. Ends nothing without --yes."""

import argparse
import json
import re
import sys
from typing import Any

from service.cli.remote import Remote, RemoteError, fail

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_AGE = re.compile(r"^(\d{1,6})([smhdw])$")


def age(text: str) -> int:
    """`90m`, `12h`, `7d` in seconds, for argparse."""
    match = _AGE.match(text)
    if match is None:
        message = f"{text!r} is no age: write 30m, 12h or 7d"
        raise argparse.ArgumentTypeError(message)
    return int(match[1]) * _SECONDS[match[2]]


def run(arguments: argparse.Namespace) -> int:
    """Returns an exit status."""
    try:
        return _VERBS[arguments.verb](Remote.of(arguments), arguments)
    except RemoteError as error:
        return fail(error)


def _list(remote: Remote, arguments: argparse.Namespace) -> int:
    found = list(remote.pages("/system/uploads", {"untouched_s": str(arguments.older_than)}))
    _print(found, arguments)
    return 0


def _show(remote: Remote, arguments: argparse.Namespace) -> int:
    upload = remote.get(f"/system/uploads/{arguments.upload}").json()
    text = json.dumps(upload) if arguments.json else "\n".join(f"{name:16} {value}" for name, value in upload.items())
    sys.stdout.write(f"{text}\n")
    return 0


def _abort(remote: Remote, arguments: argparse.Namespace) -> int:
    return _end(remote, [remote.get(f"/system/uploads/{arguments.upload}").json()], arguments)


def cleanup(remote: Remote, arguments: argparse.Namespace) -> int:
    return _end(remote, list(remote.pages("/system/uploads", {"untouched_s": str(arguments.older_than)})), arguments)


def _end(remote: Remote, uploads: list[dict[str, Any]], arguments: argparse.Namespace) -> int:
    failed = 0
    for upload in uploads if arguments.yes else []:
        try:
            remote.delete(f"/system/uploads/{upload['id']}")
            upload["ended"] = True
        except RemoteError as error:
            failed += 1
            upload["ended"] = False
            sys.stderr.write(f"stowage: {upload['id']}: {error}\n")
    _print(uploads, arguments)
    if not arguments.json:
        sys.stdout.write(f"{len(uploads) - failed} ended\n" if arguments.yes else f"{len(uploads)} would be ended; say --yes to do it\n")
    return int(failed > 0)


def _print(uploads: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    if arguments.json:
        for upload in uploads:
            sys.stdout.write(json.dumps(upload) + "\n")
        return
    for upload in uploads:
        length = upload["length_bytes"]
        share = f"{upload['offset_bytes'] / length:4.0%}" if length else "   ?"
        rate = f"{upload['bytes_per_s'] / 1e6:8.2f} MB/s"
        sys.stdout.write(
            f"{upload['id']}  {upload['state']:10} {share} {rate}  {upload['age_s'] // 3600:5} h  {upload['username']}  {upload['project']}/{upload['name']}\n"
        )


_VERBS = {"list": _list, "show": _show, "abort": _abort, "cleanup": cleanup}
