"""Clients of others, unmodified: tuspy, and tus-js-client in Node (the browser test drives it too)."""

import io
import json
import os
import subprocess
from pathlib import Path

import pytest
from tusclient.client import TusClient

from tests.harness import NODE


def test_tuspy_without_metadata_and_in_chunks(stack, client, project):
    body = os.urandom(9_000_000)
    tus = TusClient(f"{stack.base}/api/v1/projects/{project}/tus", headers={"Authorization": client.headers["Authorization"]})
    uploader = tus.uploader(file_stream=io.BytesIO(body), chunk_size=4_000_000)
    uploader.upload()
    assert client.content(client.file_of(uploader.url)["id"]) == body


def test_tuspy_resumes_by_url(stack, client, project):
    body = os.urandom(12_000_000)
    tus = TusClient(f"{stack.base}/api/v1/projects/{project}/tus", headers={"Authorization": client.headers["Authorization"]})
    first = tus.uploader(file_stream=io.BytesIO(body), chunk_size=5_000_000, metadata={"filename": "ü.bin"})
    first.upload_chunk()
    second = tus.uploader(file_stream=io.BytesIO(body), chunk_size=5_000_000, url=first.url)
    assert second.offset == 5_000_000
    second.upload()
    file = client.file_of(first.url)
    assert file["name"] == "ü.bin"
    assert client.content(file["id"]) == body


MIB = 1 << 20


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunkSize": 6 * MIB},
        {"parallelUploads": 4},
        {"parallelUploads": 3, "chunkSize": 5 * MIB + 1},
        # Without chunkSize: with it, the client's own reader of Node streams may wait for ever for the last, shorter piece.
        {"uploadLengthDeferred": True},
        {"overridePatchMethod": True, "chunkSize": 7 * MIB},
        {"uploadDataDuringCreation": True, "chunkSize": 9 * MIB},
    ],
    ids=json.dumps,
)
def test_tus_js_client(stack, client, project, tmp_path, options):
    path = tmp_path / "source.bin"
    path.write_bytes(os.urandom(25 * MIB + 7))
    result = subprocess.run(
        [
            NODE,
            Path(__file__).with_name("tus_js.mjs"),
            f"{stack.base}/api/v1/projects/{project}/tus",
            client.tokens["access_token"],
            path,
            json.dumps(options),
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    file = client.file_of(result.stdout.strip())
    assert file["name"] == "from-tus-js.bin"
    assert client.content(file["id"]) == path.read_bytes()
