"""Everything that can go wrong, at once and for as long as one likes; then the books are compared.

Clients upload by every script through nodes whose four links (client, store, database, Redis) are faulty; the nodes are killed at
failpoints and at random; every process of the stack is killed now and then; a film is in the transcoder all the time.
"""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.faults.books import balance, settle
from tests.faults.ledger import PATIENCE_S, Entry, FilmUploader, Uploader
from tests.faults.links import STORE, Link, Links
from tests.faults.node import Node
from tests.faults.scripts import SCRIPTS, Scripted
from tests.harness import ASSETS, Stack

NODES = 3
CLIENTS = 24
SHARE_OF_FAULTS = 1.0
KILLS_PER_FAILPOINT = 20
# The pieces of the stack a person could lose; the store's own processes and Postgres included.
VICTIMS = ("api", "relay", "scheduler", "worker-io", "worker-cpu", "worker-upkeep", "s3", "postgres", "valkey")
SWIFT_VICTIMS = ("s3-object", "s3-container", "s3-account")
# Large ones are rarer, so that there are many.
WEIGHTS = {"many_parts": 0.12, "checked": 0.2, "parts_and_tails": 0.3, "joined": 0.4, "deleted": 0.5}


@dataclass
class Report:
    """What was done to it, and what came of it."""

    seed: int
    store: str = ""
    seconds: float = 0.0
    failpoints: Counter[str] = field(default_factory=Counter)
    random_kills: Counter[str] = field(default_factory=Counter)
    faults: dict[str, dict[str, int]] = field(default_factory=dict)
    files: int = 0
    # Partials of a file are uploads too.
    uploads: int = 0
    faulty_files: int = 0
    faulty_uploads: int = 0
    finished: int = 0
    deleted: int = 0
    lost_by_store: int = 0
    requests: int = 0
    failed_requests: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    compared_bytes: int = 0
    films: Counter[str] = field(default_factory=Counter)

    @property
    def kills(self) -> int:
        return self.failpoints.total() + self.random_kills.total()

    def lines(self) -> list[str]:
        often = sum(count >= KILLS_PER_FAILPOINT for count in self.failpoints.values())
        return [
            f"campaign on {self.store}, seed {self.seed}: {self.kills} kills in {self.seconds:.0f} s",
            f"  at {len(self.failpoints)} failpoints between I/O steps: {self.failpoints.total()}, {often} of them {KILLS_PER_FAILPOINT} times or more",
            f"  at random: {dict(sorted(self.random_kills.items()))}",
            *(f"  {name} link: {sum(kinds.values())} faults {kinds}" for name, kinds in sorted(self.faults.items())),
            f"  {self.files} files in {self.uploads} uploads, {self.faulty_files} files and {self.faulty_uploads} uploads with faults; {self.finished} finished, {self.deleted} deleted",
            f"  {self.requests} requests of which {self.failed_requests} failed; {self.compared_bytes / 1e6:.0f} MB read back and compared",
            f"  failures by method: {dict(self.failures.most_common())}",
            f"  films: {dict(self.films)}",
            *(
                [f"  {self.lost_by_store} uploads that MinIO itself lost in a killed Complete, each reported as LOST"]
                if self.lost_by_store
                else []
            ),
            f"  {'no other' if self.lost_by_store else '0'} lost bytes, 0 offsets that went down, 0 false completions, quota exact, keys = rows, outbox empty",
        ]


class Campaign:
    """One run in `folder`, repeatable by its seed but for the machine's own timing."""

    def __init__(self, folder: Path, seed: int, env: dict[str, str], nodes: int = NODES, clients: int = CLIENTS) -> None:
        self.report = Report(seed)
        self._random = random.Random(seed)
        self._over = threading.Event()
        self.stack = Stack(folder / "data", {"STOWAGE_MAX_OPEN_UPLOADS": "100000", **env}).start()
        self.report.store = self.stack.status()["store"]
        self._victims = VICTIMS + (SWIFT_VICTIMS if self.report.store == "swift" else ())
        with self.stack.client() as client:
            self._project = client.project("Under fire")
        self._links = Links(seed)
        behind = self._behind()
        self._nodes = [Node(self.stack, folder / f"node-{number}", **behind) for number in range(nodes)]
        bases = [f"http://127.0.0.1:{self._links.add(f'client-{number}', node.port).port}" for number, node in enumerate(self._nodes)]
        self._scripts: dict[str, set[str]] = {}
        self._known: set[str] = set()
        self._uploaders: list[Uploader] = []
        for number in range(clients):
            uploader = Scripted(self.stack, self._project, seed * 100 + number, self._over, bases)
            uploader.choose = self._choose_script
            self._uploaders.append(uploader)
        self._film = FilmUploader(self.stack, self._project, seed * 100 + clients, self._over, ASSETS / "bigbuckbunny.mp4")
        self._uploaders.append(self._film)

    def _behind(self) -> dict[str, str]:
        """Settings of nodes whose services are reached over faulty links."""
        settings = self.stack.settings_env()
        store = self._links.add("store", _port(settings["STOWAGE_S3_ENDPOINT"]), STORE)
        database_url, redis_url = self.stack.database_url(), (self.stack.data_dir / "secrets" / "stowage_redis_url").read_text().strip()
        database, redis = (
            self._links.add("database", _port(database_url), mean_chunks=800),
            self._links.add("redis", _port(redis_url), mean_chunks=80),
        )
        return {
            "STOWAGE_S3_ENDPOINT": f"http://127.0.0.1:{store.port}",
            "STOWAGE_DATABASE_URL": _through(database_url, database),
            "STOWAGE_REDIS_URL": _through(redis_url, redis),
        }

    # -- what clients do
    def _choose_script(self) -> str:
        """Mostly one that leads to a failpoint nobody has died at often enough."""
        needy = [
            script for script, found in self._scripts.items() if any(self.report.failpoints[one] < KILLS_PER_FAILPOINT for one in found)
        ]
        if needy and self._random.random() < 0.3:
            return self._random.choice(needy)
        return self._random.choices(SCRIPTS, [WEIGHTS.get(script, 1.0) for script in SCRIPTS])[0]

    def _find_failpoints(self) -> None:
        """Which failpoints each script passes when nothing goes wrong."""
        scout = Scripted(self.stack, self._project, self.report.seed * 100 + 99, bases=[self._nodes[0].base])
        for script in SCRIPTS:
            before = self._nodes[0].seen()
            scout.choose = lambda script=script: script
            entry = scout.next_entry()
            scout.entries.append(entry)
            scout._upload(entry)
            entry.put_away()
            self._scripts[script] = self._nodes[0].seen() - before
        self._uploaders.append(scout)
        self._known = {name for found in self._scripts.values() for name in found}

    # -- what is done to them
    def _kill_at_failpoints(self, node: Node) -> None:
        chooser = random.Random(f"{self.report.seed}:{node.port}")
        counted = 0
        while not self._over.wait(0.05):
            known = sorted(self._known | {name for one in self._nodes for name in one.seen()})
            rarest = sorted(known, key=lambda name: (self.report.failpoints[name], chooser.random()))
            node.arm([*rarest[:10], chooser.choice(known)])
            deadline = time.monotonic() + 1.5
            while node.is_armed and time.monotonic() < deadline and not self._over.wait(0.03):
                pass
            node.disarm()
            fired = node.fired()
            self.report.failpoints.update(fired[counted:])
            counted = len(fired)
            self._over.wait(chooser.uniform(0.05, 0.3))

    def _kill_nodes(self) -> None:
        chooser = random.Random(f"{self.report.seed}:nodes")
        while not self._over.wait(chooser.uniform(0.2, 1.0)):
            chooser.choice(self._nodes).kill()
            self.report.random_kills["node"] += 1

    def _kill_stack(self) -> None:
        chooser = random.Random(f"{self.report.seed}:stack")
        while not self._over.wait(chooser.uniform(2.0, 6.0)):
            name = chooser.choice(self._victims)
            self.report.random_kills[name] += self.stack.kill(name)

    # -- one run
    def run(self, seconds: float) -> Report:
        """Raises AssertionError where the books don't balance."""
        self._find_failpoints()
        began = time.monotonic()
        self._links.break_now(SHARE_OF_FAULTS)
        threads = [threading.Thread(target=self._kill_at_failpoints, args=(node,), daemon=True) for node in self._nodes]
        threads += [threading.Thread(target=work, daemon=True) for work in (self._kill_nodes, self._kill_stack)]
        for thread in [*self._uploaders[:-1], *threads]:
            thread.start()
        time.sleep(seconds)
        self._over.set()
        for thread in threads:
            thread.join(30)
        self._links.break_now(0)
        for uploader in self._uploaders[:-1]:
            uploader.join(PATIENCE_S)
            assert not uploader.is_alive(), "a client is still at it"
        self.report.seconds = time.monotonic() - began
        for name in self._victims:
            self.stack.wait_ready(name, 90)
        self._tally()
        # Said before the books are looked at: what did not balance is worth knowing the size of.
        print("\n".join(["counted, before the books:", *self.report.lines()]), flush=True)
        self._balance()
        return self.report

    def _tally(self) -> None:
        report, entries = self.report, [entry for uploader in self._uploaders for entry in uploader.entries]
        report.faults = self._links.tally()
        report.files, report.faulty_files = len(entries), sum(entry.faults > 0 for entry in entries)
        report.faulty_uploads = sum(len(uploader.faulty) for uploader in self._uploaders)
        report.uploads = self.stack.sql("SELECT count(*) FROM uploads")[0][0]
        report.finished, report.deleted = sum(entry.is_done for entry in entries), sum(entry.is_deleted for entry in entries)
        report.lost_by_store = sum(entry.is_lost for entry in entries)
        report.requests = sum(uploader.requests for uploader in self._uploaders)
        report.failed_requests = sum(uploader.failures for uploader in self._uploaders)
        report.failures = sum((uploader.outcomes for uploader in self._uploaders), Counter())

    def _balance(self) -> None:
        assert [line for node in self._nodes for line in node.bugs()] == []
        settle(self.stack)
        entries = [entry for uploader in self._uploaders for entry in uploader.entries]
        self.report.compared_bytes = balance(self.stack, entries)
        self._look_at_films(self._film.entries)

    def _look_at_films(self, entries: list[Entry]) -> None:
        failed = self.stack.sql("SELECT tag, error FROM jobs WHERE state = 'failed'")
        # A job may be given up for one reason only: its worker was killed under it as often as it has attempts.
        assert all("worker stopped in the middle (attempt 5 of 5)" in error for _, error in failed), failed
        with self.stack.client() as client:
            states = [client.processed(client.file_of(entry.url)["id"], 240)["preview"]["state"] for entry in entries if entry.is_done]
            self.report.films = Counter(states)
            assert set(states) <= {"ready", "failed"}, states
            assert states.count("failed") <= len(failed), (states, failed)
            after = client.upload_file(self._project, ASSETS / "bigbuckbunny.mp4", "video/mp4", "after.mp4")
            assert client.processed(after["id"], 240)["preview"]["state"] == "ready"

    def close(self) -> None:
        self._over.set()
        for node in self._nodes:
            node.stop()
        self._links.close()
        self.stack.stop()


def _port(url: str) -> int:
    found = urlsplit(url).port
    assert found is not None, url
    return found


def _through(url: str, link: Link) -> str:
    return url.replace(f":{_port(url)}", f":{link.port}", 1)
