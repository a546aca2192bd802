"""Upload-Checksum: verified bodies, all or nothing (tus 1.0.0, section Checksum)."""

import base64
import hashlib
import os
import socket
import zlib
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from awscrt import checksums
from tusclient.client import TusClient

from tests.harness import OFFSET_TYPE, TUS, wait_until

MIB = 1 << 20
DIGESTS = {
    "sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "sha256": lambda body: hashlib.sha256(body).digest(),
    "md5": lambda body: hashlib.md5(body, usedforsecurity=False).digest(),
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "crc32c": lambda body: checksums.crc32c(body).to_bytes(4, "big"),
}


def checksum(body, name="sha1"):
    return {"Upload-Checksum": f"{name} {base64.b64encode(DIGESTS[name](body)).decode()}"}


def test_options_names_the_algorithms(stack, client):
    answer = client.options("/tus")
    assert set(answer.headers["tus-checksum-algorithm"].split(",")) == set(DIGESTS)
    assert {"checksum", "checksum-trailer"} <= set(answer.headers["tus-extension"].split(","))


@pytest.mark.parametrize("name", DIGESTS)
def test_a_matching_checksum_is_204_and_another_460_without_a_trace(client, project, name):
    body = os.urandom(3 * MIB)
    url = client.create(project, len(body), filename="c.bin").headers["location"]
    assert client.append(url, 0, body[:MIB], checksum(body[:MIB], name)).status_code == 204
    answer = client.append(url, MIB, body[MIB:], checksum(b"another", name))
    assert (answer.status_code, answer.json()["code"]) == (460, "uploads.checksum_mismatch")
    assert "upload-offset" not in answer.headers
    assert client.offset(url) == MIB
    assert client.append(url, MIB, body[MIB:], checksum(body[MIB:], name)).status_code == 204
    assert client.content(client.file_of(url)["id"]) == body


@pytest.mark.parametrize("chunk", [MIB, 6 * MIB, 23 * MIB, 50 * MIB])
def test_any_chunks_with_checksums_arrive_whole_and_in_many_parts(client, project, chunk):
    body = os.urandom(50 * MIB)
    url = client.create(project, len(body), filename="c.bin").headers["location"]
    for start in range(0, len(body), chunk):
        piece = body[start : start + chunk]
        damaged = bytes([piece[0] ^ 1]) + piece[1:]
        if start % (2 * chunk) == 0:
            assert client.append(url, start, damaged, checksum(piece, "crc32c")).status_code == 460
        assert client.append(url, start, piece, checksum(piece, "crc32c")).status_code == 204
    assert client.content(client.file_of(url)["id"]) == body


@pytest.mark.parametrize("value", ["sha1", "", "sha1 %%%", "sha1 YWJj", "sha512 YWJj", "sha1  YWJj", "SHA1 2jmj7l5rSw0yVb/vlWAYkK/YBwk="])
def test_a_malformed_or_unknown_checksum_is_400_before_a_byte_is_kept(client, project, value):
    url = client.create(project, 3, filename="c").headers["location"]
    answer = client.append(url, 0, b"abc", {"Upload-Checksum": value})
    assert (answer.status_code, answer.json()["code"]) == (400, "uploads.bad_header")
    assert client.offset(url) == 0


def test_creation_with_upload_is_verified_too(stack, client, project):
    body = os.urandom(100_000)
    answer = client.create(project, len(body), checksum(body), content=body, filename="c.bin")
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(body)))
    before = stack.sql("SELECT reserved_bytes FROM quota_slots WHERE owner_id = %s", project)
    answer = client.create(project, len(body), checksum(b"another"), content=body, filename="d.bin")
    assert answer.status_code == 460
    assert stack.sql("SELECT state FROM uploads WHERE project_id = %s AND name = 'd.bin'", project)[0][0] in {"ABORTING", "ABORTED"}
    wait_until(lambda: stack.sql("SELECT reserved_bytes FROM quota_slots WHERE owner_id = %s", project) == before, 30, 0.5, "the quota")


@contextmanager
def patching(client, url, offset, headers):
    """A socket on which the head of a PATCH has been sent."""
    parts = urlsplit(url)
    fields = {
        **TUS,
        **OFFSET_TYPE,
        "Host": parts.netloc,
        "Authorization": client.headers["authorization"],
        "Upload-Offset": offset,
        **headers,
    }
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(f"PATCH {parts.path} HTTP/1.1\r\n".encode() + _lines(fields))
        yield connection


def _lines(fields):
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n"


def trailed(client, url, offset, chunks, trailer, headers=None):
    """Status of a PATCH with a chunked body and trailer fields."""
    chunked = {"Transfer-Encoding": "chunked", "Trailer": "Upload-Checksum", **(headers or {})}
    with patching(client, url, offset, chunked) as connection:
        for chunk in chunks:
            connection.sendall(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        connection.sendall(b"0\r\n" + _lines(trailer))
        return int(connection.recv(8192).split()[1])


def test_the_checksum_may_come_as_a_trailer(client, project):
    body = os.urandom(2 * MIB)
    url = client.create(project, len(body), filename="t.bin").headers["location"]
    assert trailed(client, url, 0, [body[:1000], body[1000:MIB]], checksum(body[:MIB], "sha256")) == 204
    assert trailed(client, url, MIB, [body[MIB:]], checksum(b"another")) == 460
    assert trailed(client, url, MIB, [body[MIB:]], {}) == 400
    assert trailed(client, url, MIB, [body[MIB:]], {"Upload-Checksum": "sha1 ?"}) == 400
    assert trailed(client, url, MIB, [body[MIB:]], checksum(body[MIB:]), checksum(body[MIB:])) == 400
    assert client.offset(url) == MIB
    assert trailed(client, url, MIB, [body[MIB:]], checksum(body[MIB:])) == 204
    assert client.content(client.file_of(url)["id"]) == body


def test_a_client_that_goes_away_before_the_end_leaves_nothing_of_a_checked_body(client, project):
    url = client.create(project, 60 * MIB, filename="gone.bin").headers["location"]
    with patching(client, url, 0, {"Content-Length": 60 * MIB, **checksum(b"")}) as connection:
        connection.sendall(os.urandom(40 * MIB))
    assert client.offset(url) == 0


def test_more_than_a_gibibyte_is_not_taken_with_a_checksum(client, project):
    url = client.create(project, 2 << 30, filename="big.bin").headers["location"]
    with patching(client, url, 0, {"Content-Length": (1 << 30) + 1, **checksum(b"")}) as connection:
        assert connection.recv(4096).split()[1] == b"413"
    client.delete(url, headers=TUS)


def test_twenty_mismatches_in_a_row_are_enough(client, project):
    url = client.create(project, 3, filename="m").headers["location"]
    for _ in range(20):
        assert client.append(url, 0, b"abc", checksum(b"another")).status_code == 460
    answer = client.append(url, 0, b"abc", checksum(b"abc"))
    assert (answer.status_code, answer.json()["code"]) == (429, "uploads.too_many_mismatches")
    assert int(answer.headers["retry-after"]) > 0
    assert client.append(url, 0, b"abc").status_code == 204


def test_tuspy_with_checksums(stack, client, project, tmp_path):
    path = tmp_path / "film.bin"
    path.write_bytes(os.urandom(5 * MIB))
    tus = TusClient(f"{stack.base}/api/v1/projects/{project}/tus", headers={"Authorization": client.headers["authorization"]})
    uploader = tus.uploader(str(path), chunk_size=2 * MIB, upload_checksum=True, metadata={"filename": "film.bin"})
    uploader.upload()
    assert client.content(client.file_of(uploader.url)["id"]) == path.read_bytes()
