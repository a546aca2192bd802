"""Everybody's unfinished uploads: the administrator's API and `stowage uploads`; and how long an upload may live at all."""

import json
import subprocess
import sys
from email.utils import parsedate_to_datetime

import pytest

from tests.harness import ROOT, TUS


def stowage(stack, *words):
    return subprocess.run(
        [sys.executable, "-m", "service.cli.main", "--data-dir", stack.data_dir, "uploads", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


@pytest.fixture
def begun(client, project):
    url = client.create(project, 1000, filename="half.bin").headers["location"]
    assert client.append(url, 0, b"x" * 250).status_code == 204
    return url


def test_list_and_show(stack, begun):
    upload = begun.rpartition("/")[2]
    found = {row["id"]: row for row in map(json.loads, stowage(stack, "list", "--json").stdout.splitlines())}
    assert (
        found[upload] | {"username": "admin", "name": "half.bin", "offset_bytes": 250, "length_bytes": 1000, "state": "OPEN"}
        == found[upload]
    )
    assert "half.bin" in stowage(stack, "show", upload).stdout
    assert " 25% " in stowage(stack, "list").stdout
    assert json.loads(stowage(stack, "show", upload, "--json").stdout)["is_receiving"] is False


def test_abort_only_says_so_until_it_is_meant(stack, client, begun):
    upload = begun.rpartition("/")[2]
    assert "say --yes" in stowage(stack, "abort", upload).stdout
    assert client.offset(begun) == 250
    assert stowage(stack, "abort", upload, "--yes").returncode == 0
    assert client.head(begun, headers=TUS).status_code == 410
    gone = stowage(stack, "abort", upload, "--yes")
    assert gone.returncode != 0
    assert gone.stderr.startswith("stowage: ")


def test_cleanup_ends_what_is_old_and_nothing_else(stack, client, project, begun):
    young = client.create(project, 10, filename="young.bin").headers["location"]
    stack.sql("UPDATE uploads SET updated_at = now() - interval '8 days' WHERE id = %s", begun.rpartition("/")[2])
    assert json.loads(stowage(stack, "cleanup", "--older-than", "7d", "--json").stdout)["id"] == begun.rpartition("/")[2]
    assert stowage(stack, "cleanup", "--older-than", "7d", "--yes").stdout.endswith("1 ended\n")
    assert client.head(begun, headers=TUS).status_code == 410
    assert client.offset(young) == 0
    assert stowage(stack, "cleanup", "--older-than", "soon").returncode == 2


def test_only_administrators(stack, client, begun):
    stack.sql("UPDATE users SET role = 'member' WHERE username = 'admin'")
    try:
        with stack.client() as member:
            # Who asks is remembered for some seconds: a sign-in of its own is not.
            assert member.get("/system/uploads").json()["code"] == "forbidden"
            assert member.delete(f"/system/uploads/{begun.rpartition('/')[2]}").status_code == 403
    finally:
        stack.sql("UPDATE users SET role = 'admin' WHERE username = 'admin'")


def test_an_expiry_slides_and_never_beyond_what_the_store_keeps(stack, client, begun):
    upload = begun.rpartition("/")[2]
    kept_s = int(stack.settings_env()["STOWAGE_S3_MULTIPART_EXPIRY"])
    stack.sql("UPDATE uploads SET created_at = now() - interval '8 days' WHERE id = %s", upload)
    answer = client.append(begun, 250, b"y" * 50)
    assert answer.status_code == 204, answer.text
    left_s = stack.sql("SELECT extract(epoch FROM expires_at - now())::int FROM uploads WHERE id = %s", upload)[0][0]
    days = left_s / 86_400
    assert parsedate_to_datetime(answer.headers["upload-expires"]) is not None
    assert round(days) == (1 if kept_s == 9 * 86_400 else 7)
