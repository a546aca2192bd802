"""`stowage up` and its kin as an operator meets them."""

import asyncio
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from infra.embedded.swift_upkeep import run_passes
from service.core.settings import load
from service.storage.s3 import S3Store
from tests.harness import ROOT, Stack, wait_until


def stowage(*arguments, env=None, data_dir, timeout=120):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STOWAGE_")}
    return subprocess.run(
        [sys.executable, "-m", "service.cli.main", *arguments], env={**kept, "STOWAGE_DATA_DIR": str(data_dir), **(env or {})}, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
    )  # fmt: skip


def test_a_second_up_on_the_same_data_says_so(stack):
    for arguments in (("up",), ("up", "--detach")):
        result = stowage(*arguments, data_dir=stack.data_dir)
        assert result.returncode == 1
        assert "already running" in result.stderr


def test_status_tells_every_process_and_where_the_password_is(stack):
    result = stowage("status", "--json", data_dir=stack.data_dir)
    found = json.loads(result.stdout)
    assert (result.returncode, found["state"], found["ui_url"]) == (0, "ready", stack.base)
    assert {"postgres", "valkey", "s3", "api-1", "api-2", "relay", "scheduler", "worker-io", "worker-cpu", "worker-upkeep"} <= {
        process["name"] for process in found["processes"]
    }
    assert all(process["rss_bytes"] > 1_000_000 for process in found["processes"])
    assert Path(found["admin_password_file"]).read_text().strip() == stack.password
    assert "ready" in stowage("status", data_dir=stack.data_dir).stdout


def test_logs_are_json_and_listed(stack):
    assert "api-1" in stowage("logs", data_dir=stack.data_dir).stdout.split()
    lines = [line for line in stowage("logs", "scheduler", data_dir=stack.data_dir).stdout.splitlines() if line.startswith("{")]
    assert all({"time", "level", "logger", "message"} <= json.loads(line).keys() for line in lines)
    assert stowage("logs", "nothing", data_dir=stack.data_dir).returncode == 2


def test_secrets_are_private_and_in_no_argv(stack):
    secrets = list((stack.data_dir / "secrets").iterdir())
    assert len(secrets) >= 6
    for path in [*secrets, *(stack.data_dir / "config").iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    values = {path.read_text().strip() for path in secrets}
    for process in stack.status()["processes"]:
        argv = Path(f"/proc/{process['pid']}/cmdline").read_bytes().decode()
        assert not any(value in argv for value in values), process["name"]


def test_everything_listens_on_loopback_only(stack):
    ports = {*json.loads((stack.data_dir / "config" / "ports.json").read_text()).values(), stack.port}
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"]
    mine = [address for address in listening if int(address.rpartition(":")[2], 16) in ports]
    assert len(mine) >= len(ports) - 1
    assert {address.partition(":")[0] for address in mine} == {"0100007F"}


@pytest.fixture
def fresh(tmp_path):
    """A stack whose own daily pass, two minutes after its start, has not yet looked at the disk: Swift believes what it hashed then."""
    if os.environ.get("STOWAGE_EMBEDDED_STORE", "swift") != "swift":
        pytest.skip("only the embedded Swift leaves markers")
    running = Stack(tmp_path / "fresh", {"STOWAGE_EMBEDDED_STORE": "swift"}).start()
    yield running
    running.stop()


def test_markers_of_deleted_objects_are_dropped_from_the_disk(fresh, tmp_path):
    settings = load(fresh.settings_env()).store
    disk = fresh.data_dir / "s3" / "srv"

    async def put_and_delete():
        store = S3Store(settings)
        for number in range(5):
            await store.put(settings.originals, f"markers/{number}", b"x")
        await store.delete(settings.originals, [f"markers/{number}" for number in range(4)])
        await store.close()

    asyncio.run(put_and_delete())
    assert list(disk.rglob("*.ts"))
    time.sleep(2)
    # The same configuration but for the age, which is a day.
    config = shutil.copytree(fresh.data_dir / "s3" / "etc", tmp_path / "etc")
    for path in config.glob("*.conf"):
        path.write_text(path.read_text().replace("reclaim_age = 86400", "reclaim_age = 1").replace(f"{fresh.data_dir}/s3/etc", str(config)))
    run_passes(str(config))
    assert not list(disk.rglob("*.ts"))

    async def still_there():
        store = S3Store(settings)
        facts = await store.head(settings.originals, "markers/4")
        await store.delete(settings.originals, ["markers/4"])
        await store.close()
        return facts

    assert asyncio.run(still_there()).size_bytes == 1


def test_a_taken_port_is_one_clear_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = stowage("up", data_dir=tmp_path / "d", env={"STOWAGE_PORT": str(taken.getsockname()[1])})
    assert result.returncode == 1
    assert "taken by another program" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_kept_port_that_is_taken_later_is_named(tmp_path):
    data = tmp_path / "d"
    (data / "config").mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (data / "config" / "ports.json").write_text(json.dumps({"postgres": taken.getsockname()[1]}))
        result = stowage("up", data_dir=data, env={"STOWAGE_PORT": "0"})
    assert result.returncode == 1
    assert "kept for postgres" in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs user namespaces")
def test_root_without_user_namespaces_is_told_what_to_do(tmp_path):
    forbid = "echo 0 > /proc/sys/user/max_user_namespaces && exec " + f"{sys.executable} -m service.cli.main up"
    result = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", forbid], env={**os.environ, "STOWAGE_DATA_DIR": str(tmp_path / "d"), "STOWAGE_PORT": "0"},
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert "run Stowage as a plain user" in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_unwritable_data_directory_is_one_clear_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    result = stowage("up", data_dir=tmp_path / "file" / "below")
    assert result.returncode == 1
    assert "can't be written" in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("STOWAGE_EMBEDDED_STORE", "floppy", "must be one of"),
        ("STOWAGE_PORT", "http", "whole number"),
        ("STOWAGE_MINIO_BIN", "/nowhere", "no MinIO binary"),
    ],
)
def test_nonsense_settings_are_named(tmp_path, name, value, words):
    env = {
        "STOWAGE_PORT": "0",
        **({"STOWAGE_EMBEDDED_STORE": "minio", "PATH": "/usr/bin"} if name == "STOWAGE_MINIO_BIN" else {}),
        name: value,
    }
    if name == "STOWAGE_MINIO_BIN" and (ROOT / ".tools" / "minio").exists():
        pytest.skip("a MinIO is built here")
    result = stowage("up", data_dir=tmp_path / "d", env=env)
    assert result.returncode == 1
    assert words in result.stderr


def test_a_full_disk_and_missing_xattrs_are_named(tmp_path, monkeypatch):
    from infra.embedded import layout

    made = layout.Layout(tmp_path / "d")
    made.prepare()
    monkeypatch.setattr(layout, "MIN_FREE_BYTES", 1 << 60)
    with pytest.raises(layout.StackError, match="is full"):
        made.prepare()

    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refuse)
    with pytest.raises(layout.StackError, match="no extended attributes"):
        made.check_xattr()


def test_state_survives_sigkill_of_everything_and_no_child_outlives_the_supervisor(tmp_path):
    stack = Stack(tmp_path / "d", {"STOWAGE_EMBEDDED_STORE": os.environ.get("STOWAGE_EMBEDDED_STORE", "swift")}).start()
    with stack.client() as client:
        project = client.project("Survivor")
        file = client.file_of(client.upload(project, b"x" * 100_000, filename="kept.bin"))
        url = client.create(project, 9 << 20, filename="half.bin").headers["location"]
        client.append(url, 0, b"y" * (6 << 20))
    pids = [process["pid"] for process in stack.status()["processes"]]
    assert stack.process is not None
    for pid in [stack.process.pid, *pids]:
        # Children follow their supervisor, maybe before it is their turn.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    stack.process.wait(10)
    wait_until(
        lambda: not any(Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2] for pid in pids),
        20,
        0.2,
        "the end of all children",
    )
    stack.start()
    with stack.client() as client:
        assert client.content(file["id"]) == b"x" * 100_000
        assert client.offset(url) == 6 << 20
        assert client.append(url, 6 << 20, b"z" * (3 << 20)).status_code == 204
    # The supervisor alone: its children must follow it by themselves.
    pids = [process["pid"] for process in stack.status()["processes"]]
    os.kill(stack.process.pid, signal.SIGKILL)
    stack.process.wait(10)
    wait_until(
        lambda: not any(Path(f"/proc/{pid}").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" for pid in pids),
        30,
        0.2,
        "children following their parent",
    )
    began = time.monotonic()
    result = stowage("up", "--detach", data_dir=stack.data_dir, env={"STOWAGE_PORT": str(stack.port), "STOWAGE_EMBEDDED_STORE": "auto"})
    assert result.returncode == 0, result.stderr
    assert time.monotonic() - began < 60
    assert "password" in result.stdout
    assert stowage("down", data_dir=stack.data_dir).returncode == 0
    assert stowage("status", data_dir=stack.data_dir).returncode == 3
