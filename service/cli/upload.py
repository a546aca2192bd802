"""`stowage upload`: files and folders by tus, several at a time; what a kill interrupts goes on where it was."""

import argparse
import concurrent.futures
import hashlib
import json
import os
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed
from tusclient.uploader.uploader import Uploader

from service.cli.remote import UNAUTHORIZED, Remote, RemoteError, fail

CHUNK_BYTES = 32 << 20
GIVE_UP_AFTER_S = 900
LONGEST_PAUSE_S = 20.0
TELL_EVERY_S = 0.5
GONE = frozenset({404, 410})
PASSING = frozenset({423, 429})
OFFSET_CONFLICT = "uploads.offset_conflict"


@dataclass(frozen=True, slots=True)
class Item:
    """A file here and its name there, folders included."""

    path: Path
    target: str


def items_of(paths: list[Path]) -> Iterator[Item]:
    """Files as themselves, folders with what is below them. Links to folders are not followed. Raises RemoteError."""
    for path in paths:
        if path.is_dir():
            top = path.resolve()
            for folder, folders, names in os.walk(top):
                folders.sort()
                for name in sorted(names):
                    file = Path(folder) / name
                    if file.is_file():
                        yield Item(file, f"{top.name}/{file.relative_to(top).as_posix()}")
        elif path.is_file():
            yield Item(path, path.name)
        else:
            message = f"{path} is neither a file nor a folder."
            raise RemoteError(message)


class Memory:
    """What is remembered of one upload between runs: a key sent with its creation, then its URL."""

    def __init__(self, api: str, project: str, item: Item) -> None:
        facts = item.path.stat()
        identity = json.dumps([api, project, str(item.path.resolve()), item.target, facts.st_size, facts.st_mtime_ns])
        home = Path(os.environ.get("XDG_STATE_HOME", "~/.local/state")).expanduser() / "stowage" / "uploads"
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = home / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.json"
        self.key, self.url = secrets.token_hex(16), ""
        with suppress(OSError, ValueError, KeyError):
            found = json.loads(self._path.read_text(encoding="utf-8"))
            self.key, self.url = found["key"], found["url"]

    def save(self) -> None:
        """Before the creation as well: a kill in the middle of it finds the same upload again by the key."""
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps({"key": self.key, "url": self.url}), encoding="utf-8")
        new.replace(self._path)

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)
        self.key, self.url = secrets.token_hex(16), ""


class Progress:
    """One line on a terminal; nothing elsewhere."""

    def __init__(self, count: int, size: int, *, is_quiet: bool) -> None:
        self._count, self._size = count, size
        self._shown = sys.stderr.isatty() and not is_quiet
        self._lock = threading.Lock()
        self._bytes = self._done = 0
        self._began = self._told = time.monotonic()

    def moved(self, count: int) -> None:
        with self._lock:
            self._bytes += count
            now = time.monotonic()
            if self._shown and now - self._told >= TELL_EVERY_S:
                self._told = now
                self._tell(now)

    def finished(self) -> None:
        with self._lock:
            self._done += 1
            if self._shown:
                self._tell(time.monotonic())

    def _tell(self, now: float) -> None:
        rate = self._bytes / max(now - self._began, 0.001)
        share = 100 * self._bytes // self._size if self._size else 100
        left = f", {(self._size - self._bytes) / rate:.0f} s left" if rate else ""
        sys.stderr.write(f"\r\033[K{share} %  {self._done} of {self._count} files  {rate / 1e6:.1f} MB/s{left}")
        sys.stderr.flush()


class Sender:
    """Uploads items into one project."""

    def __init__(self, remote: Remote, project: str, progress: Progress, *, on_conflict: str, verifies: bool) -> None:
        self._remote, self._project, self._progress = remote, project, progress
        self._on_conflict, self._verifies = on_conflict, verifies

    def send(self, item: Item) -> dict[str, object]:
        """Upload one file to its end, through whatever happens. Raises RemoteError, OSError."""
        size = item.path.stat().st_size
        memory = Memory(self._remote.api, self._project, item)
        deadline, pause = time.monotonic() + GIVE_UP_AFTER_S, 0.5
        uploader: Uploader | None = None
        while True:
            token = self._remote.token
            try:
                if uploader is None:
                    uploader = self._open(item, memory, token)
                before = uploader.offset
                if before >= size:
                    break
                uploader.upload_chunk()  # type: ignore[no-untyped-call]  # tuspy is half typed
                self._progress.moved(uploader.offset - before)
                deadline, pause = time.monotonic() + GIVE_UP_AFTER_S, 0.5
            except (TusCommunicationError, TusUploadFailed) as error:
                uploader = None
                self._after(error, memory, token, deadline)
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
        upload = self._remote.get(f"/uploads/{memory.url.rpartition('/')[2]}").json()
        if self._verifies:
            self._verify(item, upload["file_id"])
        memory.forget()
        self._progress.finished()
        return {"path": str(item.path), "file_id": upload["file_id"], "bytes": size}

    def _open(self, item: Item, memory: Memory, token: str) -> Uploader:
        """The upload begun before, or a new one; its offset is the server's."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": memory.key}
        client = TusClient(f"{self._remote.api}/projects/{self._project}/tus", headers=headers)
        metadata = {"relativePath": item.target, "filename": item.path.name, "on_conflict": self._on_conflict}
        if not memory.url:
            memory.save()
            fresh = client.uploader(str(item.path), chunk_size=CHUNK_BYTES, metadata=metadata)
            memory.url = fresh.create_url()
            memory.save()
        uploader: Uploader = client.uploader(str(item.path), chunk_size=CHUNK_BYTES, metadata=metadata, url=memory.url)
        self._progress.moved(uploader.offset)
        return uploader

    def _after(self, error: TusCommunicationError, memory: Memory, token: str, deadline: float) -> None:
        """What passes is waited for; an upload that is gone is begun anew. Raises RemoteError for what does not pass."""
        status = error.status_code or 0
        if status == UNAUTHORIZED:
            self._remote.sign_in(token)
        elif status in GONE and memory.url:
            memory.forget()
        elif 400 <= status < 500 and status not in PASSING and _problem(error, "code") != OFFSET_CONFLICT:  # noqa: PLR2004  a refusal
            raise RemoteError(_problem(error, "detail")) from error
        if time.monotonic() > deadline:
            message = f"Nothing went on for {GIVE_UP_AFTER_S} s, at last: {_problem(error, 'detail')} Run the same command again to go on."
            raise RemoteError(message) from error

    def _verify(self, item: Item, file_id: str) -> None:
        """Read the file back from the store and compare. Raises RemoteError."""
        there = hashlib.sha256()
        with self._remote.get(f"/files/{file_id}/content", stream=True) as answer:
            for chunk in answer.iter_content(1 << 20):
                there.update(chunk)
        with item.path.open("rb") as file:
            here = hashlib.file_digest(file, "sha256")
        if here.digest() != there.digest():
            message = f"{item.path} is not what arrived: sha256 {here.hexdigest()} here, {there.hexdigest()} there."
            raise RemoteError(message)


def _problem(error: TusCommunicationError, member: str) -> str:
    """A member of the problem that the server answered; where there is none, what the client says."""
    with suppress(ValueError, KeyError, TypeError):
        return str(json.loads(error.response_content or b"")[member])
    return str(error)


def run(arguments: argparse.Namespace) -> int:
    """Exit status: 0 all there, 1 some files failed, 2 nothing could be begun."""
    try:
        items = list(items_of(arguments.paths))
        remote = Remote.of(arguments)
        project = remote.project_id(arguments.project)
    except RemoteError as error:
        return fail(error)
    progress = Progress(len(items), sum(item.path.stat().st_size for item in items), is_quiet=arguments.json)
    sender = Sender(remote, project, progress, on_conflict=arguments.on_conflict, verifies=arguments.verify)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=arguments.parallel) as pool:
        waiting = {pool.submit(sender.send, item): item for item in items}
        for done in concurrent.futures.as_completed(waiting):
            item = waiting[done]
            try:
                result = done.result()
            except (RemoteError, OSError) as error:
                failed += 1
                result = {"path": str(item.path), "error": str(error)}
                sys.stderr.write(f"\r\033[K{item.path}: {error}\n" if sys.stderr.isatty() else f"{item.path}: {error}\n")
            if arguments.json:
                sys.stdout.write(json.dumps(result) + "\n")
    if not arguments.json:
        sys.stdout.write(f"{len(items) - failed} of {len(items)} files uploaded.\n")
    return 1 if failed else 0
