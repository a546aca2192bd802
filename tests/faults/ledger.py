"""Clients that never give up, and the book they keep: every offset a response showed, every byte they sent."""

import base64
import hashlib
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.harness import OFFSET_TYPE, TUS, Stack, metadata, wait_until

MIB = 1 << 20
SIZES = (0, 1, 100_000, 5 * MIB - 1, 9 * MIB, 16 * MIB, 23 * MIB, 40 * MIB)
# Longer than the server needs to call an upload lost: three checks five minutes apart, each of which may meet a fault.
PATIENCE_S = 2_400.0
FILM_REST_S = 15.0


@dataclass
class Entry:
    """One upload as its client knows it."""

    seed: int
    size: int
    path: Path | None = None
    content: bytes | None = None
    url: str = ""
    highest: int = 0
    is_done: bool = False
    is_deleted: bool = False
    was_delete_sent: bool = False
    # The server said that its store lost it, with an alarm. Whether that is true is asked of the store at the end.
    is_lost: bool = False
    # Requests for it that failed or were never answered.
    faults: int = 0
    problems: list[str] = field(default_factory=list)
    digest: str = ""

    def body(self) -> bytes:
        if self.content is None:
            self.content = self.path.read_bytes() if self.path else random.Random(self.seed).randbytes(self.size)
        return self.content

    def put_away(self) -> None:
        """Keep the digest of what was to be stored, not the bytes."""
        self.digest = hashlib.sha256(self.body()).hexdigest()
        self.content = None

    @property
    def name(self) -> str:
        return f"f{self.seed}{self.path.suffix if self.path else '.bin'}"

    def shown(self, offset: int) -> int:
        if offset < self.highest:
            self.problems.append(f"offset went down from {self.highest} to {offset}")
        self.highest = max(self.highest, offset)
        return offset


class Uploader(threading.Thread):
    """Uploads files one after another until told to stop; finishes the one it is at.

    Each request goes to any of `bases`: every node serves every upload.
    """

    def __init__(self, stack: Stack, project: str, seed: int, stop: threading.Event | None = None, bases: Sequence[str] = ()) -> None:
        super().__init__(daemon=True)
        self.entries: list[Entry] = []
        self.requests = self.failures = 0
        self._stack, self._project, self._stop_event = stack, project, stop or threading.Event()
        self._bases = tuple(bases) or (stack.base,)
        self._random = random.Random(seed)
        self._token = ""
        self._current: Entry | None = None
        # The uploads it created, partial ones too, by number; and those of them that met a fault.
        self._created = 0
        self.faulty: set[int] = set()
        self.outcomes: Counter[str] = Counter()
        self._client = httpx.Client(timeout=45)

    def run(self) -> None:
        while not self._stop_event.is_set():
            entry = self.next_entry()
            self.entries.append(entry)
            self._current = entry
            try:
                self._upload(entry)
            except AssertionError as error:
                entry.problems.append(str(error))
            entry.put_away()

    def next_entry(self) -> Entry:
        return Entry(self._random.getrandbits(32), self._random.choice(SIZES))

    def _fail(self, outcome: str) -> None:
        self.failures += 1
        self.outcomes[outcome] += 1
        if self._current is not None:
            self._current.faults += 1
            self.faulty.add(self._created)

    def _ask(self, method: str, path: str, headers: dict, content: bytes | None = None) -> httpx.Response | None:
        """One try; None when there was no answer."""
        self.requests += 1
        base = self._random.choice(self._bases)
        url = f"{base}/api/v1{path}"
        try:
            if not self._token:
                grant = self._client.post(f"{base}/api/v1/auth/token", json={"username": "admin", "password": self._stack.password})
                if grant.status_code != 200:
                    time.sleep(0.3)
                    return None
                self._token = grant.json()["access_token"]
            answer = self._client.request(
                method, url, headers={**TUS, "Authorization": f"Bearer {self._token}", **headers}, content=content
            )
        except httpx.HTTPError as error:
            self._fail(f"{method} {type(error).__name__}")
            time.sleep(0.1)
            return None
        if answer.status_code == 401:
            self._token = ""
        if answer.status_code >= 500 or answer.status_code in {423, 429}:
            self._fail(f"{method} {answer.status_code}")
            time.sleep(0.2)
        return answer

    def _upload(self, entry: Entry) -> None:
        self._create(entry, {"Upload-Length": str(entry.size)})
        self._fill(entry)

    def _create(self, entry: Entry, headers: dict, content: bytes | None = None) -> None:
        deadline = time.monotonic() + PATIENCE_S
        self._created += 1
        sent = {"Idempotency-Key": f"fault-{entry.seed}", "Upload-Metadata": metadata(filename=entry.name), **headers}
        while not entry.url:
            assert time.monotonic() < deadline, "create never succeeded"
            answer = self._ask("POST", f"/projects/{self._project}/tus", sent, content)
            if answer is not None and answer.status_code == 201:
                entry.url = urlsplit(answer.headers["location"]).path.removeprefix("/api/v1")

    def _is_lost(self, entry: Entry) -> bool:
        """Asked until the database answers: it is killed too."""
        query = f"SELECT state FROM uploads WHERE id = '{entry.url.rpartition('/')[2]}'"
        with suppress(AssertionError):
            return wait_until(lambda: self._stack.sql_or_none(query), PATIENCE_S, 0.2, "the upload's state") == [("LOST",)]
        return False

    def _checksum(self, piece: bytes) -> tuple[dict, bool]:
        """Mostly none; else a right one, or now and then a wrong one (True)."""
        if self._random.random() < 0.7:
            return {}, False
        is_wrong = self._random.random() < 0.2
        digest = hashlib.sha1(piece + b"!" * is_wrong, usedforsecurity=False).digest()
        return {"Upload-Checksum": f"sha1 {base64.b64encode(digest).decode()}"}, is_wrong

    def _fill(self, entry: Entry, *, may_delete: bool = True) -> None:
        body, deadline = entry.body(), time.monotonic() + PATIENCE_S
        is_sure = False
        while True:
            assert time.monotonic() < deadline, f"upload never finished (at {entry.highest} of {entry.size})"
            if not is_sure:
                answer = self._ask("HEAD", entry.url, {})
                if answer is not None and answer.status_code == 410 and entry.was_delete_sent:
                    entry.is_deleted = True
                    return
                if answer is not None and answer.status_code == 410 and self._is_lost(entry):
                    entry.is_lost = True
                    return
                if answer is None or answer.status_code != 200:
                    assert answer is None or answer.status_code in {401, 423}, f"HEAD answered {answer.status_code}"
                    continue
                entry.shown(int(answer.headers["upload-offset"]))
                is_sure = True
            if entry.highest == entry.size:
                entry.is_done = True
                return
            if may_delete and self._random.random() < 0.02:
                entry.was_delete_sent = True
                answer = self._ask("DELETE", entry.url, {})
                if answer is not None and answer.status_code in {204, 410}:
                    entry.is_deleted = True
                    return
                is_sure = False
                continue
            count = self._random.choice((MIB, 6 * MIB, 17 * MIB, 64 * MIB))
            piece = body[entry.highest : entry.highest + count]
            checksum, is_wrong = self._checksum(piece)
            answer = self._ask("PATCH", entry.url, {**OFFSET_TYPE, "Upload-Offset": str(entry.highest), **checksum}, piece)
            assert answer is None or answer.status_code != 204 or not is_wrong, "a body with a wrong checksum was taken"
            if answer is not None and answer.status_code == 204:
                entry.shown(int(answer.headers["upload-offset"]))
            else:
                is_sure = False


class PartialUploader(Uploader):
    """Uploads a file as partials, and joins them."""

    def _upload(self, entry: Entry) -> None:
        self._upload_joined(entry)

    def _upload_joined(self, entry: Entry) -> None:
        body, cuts = entry.body(), sorted(self._random.randrange(entry.size + 1) for _ in range(self._random.randrange(4)))
        urls = []
        for start, end in itertools.pairwise([0, *cuts, entry.size]):
            partial = Entry(self._random.getrandbits(32), end - start, content=body[start:end])
            self._create(partial, {"Upload-Length": str(partial.size), "Upload-Concat": "partial"})
            self._fill(partial, may_delete=False)
            assert partial.problems == [], partial.problems
            if partial.is_lost:
                entry.is_lost = True
                return
            urls.append(partial.url)
        self._create(entry, {"Upload-Concat": f"final;{' '.join(f'/api/v1{url}' for url in urls)}"})
        deadline = time.monotonic() + PATIENCE_S
        while not entry.is_done:
            assert time.monotonic() < deadline, "the partials were never joined"
            answer = self._ask("HEAD", entry.url, {})
            entry.is_done = answer is not None and answer.headers.get("upload-offset") == str(entry.size)
            if answer is not None and answer.status_code == 410 and self._is_lost(entry):
                entry.is_lost = True
                return
            time.sleep(0.2)


class FilmUploader(Uploader):
    """Uploads the same film again whenever the last one has been processed, so that a transcode is always under way."""

    def __init__(self, stack: Stack, project: str, seed: int, stop: threading.Event, film: Path) -> None:
        super().__init__(stack, project, seed, stop)
        self._film = film

    def next_entry(self) -> Entry:
        self._stop_event.wait(FILM_REST_S)
        with suppress(AssertionError):
            wait_until(self._is_idle, PATIENCE_S, 1, "the end of the last film's jobs")
        return Entry(self._random.getrandbits(32), self._film.stat().st_size, self._film)

    def _is_idle(self) -> bool:
        busy = """SELECT 1 FROM uploads u JOIN file_versions v ON v.id = u.version_id
                  WHERE u.name LIKE '%.mp4' AND v.preview->>'state' IN ('waiting', 'processing') LIMIT 1"""
        return self._stop_event.is_set() or self._stack.sql_or_none(busy) == []
