"""Digests of whole files: what the uploader promised (metadata `sha256`, or Repr-Digest of RFC 9530) is what lies in the store."""

import base64
import hashlib
import os

import pytest

from tests.harness import TUS, wait_until

MIB = 1 << 20
SMALL, LARGE = 300_000, 40 * MIB


def repr_digest(body):
    return {"Repr-Digest": f"sha-512=:AAAA:, sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"}


def digested(client, file_id):
    def known():
        found = client.get(f"/files/{file_id}").json()
        return found if found["sha256"] else None

    return wait_until(known, 60, 0.2, "the digest")


def send(client, project, body, headers=None, **meta):
    url = client.create(project, len(body), headers, filename="d.bin", **meta).headers["location"]
    assert client.append(url, 0, body).status_code == 204
    return client.file_of(url)["id"] if client.file_of(url) else None


def version(client, file_id, no=1):
    return next(one for one in client.get(f"/files/{file_id}/versions").json()["items"] if one["no"] == no)


def join(stack, client, project, other):
    stack.sql(
        "INSERT INTO project_members (project_id, user_id, role) SELECT %s, id, 'viewer' FROM users WHERE username = %s",
        project,
        other.get("/me").json()["username"],
    )


@pytest.mark.parametrize("size", [0, SMALL, LARGE])
def test_without_a_promise_a_digest_is_computed_and_given_with_the_content(client, project, size):
    body = os.urandom(size)
    url = client.create(project, size, filename="d.bin").headers["location"]
    if size:
        assert client.append(url, 0, body).status_code == 204
    file = digested(client, client.file_of(url)["id"])
    assert file["sha256"] == hashlib.sha256(body).hexdigest()
    assert not version(client, file["id"])["is_verified"]
    answer = client.get(f"/files/{file['id']}/content", params={"proxy": 1}, headers={"Range": "bytes=0-9"} if size else {})
    assert answer.headers["repr-digest"] == repr_digest(body)["Repr-Digest"].partition(", ")[2]


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("way", ["hex", "base64", "header"])
def test_a_kept_promise_is_verified(client, project, size, way):
    body = os.urandom(size)
    digest = hashlib.sha256(body)
    meta = {"hex": {"sha256": digest.hexdigest()}, "base64": {"sha256": base64.b64encode(digest.digest()).decode()}, "header": {}}[way]
    file_id = send(client, project, body, repr_digest(body) if way == "header" else None, **meta)
    assert not digested(client, file_id)["is_corrupt"]
    assert version(client, file_id)["is_verified"]


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_broken_promise_is_told_to_the_owner_and_kept_from_others(stack, client, project, stranger, size):
    body = os.urandom(size)
    file_id = send(client, project, body, sha256=hashlib.sha256(b"another").hexdigest())
    join(stack, client, project, stranger)
    file = digested(client, file_id)
    assert file["is_corrupt"]
    told = next(one for one in client.get("/files/corrupt").json()["items"] if one["file_id"] == file_id)
    assert (told["sha256"], told["expected_sha256"]) == (hashlib.sha256(body).hexdigest(), hashlib.sha256(b"another").hexdigest())
    assert client.content(file_id) == body
    assert client.get(f"/projects/{project}/entries").json()["items"][0]["is_corrupt"]
    assert stranger.get(f"/files/{file_id}").json()["is_corrupt"]
    for path in ("content?proxy=1", "content", "link", "derivatives"):
        answer = stranger.get(f"/files/{file_id}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (409, "files.corrupt"), path
    assert stranger.post(f"/files/{file_id}/playback").json()["code"] == "files.corrupt"
    assert not stranger.get("/files/corrupt").json()["items"]


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_broken_new_version_steps_back_behind_the_sound_one(stack, client, project, stranger, size):
    sound = os.urandom(1000)
    file_id = send(client, project, sound)
    join(stack, client, project, stranger)
    broken = os.urandom(size)
    assert send(client, project, broken, on_conflict="version", sha256="00" * 32) == file_id
    wait_until(lambda: version(client, file_id, 2)["is_corrupt"], 60, 0.2, "the digest")
    assert stranger.content(file_id) == sound
    assert client.content(file_id) == sound


def test_a_joined_file_is_verified_as_a_whole(client, project):
    body = os.urandom(12 * MIB)
    urls = []
    for piece in (body[: 5 * MIB], body[5 * MIB :]):
        url = client.create(project, len(piece), {"Upload-Concat": "partial"}).headers["location"]
        assert client.append(url, 0, piece).status_code == 204
        urls.append(url)
    headers = {**TUS, "Upload-Concat": "final;" + " ".join(urls), **repr_digest(body)}
    answer = client.post(f"/projects/{project}/tus", headers=headers)
    assert answer.status_code == 201, answer.text
    wait_until(lambda: client.head(answer.headers["location"], headers=TUS).headers.get("upload-offset"), what="the join")
    file = client.file_of(answer.headers["location"])
    assert digested(client, file["id"])["sha256"] == hashlib.sha256(body).hexdigest()
    assert version(client, file["id"])["is_verified"]


@pytest.mark.parametrize(
    ("headers", "meta"),
    [
        ({}, {"sha256": "abc"}),
        ({}, {"sha256": "zz" * 32}),
        ({"Repr-Digest": "sha-256=:AAAA:"}, {}),
        ({"Repr-Digest": "sha-256=AAAA"}, {}),
        (repr_digest(b"one"), {"sha256": hashlib.sha256(b"two").hexdigest()}),
    ],
)
def test_a_malformed_promise_is_refused(client, project, headers, meta):
    answer = client.create(project, 3, headers, filename="d.bin", **meta)
    assert (answer.status_code, answer.json()["code"]) == (400, "uploads.bad_header")
