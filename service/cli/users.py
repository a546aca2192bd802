"""`stowage users …`: who has an account, for administrators."""

import argparse
import getpass
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from service.cli.remote import Remote, RemoteError, fail

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_SIZE = re.compile(r"^(\d{1,15})\s*([kmgt]i?)?b?$", re.IGNORECASE)
DESCRIPTIONS = {
    "list": "show everybody",
    "create": "make an account; the password is STOWAGE_NEW_PASSWORD, or asked for",
    "invite": "print a one-time link by which somebody makes an account",
    "disable": "sign out everywhere and let nobody in by that name",
    "enable": "let them in again",
    "reset-password": "print a one-time link to choose a new password by",
    "set-role": "make an administrator of a member, or a member of an administrator",
    "set-quota": "change how much somebody may store",
}


def size(text: str) -> int:
    """`500G`, `2TiB` or a number of bytes, for argparse."""
    match = _SIZE.match(text)
    if match is None:
        message = f"{text!r} is no size: write 500G, 2TiB or a number of bytes"
        raise argparse.ArgumentTypeError(message)
    return int(match[1]) * _UNITS[(match[2] or "").lower()]


def add_arguments(verb: str, command: argparse.ArgumentParser) -> None:
    """What each verb takes besides the server."""
    if verb not in {"list", "invite"}:
        command.add_argument("username", metavar="NAME")
    if verb == "list":
        command.add_argument("--search", default="", metavar="TEXT", help="a part of the name or the e-mail address")
    if verb in {"create", "invite"}:
        command.add_argument("--role", choices=("member", "admin"), default="member")
        command.add_argument("--email")
        command.add_argument("--quota", type=size, metavar="SIZE", help="500G, 2TiB (default: STOWAGE_USER_QUOTA_BYTES of the server)")
    if verb == "create":
        command.add_argument("--full-name", default="")
    if verb == "set-role":
        command.add_argument("role", choices=("member", "admin"))
    if verb == "set-quota":
        command.add_argument("quota", type=size, metavar="SIZE")
    command.add_argument("--json", action="store_true", help="one line of JSON per result")


def run(arguments: argparse.Namespace) -> int:
    """Returns an exit status."""
    try:
        return _VERBS[arguments.verb](Remote.of(arguments), arguments)
    except RemoteError as error:
        return fail(error)


def _list(remote: Remote, arguments: argparse.Namespace) -> int:
    for person in remote.pages("/users", {"q": arguments.search}):
        _print(person, arguments)
    return 0


def _create(remote: Remote, arguments: argparse.Namespace) -> int:
    password = os.environ.get("STOWAGE_NEW_PASSWORD") or getpass.getpass(f"Password for {arguments.username}: ")
    body = {
        "username": arguments.username,
        "password": password,
        "role": arguments.role,
        "full_name": arguments.full_name,
        "email": arguments.email,
        "quota_bytes": arguments.quota,
    }
    _print(remote.post("/users", body).json(), arguments)
    return 0


def _invite(remote: Remote, arguments: argparse.Namespace) -> int:
    body = {"role": arguments.role, "email": arguments.email, "quota_bytes": arguments.quota}
    return _print_link(remote.post("/users/links", body).json(), arguments)


def _reset_password(remote: Remote, arguments: argparse.Namespace) -> int:
    return _print_link(remote.post(f"/users/{_id_of(remote, arguments.username)}/reset", {}).json(), arguments)


def _changing(change: Callable[[argparse.Namespace], dict[str, Any]]) -> Callable[[Remote, argparse.Namespace], int]:
    def verb(remote: Remote, arguments: argparse.Namespace) -> int:
        _print(remote.patch(f"/users/{_id_of(remote, arguments.username)}", change(arguments)).json(), arguments)
        return 0

    return verb


def _id_of(remote: Remote, username: str) -> str:
    for person in remote.pages("/users", {"q": username}):
        if person["username"].lower() == username.lower():
            return str(person["id"])
    message = f"Nobody has the name {username!r}."
    raise RemoteError(message)


def _print(person: dict[str, Any], arguments: argparse.Namespace) -> None:
    quota = person["quota"]
    used = f"{quota['used_bytes'] / 1e9:.1f} of {quota['limit_bytes'] / 1e9:.1f} GB"
    line = f"{person['username']:24} {person['role']:7} {person['state']:9} {used:>24}  {person['email'] or ''}"
    sys.stdout.write(f"{json.dumps(person) if arguments.json else line.rstrip()}\n")


def _print_link(link: dict[str, Any], arguments: argparse.Namespace) -> int:
    text = json.dumps(link) if arguments.json else f"{link['url']}\nIt works once, until {link['expires_at']}."
    sys.stdout.write(f"{text}\n")
    return 0


_VERBS: Mapping[str, Callable[[Remote, argparse.Namespace], int]] = {
    "list": _list,
    "create": _create,
    "invite": _invite,
    "reset-password": _reset_password,
    "disable": _changing(lambda _: {"state": "disabled"}),
    "enable": _changing(lambda _: {"state": "active"}),
    "set-role": _changing(lambda arguments: {"role": arguments.role}),
    "set-quota": _changing(lambda arguments: {"quota_bytes": arguments.quota}),
}
