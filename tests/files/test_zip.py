"""A folder as one ZIP: what other programs read of it, and that it can be gone on with anywhere."""

import io
import os
import random
import zipfile
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest

from service.files.zips.layout import Layout, Member, descriptor, local_header, unique
from tests.files.test_tree import bulk, folder, put

NOW = datetime(2026, 11, 25, 12, 30, 44, tzinfo=UTC)


def choose(client, project, **what):
    answer = client.post(f"/projects/{project}/zip", json=what)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def filled(client, project):
    bodies = {"a/one.txt": b"one", "a/b/zwei ü.bin": os.urandom(3_000_000), "three.bin": os.urandom(70_000), "a/empty": b""}
    for path, body in bodies.items():
        client.upload(project, body, filename=path.rpartition("/")[2], relativePath=path)
    folder(client, project, "nothing in here")
    return bodies


def test_a_project_comes_as_a_zip_that_others_read(client, project, filled, tmp_path):
    link = choose(client, project)
    answer = httpx.get(link["url"])
    assert answer.status_code == 200
    assert len(answer.content) == link["size_bytes"] == int(answer.headers["content-length"])
    assert answer.headers["content-disposition"].startswith("attachment")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    assert {name for name in archive.namelist() if name.endswith("/")} == {"a/", "a/b/", "nothing in here/"}
    assert {name: archive.read(name) for name in filled} == filled
    archive.extractall(tmp_path)
    assert (tmp_path / "a" / "b" / "zwei ü.bin").read_bytes() == filled["a/b/zwei ü.bin"]


def test_it_is_gone_on_with_from_anywhere(client, project, filled):
    link = choose(client, project)
    whole = httpx.get(link["url"])
    tag, body = whole.headers["etag"], whole.content
    rng = random.Random(5)
    with httpx.Client() as http:
        for start in [0, 1, 30, len(body) - 1, *(rng.randrange(len(body)) for _ in range(40))]:
            part = http.get(link["url"], headers={"Range": f"bytes={start}-", "If-Range": tag})
            assert part.status_code == 206
            assert part.content == body[start:], start
        some = http.get(link["url"], headers={"Range": "bytes=100-199"})
        assert (some.content, some.headers["content-range"]) == (body[100:200], f"bytes 100-199/{len(body)}")
        assert http.get(link["url"], headers={"Range": f"bytes={len(body)}-"}).status_code == 416
        put(client, project, "new.txt")
        changed = http.get(link["url"], headers={"Range": "bytes=100-", "If-Range": tag})
        assert (changed.status_code, changed.headers["etag"] == tag) == (200, False), "what is in it changed: all of it comes anew"


def test_a_crc_that_nobody_computed_yet_is_computed_on_the_way_and_kept(stack, client, project, filled):
    stack.sql("UPDATE file_versions SET crc32 = NULL FROM files f WHERE f.id = file_id AND f.project_id = %s RETURNING 1", project)
    link = choose(client, project)
    end = httpx.get(link["url"], headers={"Range": f"bytes={link['size_bytes'] - 1_000}-"})
    whole = httpx.get(link["url"]).content
    assert zipfile.ZipFile(io.BytesIO(whole)).testzip() is None
    assert whole.endswith(end.content)
    left = stack.sql(
        "SELECT count(*) FROM file_versions v JOIN files f ON f.id = v.file_id WHERE f.project_id = %s AND crc32 IS NULL AND v.size_bytes > 0",
        project,
    )
    assert left == [(0,)]


def test_only_what_was_chosen_is_in_it_and_the_trash_is_not(client, project, filled):
    listed = client.get(f"/projects/{project}/entries").json()["items"]
    a = next(item["id"] for item in listed if item["name"] == "a")
    three = next(item["id"] for item in listed if item["name"] == "three.bin")
    link = choose(client, project, files=[three], folders=[a])
    b = client.get(f"/projects/{project}/entries", params={"folder": a}).json()["items"][0]["id"]
    bulk(client, project, "trash", folders=[b])
    names = zipfile.ZipFile(io.BytesIO(httpx.get(link["url"]).content)).namelist()
    assert set(names) == {"a/", "a/one.txt", "a/empty", "three.bin"}
    assert choose(client, project, folders=[a])["name"] == "a.zip"


def test_the_link_ends_with_the_right_to_see_it(client, project, stranger, filled):
    other = client.get("/users", params={"q": "guest"}).json()["items"]
    username = stranger.get("/me").json()["username"]
    assert username in {person["username"] for person in other}
    assert client.post(f"/projects/{project}/zip", json={}).status_code == 201
    assert stranger.post(f"/projects/{project}/zip", json={}).status_code == 404
    member = client.post(f"/projects/{project}/members", json={"username": username, "role": "viewer"}).json()["user_id"]
    url = choose(stranger, project)["url"]
    assert httpx.get(url).status_code == 200
    client.delete(f"/projects/{project}/members/{member}")
    assert httpx.get(url).json()["code"] == "files.bad_ticket"
    assert httpx.get(url[:-4] + "AAAA").json()["code"] == "files.bad_ticket"


def test_large_members_and_far_offsets_are_zip64(tmp_path):
    """A sparse file with the layout's own bytes in place, read by another implementation."""
    members = [Member("small.txt", 5, NOW, uuid4()), Member("huge.bin", 5 << 30, NOW, uuid4()), Member("after.txt", 3, NOW, uuid4())]
    layout = Layout(members)
    path = tmp_path / "sparse.zip"
    crcs = {0: 0x3610A686, 1: 7, 2: 0x352441C2}
    with path.open("wb") as file:
        for index, (member, offset) in enumerate(zip(members, layout.offsets, strict=True)):
            file.seek(offset)
            file.write(local_header(member))
            file.write({0: b"hello", 2: b"abc"}.get(index, b""))
            file.seek(offset + len(local_header(member)) + member.size)
            file.write(descriptor(member, crcs[index]))
        assert file.tell() == layout.directory_at
        file.write(layout.directory(crcs))
        assert file.tell() == layout.size
    with zipfile.ZipFile(path) as archive:
        assert [(info.filename, info.file_size) for info in archive.infolist()] == [(m.name, m.size) for m in members]
        assert archive.read("after.txt") == b"abc"
        assert archive.read("small.txt") == b"hello"
        assert archive.getinfo("small.txt").date_time == (2026, 11, 25, 12, 30, 44)


def test_more_members_than_a_plain_zip_can_count():
    layout = Layout([Member(f"{number}.txt", 0, NOW, uuid4()) for number in range(70_000)])
    blank = b"".join(local_header(member) + descriptor(member, 0) for member in layout.members)
    archive = zipfile.ZipFile(io.BytesIO(blank + layout.directory({})))
    assert len(archive.namelist()) == 70_000
    assert layout.at(layout.offsets[35_000]) == 35_000


def test_two_of_a_name_are_told_apart():
    made = unique([Member(name, 0, NOW, uuid4()) for name in ("a", "a", "a/", "b/x.txt", "b/x.txt", "b/")])
    assert sorted(member.name for member in made) == ["a (1)", "a (2)", "a/", "b/", "b/x (1).txt", "b/x.txt"]
