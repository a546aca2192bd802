"""The ways in which clients take a file up, one after another, whatever happens meanwhile."""

import base64
import hashlib
import time
from collections.abc import Callable

from tests.faults.ledger import MIB, PATIENCE_S, Entry, PartialUploader
from tests.harness import OFFSET_TYPE, metadata


class Scripted(PartialUploader):
    """Takes each file up by the script that `choose` names."""

    choose: Callable[[], str]

    def next_entry(self) -> Entry:
        return Entry(self._random.getrandbits(32), 0)

    def _upload(self, entry: Entry) -> None:
        getattr(self, self.choose())(entry)

    def empty(self, entry: Entry) -> None:
        self._begin(entry, 0)
        self._fill(entry, may_delete=False)

    def with_creation(self, entry: Entry) -> None:
        entry.size = 50_000
        self._create(entry, {"Upload-Length": "50000", **OFFSET_TYPE}, entry.body())
        self._fill(entry, may_delete=False)

    def one_request(self, entry: Entry) -> None:
        self._begin(entry, 300_000)
        self._fill(entry, may_delete=False)

    def small_tails(self, entry: Entry) -> None:
        self._begin(entry, 400_000)
        self._in_steps(entry, 150_000)

    def parts_and_tails(self, entry: Entry) -> None:
        self._begin(entry, 20 * MIB)
        self._in_steps(entry, 7 * MIB + 1)

    def many_parts(self, entry: Entry) -> None:
        self._begin(entry, 40 * MIB)
        self._in_steps(entry, 40 * MIB)

    def deferred(self, entry: Entry) -> None:
        entry.size = 6 * MIB
        self._create(entry, {"Upload-Defer-Length": "1"})
        self._in_steps(entry, 3 * MIB, {"Upload-Length": str(entry.size)})

    def checked(self, entry: Entry) -> None:
        self._begin(entry, 18 * MIB)
        digest = base64.b64encode(hashlib.sha1(entry.body(), usedforsecurity=False).digest()).decode()
        self._in_steps(entry, entry.size, {"Upload-Checksum": f"sha1 {digest}"})

    def new_version(self, entry: Entry) -> None:
        entry.size = 1_000
        self._create(entry, {"Upload-Length": "1000", "Upload-Metadata": metadata(filename="same.bin", on_conflict="version")})
        self._fill(entry, may_delete=False)

    def into_a_folder(self, entry: Entry) -> None:
        entry.size = 1_000
        meta = metadata(filename="f.bin", relativePath=f"a/{entry.seed}/f.bin")
        self._create(entry, {"Upload-Length": "1000", "Upload-Metadata": meta})
        self._fill(entry, may_delete=False)

    def deleted(self, entry: Entry) -> None:
        self._begin(entry, 12 * MIB)
        self._patch(entry, 8 * MIB, {})
        entry.was_delete_sent = True
        deadline = time.monotonic() + PATIENCE_S
        while not entry.is_deleted:
            assert time.monotonic() < deadline, "it was never deleted"
            answer = self._ask("DELETE", entry.url, {})
            entry.is_deleted = answer is not None and answer.status_code in {204, 410}

    def joined(self, entry: Entry) -> None:
        entry.size = 13 * MIB
        self._upload_joined(entry)

    # -- steps
    def _begin(self, entry: Entry, size: int) -> None:
        entry.size = size
        self._create(entry, {"Upload-Length": str(size)})

    def _patch(self, entry: Entry, count: int, headers: dict) -> bool:
        piece = entry.body()[entry.highest : entry.highest + count]
        answer = self._ask("PATCH", entry.url, {**OFFSET_TYPE, "Upload-Offset": str(entry.highest), **headers}, piece)
        if answer is not None and answer.status_code == 204:
            entry.shown(int(answer.headers["upload-offset"]))
            return True
        return False

    def _in_steps(self, entry: Entry, count: int, headers: dict | None = None) -> None:
        """PATCHes of `count` bytes; the first that fails hands over to the client that never gives up."""
        while entry.highest < entry.size:
            if not self._patch(entry, count, headers or {}):
                break
            headers = headers if headers and "Upload-Checksum" in headers else {}
        if "Upload-Length" in (headers or {}):
            self._declare(entry, headers or {})
        self._fill(entry, may_delete=False)

    def _declare(self, entry: Entry, headers: dict) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            answer = self._ask("HEAD", entry.url, {})
            if answer is not None and answer.status_code == 200:
                entry.shown(int(answer.headers["upload-offset"]))
                if "upload-length" in answer.headers or self._patch(entry, 0, headers):
                    return


SCRIPTS = (
    "empty",
    "with_creation",
    "one_request",
    "small_tails",
    "parts_and_tails",
    "many_parts",
    "deferred",
    "checked",
    "new_version",
    "into_a_folder",
    "deleted",
    "joined",
)
