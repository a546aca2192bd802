"""Clients of others, unmodified: tuspy (tus-js-client is driven by the browser test)."""

import io
import os

from tusclient.client import TusClient


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
