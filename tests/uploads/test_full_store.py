"""A store whose disk is full: 507, everything acknowledged stays and can be read, and room lets the upload go on."""

import os
import shutil
import subprocess

import pytest

from infra.embedded.swift_room import RESERVE_BYTES
from tests.harness import Stack, wait_until

MIB = 1 << 20
DISK_MIB = 600
# What is left of it for uploads; the embedded Swift keeps a reserve besides.
ROOM_MIB = {"swift": 70 + (RESERVE_BYTES >> 20), "minio": 70}
PIECE = 8 * MIB

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")


@pytest.fixture
def cramped(tmp_path):
    """A stack whose store alone lies on a small disk; with what was put there to be taken away again."""
    kind = os.environ.get("STOWAGE_EMBEDDED_STORE", "swift")
    data = tmp_path / "data"
    disk = data / ("minio" if kind == "minio" else "s3/srv/d1")
    disk.mkdir(parents=True, mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=700", "tmpfs", str(disk)], check=True, timeout=20)
    ballast = disk / ".ballast"
    running = Stack(data, {"STOWAGE_EMBEDDED_STORE": kind})
    try:
        running.start()
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - ROOM_MIB[kind] * MIB)
        yield running, ballast
    finally:
        running.stop()
        subprocess.run(["umount", "--lazy", str(disk)], check=True, timeout=20)


def test_a_full_store_is_507_and_loses_nothing(cramped):
    stack, ballast = cramped
    body = os.urandom(160 * MIB)
    with stack.client() as client:
        project = client.project("Full")
        small = client.file_of(client.upload(project, b"kept" * 1000))
        url = client.create(project, len(body), filename="big.bin").headers["location"]
        offset = 0
        while (answer := client.append(url, offset, body[offset : offset + PIECE])).status_code == 204:
            offset = int(answer.headers["upload-offset"])
            assert offset < len(body), "the disk never became full"
        assert (answer.status_code, answer.json()["code"]) == (507, "store.full")
        assert client.offset(url) >= offset
        assert client.content(small["id"]) == b"kept" * 1000
        refused = client.create(project, 20 * MIB, content=body[: 20 * MIB], filename="no-room.bin")
        assert refused.status_code == 201
        assert int(refused.headers["upload-offset"]) < 20 * MIB
        ballast.unlink()

        def goes_on():
            position = client.offset(url)
            return client.append(url, position, body[position:]).status_code == 204

        wait_until(goes_on, 60, 1, "the rest of the upload")
        assert client.content(client.file_of(url)["id"]) == body
