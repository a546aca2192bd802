"""`stowage upload` as a person uses it, against the running stack."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import ROOT, wait_until

MIB = 1 << 20


@pytest.fixture
def environment(stack, tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STOWAGE_")}
    return {
        **kept,
        "STOWAGE_URL": stack.base,
        "STOWAGE_USER": "admin",
        "STOWAGE_PASSWORD": stack.password,
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }


def command(*arguments):
    return [sys.executable, "-m", "service.cli.main", "upload", *map(str, arguments)]


def upload(environment, *arguments):
    return subprocess.run(command(*arguments), env=environment, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)


def test_a_folder_arrives_with_its_structure_and_is_verified(client, project, environment, tmp_path):
    sizes = {"a.bin": 0, "b/ü b.bin": 5, "b/c/d.bin": 3 * MIB, "b/c/e.bin": 40 * MIB}
    top = tmp_path / "batch"
    for name, size in sizes.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(os.urandom(size))
    result = upload(environment, top, "--project", project, "--verify", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert {line["path"]: line["bytes"] for line in lines} == {str(top / name): size for name, size in sizes.items()}
    for line in lines:
        file = client.get(f"/files/{line['file_id']}").json()
        assert client.content(file["id"]) == Path(line["path"]).read_bytes()
    assert [entry["name"] for entry in client.get(f"/projects/{project}/entries").json()["items"]] == ["batch"]
    assert not list((tmp_path / "state").rglob("*.json")), "nothing is remembered of what is done"


def test_a_killed_client_goes_on_where_it_was(stack, client, environment, tmp_path):
    project = client.project("Killed client")
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(400 * MIB))
    first = subprocess.Popen(command(path, "-p", "Killed client"), env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)

    def offset():
        found = stack.sql("SELECT offset_bytes FROM uploads WHERE project_id = %s", project)
        return found[0][0] if found else 0

    wait_until(lambda: offset() >= 32 * MIB, 60, 0.02, "a first chunk")
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert offset() < 400 * MIB, "the machine was too quick for this test"
    result = upload(environment, path, "-p", "Killed client")
    assert (result.returncode, result.stdout) == (0, "1 of 1 files uploaded.\n")
    rows = stack.sql("SELECT state, file_id::text FROM uploads WHERE project_id = %s", project)
    assert [row[0] for row in rows] == ["COMPLETE"], "one upload, not two"
    assert client.content(rows[0][1]) == path.read_bytes()


def test_a_restart_of_the_server_is_waited_for(stack, client, project, environment, tmp_path):
    path = tmp_path / "again.bin"
    path.write_bytes(os.urandom(200 * MIB))
    running = subprocess.Popen(command(path, "-p", project), env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    wait_until(lambda: stack.sql("SELECT 1 FROM uploads WHERE project_id = %s AND offset_bytes > 0", project), 60, 0.02, "a first chunk")
    for name in ("api-1", "api-2"):
        stack.kill(name)
    assert running.wait(120) == 0
    assert running.stdout.read() == "1 of 1 files uploaded.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing-here.bin", "-p", "Library"], "neither a file nor a folder"),
        ([__file__, "-p", "No such project"], "There is no project"),
        ([__file__, "-p", "Library", "--url", "http://127.0.0.1:9"], "can't be reached"),
        ([__file__, "-p", "Library", "--user", "nobody"], "Wrong name or password"),
    ],
)
def test_what_can_not_be_begun_is_one_sentence_and_status_2(environment, arguments, words):
    result = upload(environment, *arguments)
    assert result.returncode == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_refused_does_not_stop_the_others(stack, client, project, environment, tmp_path):
    for name, size in (("small.bin", 10), ("large.bin", 1000)):
        (tmp_path / name).write_bytes(b"x" * size)
    stack.sql("UPDATE quota_slots SET limit_bytes = 500 WHERE owner_id = %s", project)
    result = upload(environment, tmp_path / "large.bin", tmp_path / "small.bin", "-p", project)
    assert result.returncode == 1
    assert "not enough space left in the project's quota" in result.stderr
    assert result.stdout == "1 of 2 files uploaded.\n"
    again = upload(environment, tmp_path / "small.bin", "-p", project, "--on-conflict", "fail")
    assert (again.returncode, "already a file with that name" in again.stderr) == (1, True)
