"""A Stowage somewhere, spoken to over HTTP as any other program would: where it is, who we are, its projects."""

import argparse
import getpass
import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

TIMEOUT_S = 60
MAX_PAGES = 1_000
UNAUTHORIZED = 401


class RemoteError(Exception):
    """One sentence for the person at the terminal."""


class Remote:
    """A signed-in session. Safe to use from several threads."""

    def __init__(self, base: str, username: str, password: str) -> None:
        self.api = f"{base.rstrip('/')}/api/v1"
        self._credentials = {"username": username, "password": password}
        self._lock = threading.Lock()
        self._token = ""
        self.sign_in("")

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "Remote":
        """From --url and --user, STOWAGE_URL, STOWAGE_USER and STOWAGE_PASSWORD, or the stack that runs here. Raises RemoteError."""
        url = arguments.url or os.environ.get("STOWAGE_URL", "")
        user = arguments.user or os.environ.get("STOWAGE_USER", "")
        password = os.environ.get("STOWAGE_PASSWORD", "")
        if not url:
            return cls(*_here(arguments.data_dir))
        if not user:
            message = "Say who you are with --user or STOWAGE_USER."
            raise RemoteError(message)
        return cls(url, user, password or getpass.getpass(f"Password of {user}: "))

    def sign_in(self, stale: str) -> None:
        """Get a token, unless another thread has replaced the `stale` one meanwhile. Raises RemoteError."""
        with self._lock:
            if self._token != stale:
                return
            answer = _answered(lambda: requests.post(f"{self.api}/auth/token", json=self._credentials, timeout=TIMEOUT_S))
            if not answer.ok:
                raise RemoteError(detail(answer))
            self._token = answer.json()["access_token"]

    @property
    def token(self) -> str:
        return self._token

    def get(self, path: str, parameters: dict[str, str] | None = None, *, stream: bool = False) -> requests.Response:
        """Raises RemoteError."""
        return self._send("GET", path, params=parameters, stream=stream)

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        """Raises RemoteError."""
        return self._send("POST", path, json=body)

    def patch(self, path: str, body: dict[str, Any]) -> requests.Response:
        """Raises RemoteError."""
        return self._send("PATCH", path, json=body)

    def delete(self, path: str) -> None:
        """Raises RemoteError."""
        self._send("DELETE", path)

    def _send(self, method: str, path: str, **rest: Any) -> requests.Response:
        """One request that signs in again once if it has to."""
        for _ in range(2):
            token = self._token
            headers = {"Authorization": f"Bearer {token}"}
            answer = _answered(
                lambda headers=headers: requests.request(method, f"{self.api}{path}", headers=headers, timeout=TIMEOUT_S, **rest)
            )
            if answer.status_code != UNAUTHORIZED:
                break
            self.sign_in(token)
        if not answer.ok:
            raise RemoteError(detail(answer))
        return answer

    def pages(self, path: str, parameters: dict[str, str]) -> Iterator[dict[str, Any]]:
        """Items of a paged list. Raises RemoteError."""
        cursor: dict[str, str] = {}
        for _ in range(MAX_PAGES):
            page = self.get(path, {"limit": "200", **parameters, **cursor}).json()
            yield from page["items"]
            if not page["next_cursor"]:
                return
            cursor = {"cursor": page["next_cursor"]}

    def project_id(self, wanted: str) -> str:
        """Id of the project with this id, slug or name. Raises RemoteError."""
        names = []
        for project in self.pages("/projects", {}):
            if wanted in {project["id"], project["slug"], project["name"]}:
                return str(project["id"])
            names.append(project["name"])
        message = f"There is no project {wanted!r}. Yours: {', '.join(names[:20]) or 'none'}."
        raise RemoteError(message)


def add_remote(command: argparse.ArgumentParser) -> None:
    """Where the server is, and who one is there."""
    command.add_argument("--url", help="the server (default: STOWAGE_URL, or the one that runs here)")
    command.add_argument("--user", help="who you are there (default: STOWAGE_USER); the password is STOWAGE_PASSWORD, or asked for")


def detail(answer: requests.Response) -> str:
    """What a problem response says to people."""
    try:
        found: dict[str, Any] = answer.json()
        return str(found["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The server answered {answer.status_code}."


def _answered(ask: Any) -> requests.Response:
    try:
        found: requests.Response = ask()
    except requests.RequestException as error:
        message = f"The server can't be reached: {error}"
        raise RemoteError(message) from error
    return found


def _here(data_dir: Path) -> tuple[str, str, str]:
    try:
        status = json.loads((data_dir / "run" / "supervisor.json").read_text(encoding="utf-8"))
        password = Path(status["admin_password_file"]).read_text(encoding="utf-8").strip()
        return status["ui_url"], os.environ.get("STOWAGE_ADMIN_USER", "admin"), password
    except (OSError, ValueError, KeyError) as error:
        message = "Nothing runs here: name a server with --url or STOWAGE_URL, or start one with `stowage up`."
        raise RemoteError(message) from error


def fail(error: RemoteError) -> int:
    sys.stderr.write(f"stowage: {error}\n")
    return 2
