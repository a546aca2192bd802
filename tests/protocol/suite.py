"""What a check is, what it may use of a server, and how results are kept."""

import base64
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

TUS = {"Tus-Resumable": "1.0.0"}
OFFSET = {"Content-Type": "application/offset+octet-stream"}
REQUIRED, RECOMMENDED = "required", "recommended"


class Failed(Exception):
    """The server did something else; the text says what."""


class NotOffered(Exception):
    """The server does not announce the extension."""


@dataclass(frozen=True)
class Check:
    """One rule. `section` is the heading of the specification, or the extension's name."""

    name: str
    section: str
    level: str
    extension: str
    text: str
    run: Callable[["Server"], None]


CHECKS: list[Check] = []


def check(section: str, level: str = REQUIRED, extension: str = "") -> Callable[[Callable[["Server"], None]], Callable[["Server"], None]]:
    """Register a check; its docstring is the rule as a sentence."""

    def add(run: Callable[["Server"], None]) -> Callable[["Server"], None]:
        CHECKS.append(Check(run.__name__, section, level, extension, (run.__doc__ or "").strip(), run))
        return run

    return add


def is_not(wrong: bool, text: str) -> None:
    if wrong:
        raise Failed(text)


def status(answer: httpx.Response, *allowed: int) -> httpx.Response:
    is_not(answer.status_code not in allowed, f"answered {answer.status_code} instead of {' or '.join(map(str, allowed))}")
    return answer


def header(answer: httpx.Response, name: str, expected: str | None = None) -> str:
    found = answer.headers.get(name)
    is_not(found is None, f"no {name} in the answer")
    is_not(expected is not None and found != expected, f"{name} is {found!r} instead of {expected!r}")
    return str(found)


def encoded(**pairs: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" if value else name for name, value in pairs.items())


@dataclass
class Server:
    """The server under test at its creation URL."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.http = httpx.Client(headers=self.headers, timeout=30)
        self.options = self.http.options(self.url)
        self.extensions = frozenset(one.strip() for one in self.options.headers.get("tus-extension", "").split(","))
        self.max_size = int(self.options.headers.get("tus-max-size") or 0)

    def post(self, headers: dict[str, str] | None = None, body: bytes | None = None, *, bare: bool = False) -> httpx.Response:
        return self.http.post(self.url, headers={**({} if bare else TUS), **(headers or {})}, content=body)

    def create(self, length: int | None = 0, **headers: str) -> str:
        """URL of a new upload."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        wanted = {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}
        answer = status(self.post({**wanted, **said}), 201)
        return str(httpx.URL(self.url).join(header(answer, "Location")))

    def head(self, url: str, headers: dict[str, str] | None = None) -> httpx.Response:
        """HEAD, asked again for a while where the upload is locked."""
        for _ in range(50):
            answer = self.http.head(url, headers={**TUS, **(headers or {})})
            if answer.status_code != 423:
                return answer
            time.sleep(0.2)
        return answer

    def offset(self, url: str) -> int:
        return int(header(status(self.head(url), 200, 204), "Upload-Offset"))

    def patch(self, url: str, offset: int | str, body: object = b"", **headers: str | None) -> httpx.Response:
        said: dict[str, str | None] = {**TUS, **OFFSET, "Upload-Offset": str(offset)}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.patch(url, headers={name: value for name, value in said.items() if value is not None}, content=body)  # type: ignore[arg-type]

    def delete(self, url: str) -> httpx.Response:
        return self.http.delete(url, headers=TUS)

    def upload(self, body: bytes, **headers: str) -> str:
        url = self.create(len(body), **headers)
        status(self.patch(url, 0, body), 204)
        return url


def run(server: Server) -> list[dict[str, str]]:
    """Every check in turn. A result is `passed`, `failed`, `not offered` or `broken` (the server answered no HTTP)."""
    results = []
    for one in CHECKS:
        outcome, why = "passed", ""
        try:
            if one.extension and one.extension not in server.extensions:
                raise NotOffered
            one.run(server)
        except NotOffered:
            outcome = "not offered"
        except Failed as error:
            outcome, why = "failed", str(error)
        except (httpx.HTTPError, ValueError) as error:
            outcome, why = "broken", f"{type(error).__name__}: {error}"
        results.append({"check": one.name, "section": one.section, "level": one.level, "rule": one.text, "outcome": outcome, "why": why})
    return results


def some(size: int) -> bytes:
    return os.urandom(size)
