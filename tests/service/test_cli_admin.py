"""Administration from the shell: dry runs that change nothing, and findings that say what to do."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from PIL import Image

from service.cli import doctor
from service.core.settings import load
from tests.files.test_tree import put
from tests.harness import ROOT, wait_until


@pytest.fixture
def stowage(stack):
    def run(*arguments, status=0, env=None, stdin=""):
        done = subprocess.run(
            [sys.executable, "-m", "service.cli.main", "--data-dir", str(stack.data_dir), *arguments],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            input=stdin,
            timeout=120,
            check=False,
        )
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        return done.stdout if status == 0 else done.stdout + done.stderr

    return run


def test_files_are_found_and_only_deleted_when_one_is_sure(client, project, stowage):
    put(client, project, "needle-1.txt", b"1")
    put(client, project, "needle-2.txt", b"22")
    found = [json.loads(line) for line in stowage("files", "find", "-p", project, "--name", "needle", "--json").splitlines()]
    assert {file["name"] for file in found} == {"needle-1.txt", "needle-2.txt"}
    assert "2 would be" in stowage("files", "delete", "-p", project, "--name", "needle")
    assert client.get(f"/files/{found[0]['id']}").json()["trashed_at"] is None
    assert "1 moved to the trash" in stowage("files", "delete", "-p", project, "--name", "needle", "--larger-than", "2", "--yes")
    assert "1 restored" in stowage("files", "restore", "-p", project, "--yes")
    assert "2 deleted for good" in stowage("files", "delete", "-p", project, "--name", "needle", "--purge", "--yes")
    assert client.get(f"/files/{found[0]['id']}").status_code == 404
    assert "Say which" in stowage("files", "delete", "--yes", status=2)


def test_a_damaged_object_is_found_and_marked(stack, client, project, stowage):
    import asyncio

    from service.storage.s3 import S3Store

    file = put(client, project, "rots.bin", b"sound bytes")
    ((key,),) = stack.sql("SELECT key FROM file_versions WHERE file_id = %s", file["id"])
    settings = load(stack.settings_env())

    async def spoil():
        store = S3Store(settings.store)
        await store.put(settings.store.originals, key, b"other bytes")
        await store.close()

    assert "0 damaged or missing" in stowage("files", "verify", "-p", project)
    asyncio.run(spoil())
    assert "digest" in stowage("files", "verify", "-p", project, status=1)
    assert client.get(f"/files/{file['id']}").json()["is_corrupt"] is False, "a dry run"
    stowage("files", "verify", "-p", project, "--yes", status=1)
    assert client.get(f"/files/{file['id']}").json()["is_corrupt"] is True
    assert client.get("/system/audit", params={"verb": "files.found_corrupt", "object_id": file["id"]}).json()["items"]


def test_types_are_mended(stack, client, project, stowage):
    file = put(client, project, "paper.bin", b"%PDF-1.7 words")
    stack.sql("UPDATE file_versions SET media_type = 'text/plain' WHERE file_id = %s RETURNING 1", file["id"])
    assert "1 would change" in stowage("files", "fix-mime", "-p", project)
    stowage("files", "fix-mime", "-p", project, "--yes")
    assert client.get(f"/files/{file['id']}").json()["media_type"] == "application/pdf"


def test_quotas_are_shown_and_recounted_with_a_line_on_record(stack, client, project, stowage):
    stack.sql("UPDATE quota_slots SET used_bytes = used_bytes + 5 WHERE owner_id = %s RETURNING 1", project)
    shown = [json.loads(line) for line in stowage("quota", "show", "--json").splitlines()]
    assert next(owner for owner in shown if owner["id"] == project)["used_bytes"] == 5
    stowage("quota", "recount")
    mended = client.get("/system/audit", params={"verb": "quota.mend", "object_id": project}).json()["items"]
    assert mended[0]["details"] == {"before": {"reserved_bytes": 0, "used_bytes": 5}, "after": {"reserved_bytes": 0, "used_bytes": 0}}


def test_what_was_not_made_is_made_again(stack, client, project, stowage):
    body = io.BytesIO()
    Image.new("RGB", (300, 200), "green").save(body, "PNG")
    picture = client.processed(client.file_of(client.upload(project, body.getvalue(), filename="green.png", filetype="image/png"))["id"])
    stack.sql("UPDATE derivatives SET state = 'failed', error = 'made to fail' WHERE version_id = %s RETURNING 1", picture["version_id"])
    assert "0 would be" in stowage("files", "derive", "-p", project, "--missing")
    assert "1 would be" in stowage("files", "derive", "-p", project, "--failed", "--only", "thumbnail")
    assert "0 would be" in stowage("files", "derive", "-p", project, "--failed", "--only", "hls")
    assert "1 being made again" in stowage("files", "derive", "-p", project, "--failed", "--yes")
    items = wait_until(lambda: [one for one in client.get(f"/files/{picture['id']}/derivatives").json()["items"] if one["state"] == "ready"], 30, 0.3, "a thumbnail")  # fmt: skip
    assert items[0]["error"] is None


@pytest.mark.parametrize("what", ["files", "derived", "orphans", "uploads"])
def test_cleanups_say_what_they_would_do(stowage, what):
    assert "say --yes" in stowage("cleanup", what, "--older-than", "400d")


def test_reset_wants_to_be_sure_and_in_production_the_name_too(stack, stowage, client):
    assert "say --yes" in stowage("db", "reset")
    env = {**stack.settings_env(), "STOWAGE_ENVIRONMENT": "production"}
    output = stowage("db", "reset", "--yes", status=2, env=env, stdin="wrong\n")
    assert "nothing was changed" in output
    assert client.get("/me").status_code == 200


def test_metadata_moves_to_another_database(stack, client, project, stowage, tmp_path):
    file = put(client, project, "moves.txt", b"bytes", relativePath="a/b/moves.txt")
    client.put(f"/files/{file['id']}/tags", json={"tags": ["kept"]})
    path = tmp_path / "metadata.jsonl"
    stowage("export", str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert "not empty" in stowage("import", str(path), "--yes", status=2)
    with psycopg.connect(stack.database_url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS moved")
        connection.execute("CREATE DATABASE moved")
    url = stack.database_url().rpartition("/")[0] + "/moved"
    env = {**stack.settings_env(), "STOWAGE_DATABASE_URL": url, "STOWAGE_ADMIN_PASSWORD": ""}
    env.pop("STOWAGE_DATABASE_URL_FILE", None)
    env.pop("STOWAGE_ADMIN_PASSWORD_FILE", None)
    stowage("db", "upgrade", env=env)
    assert "say --yes" in stowage("import", str(path), env=env)
    with psycopg.connect(url, autocommit=True) as moved:
        assert moved.execute("SELECT count(*) FROM users").fetchone() == (0,), "a dry run"
        stowage("import", str(path), "--yes", env=env)
        assert moved.execute("SELECT tag FROM file_tags WHERE file_id = %s", (file["id"],)).fetchone() == ("kept",)
        query = "SELECT f.name, v.sha256, v.key FROM files f JOIN file_versions v ON v.id = f.current_version_id WHERE f.id = %s"
        assert [moved.execute(query, (file["id"],)).fetchone()] == stack.sql(query, file["id"])
    with psycopg.connect(stack.database_url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE moved WITH (FORCE)")


MISCONFIGURED = {
    "a public endpoint that nobody reaches": ({"STOWAGE_S3_PUBLIC_ENDPOINT": "http://127.0.0.1:9"}, "public store", "error"),
    "a signer that may write": (
        lambda env, keys: {
            "STOWAGE_S3_PRESIGN_ACCESS_KEY": env["STOWAGE_S3_ACCESS_KEY"],
            "STOWAGE_S3_PRESIGN_SECRET_KEY": keys["s3_secret_key"],
        },
        "identities",
        "warning",
    ),
    "a store that drops uploads too early": ({"STOWAGE_S3_MULTIPART_EXPIRY": "3600"}, "store expiry", "error"),
    "no queue": ({"STOWAGE_REDIS_URL": "redis://127.0.0.1:9/0"}, "queue", "error"),
    "a wrong address of the pages": ({"STOWAGE_PUBLIC_URL": "http://127.0.0.1:9"}, "api", "error"),
    "a database that is not there": ({"STOWAGE_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}, "database", "error"),
    "keys that the store does not know": ({"STOWAGE_S3_ACCESS_KEY": "unknown"}, "store", "error"),
}


@pytest.mark.parametrize("fault", MISCONFIGURED)
def test_the_doctor_finds_each_fault_and_says_what_to_do(stack, fault):
    import asyncio

    changes, check, level = MISCONFIGURED[fault]
    env = stack.settings_env()
    keys = {path.name: path.read_text().strip() for path in Path(stack.data_dir, "secrets").iterdir()}
    if callable(changes):
        changes = changes(env, keys)
    env |= changes
    for name in changes:
        env.pop(f"{name}_FILE", None)
    findings = asyncio.run(doctor.examine(load(env)))
    found = [finding for finding in findings if finding.check == check and finding.level == level]
    assert found, findings
    assert all(finding.fix for finding in found)


def test_the_doctor_is_content_with_what_make_up_makes(stowage):
    findings = [json.loads(line) for line in stowage("doctor", "--json").splitlines()]
    assert {finding["level"] for finding in findings} <= {"ok", "warning"}


def test_the_reference_and_the_completion_know_every_command(stowage):
    reference = stowage("reference")
    assert reference == (ROOT / "docs/reference/commands.md").read_text(), "run `make docs`"
    for command in ("stowage files verify", "stowage cleanup orphans", "stowage doctor", "stowage db reset"):
        assert f"## `{command}`" in reference
    assert "_shtab_stowage" in stowage("completion", "bash")
