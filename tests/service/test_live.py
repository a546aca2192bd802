"""`GET /events`: hints reach who may see the project, nobody else, and a gap is told."""

import json
import os
import signal
import threading
import time
from contextlib import suppress

import httpx

from tests.files.test_tree import put
from tests.harness import ASSETS, wait_until


class Ear(threading.Thread):
    """An open stream; `kinds` are the hints heard so far."""

    def __init__(self, client, headers=None):
        super().__init__(daemon=True)
        self._url = f"{client.base_url}events"
        self._headers = {"Authorization": client.headers["authorization"], **(headers or {})}
        self.kinds, self.told = [], []
        self.is_open = threading.Event()
        self.is_over = threading.Event()
        self.start()
        assert self.is_open.wait(20)

    def run(self):
        # Later tests kill the server, with whoever still listens to it.
        with suppress(httpx.TransportError), httpx.stream("GET", self._url, headers=self._headers, timeout=60) as answer:
            assert answer.status_code == 200, answer.read()
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert "content-encoding" not in answer.headers
            for line in answer.iter_lines():
                self.is_open.set()
                if line.startswith("event: "):
                    self.kinds.append(line.removeprefix("event: "))
                if line.startswith("data: ") and self.kinds[-1:] == ["files.progress"]:
                    self.told.append(json.loads(line.removeprefix("data: ")))
            self.is_over.set()

    def hears(self, kind, within_s=10):
        wait_until(lambda: kind in self.kinds, within_s, 0.1, f"hint {kind}")


def test_a_new_file_is_told_to_members_and_to_nobody_else(client, project, stranger):
    mine, theirs = Ear(client), Ear(stranger)
    file = put(client, project, "new.txt")
    mine.hears("files.stored")
    client.delete(f"/files/{file['id']}")
    mine.hears("files.changed")
    client.patch(f"/projects/{project}", json={"name": "Renamed"})
    mine.hears("projects.changed")
    time.sleep(1)
    assert {kind for kind in theirs.kinds if kind != "jobs.changed"} == set()


def test_who_becomes_a_member_hears_at_once_and_who_goes_no_more(client, project, stranger):
    ear = Ear(stranger)
    username = stranger.get("/me").json()["username"]
    member = client.post(f"/projects/{project}/members", json={"username": username, "role": "viewer"}).json()["user_id"]
    ear.hears("resync")
    put(client, project, "seen.txt")
    ear.hears("files.stored")
    client.delete(f"/projects/{project}/members/{member}")
    wait_until(lambda: ear.kinds.count("resync") == 2, 10, 0.1, "the news of it")
    before = len(ear.kinds)
    put(client, project, "unseen.txt")
    time.sleep(2)
    assert [kind for kind in ear.kinds[before:] if kind.startswith("files.")] == []


def test_who_comes_back_is_told_to_look_at_everything(client):
    ear = Ear(client, {"Last-Event-ID": "again"})
    ear.hears("resync")
    assert ear.kinds[0] == "resync"


def test_the_stream_ends_with_the_session(client, stranger):
    ear = Ear(stranger)
    assert stranger.delete("/me/sessions").status_code == 204
    assert ear.is_over.wait(45), "re-authorised within 30 s"


def test_after_redis_was_away_everybody_looks_again(stack, client):
    ear = Ear(client)
    assert stack.kill("valkey")
    ear.hears("resync", 40)
    stack.wait_ready("valkey")


def test_a_hint_that_could_not_be_sent_is_made_good(stack, client, project):
    """Redis hangs for a moment: no connection breaks, so nobody but the teller knows that there was a hint."""
    ear = Ear(client)
    valkey = stack.pid("valkey")
    os.kill(valkey, signal.SIGSTOP)
    try:
        put(client, project, "unheard.txt", b"x")
        time.sleep(2)
    finally:
        os.kill(valkey, signal.SIGCONT)
    ear.hears("resync", 20)
    assert "resync" in ear.kinds


def test_how_far_a_film_is_is_told_as_it_goes(client, project, stranger):
    mine, theirs = Ear(client), Ear(stranger)
    film = client.upload_file(project, ASSETS / "bigbuckbunny.mp4", "video/mp4")
    mine.hears("files.progress", 60)
    client.processed(film["id"])
    wait_until(lambda: mine.told[-1]["progress"] == 1, 10, 0.1, "the last hint")
    assert {one["file_id"] for one in mine.told} == {film["id"]}
    assert [one["progress"] for one in mine.told] == sorted(one["progress"] for one in mine.told), "never back"
    assert all("left_s" in one for one in mine.told)
    assert "files.progress" not in theirs.kinds
