"""Every hostile file is refused or contained, with a reason, and nobody else notices."""

import http.server
import threading
import time
from pathlib import Path

import pytest

from tests.harness import wait_until
from tests.hostile import files

MOST_BYTES = 512 << 20
MOST_S = 60
# Answers that say: ask again.
STILL = {"archive.indexing", "pages.rendering"}


class Listener(http.server.BaseHTTPRequestHandler):
    """What a forged request would reach."""

    hits: list = []  # noqa: RUF012  one server, one list

    def do_GET(self):
        self.hits.append(self.path)
        self.send_error(404)

    def log_message(self, *_):
        pass


@pytest.fixture
def listener():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Listener.hits.clear()
    yield f"http://127.0.0.1:{server.server_port}/secret"
    server.shutdown()


class Sampler(threading.Thread):
    """Largest resident size of any child that parses, sampled; bytes by module."""

    def __init__(self):
        super().__init__(daemon=True)
        self.largest, self.over = {}, threading.Event()

    def run(self):
        while not self.over.wait(0.05):
            for process in Path("/proc").iterdir():
                if process.name.isdecimal():
                    self._look(process)

    def _look(self, process):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            child = next((word.decode() for word in words if word.startswith(b"workers.tools.") or b"/ffmpeg-linux" in word), None)
            if child is not None:
                rss = next(int(line.split()[1]) << 10 for line in (process / "status").read_text().splitlines() if line.startswith("VmHWM"))
                self.largest[child] = max(self.largest.get(child, 0), rss)
        except (OSError, StopIteration):
            return


def looked_at(client, file):
    """Whatever the viewer would ask for, until there is an answer."""
    for what in ("archive", "pages", "text", "derivatives", "facts"):
        answer = wait_until(
            lambda what=what: a if (a := client.get(f"/files/{file['id']}/{what}")).json().get("code") not in STILL else None,
            MOST_S,
            0.3,
            f"an answer about {what} of {file['name']}",
        )
        assert answer.status_code < 500, (file["name"], what, answer.text)
        yield what, answer


def test_hostile_files_are_refused_or_contained(stack, client, project, listener, capsys):
    workers = [f"worker-{name}" for name in ("io", "cpu", "upkeep")]
    before = [stack.pid(name) for name in workers]
    sampler = Sampler()
    sampler.start()
    hostile = files(listener)
    assert len(hostile) >= 60
    sent = {}
    for name, (body, claimed) in hostile.items():
        sent[name] = client.file_of(client.upload(project, body, filename=name, filetype=claimed))
    rows = []
    for name, file in sent.items():
        found = client.processed(file["id"], 4 * MOST_S)["preview"]
        answers = dict(looked_at(client, file))
        reason = found["reason"] or next((a.json()["detail"] for a in answers.values() if "unreadable" in str(a.json().get("code"))), "")
        assert found["state"] in {"none", "ready", "failed"}, name
        assert found["state"] != "failed" or len(found["reason"]) > 15, name
        rows.append(f"  {name:20} {found['kind']:6} {found['state']:7} {reason[:90]}")
    took = stack.sql("SELECT max(extract(epoch FROM finished_at - started_at)) FROM jobs WHERE file_id = ANY(%s)", [file["id"] for file in sent.values()])[0][0]  # fmt: skip
    # What was let in is what was meant: nothing of another file or machine.
    assert Listener.hits == []
    assert [stack.pid(name) for name in workers] == before, "a worker died"
    time.sleep(0.1)
    sampler.over.set()
    assert max(sampler.largest.values()) <= MOST_BYTES, sampler.largest
    assert took is not None
    assert float(took) <= MOST_S
    names = {item["path"] for item in client.get(f"/files/{sent['up.zip']['id']}/archive").json().get("items", []) if "path" in item}
    assert not any(name.startswith("/") or ".." in name.split("/") for name in names)
    largest = ", ".join(f"{child.rpartition('/')[2]} {rss >> 20} MiB" for child, rss in sorted(sampler.largest.items()))
    with capsys.disabled():
        print(f"\nhostile: {len(rows)} files, longest job {float(took):.1f} s, largest children: {largest}\n" + "\n".join(rows))
