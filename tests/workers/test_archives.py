"""Looking into archives over the API: listed by a worker when somebody first looks, members streamed without the rest."""

import io
import tarfile
import zipfile
import zlib

import httpx
import py7zr
import pytest

from tests.files.test_tree import put
from tests.harness import ASSETS, wait_until, zip_of

WORDS = b"every good boy deserves favour\n" * 20_000


def look(client, file, **query):
    """The answer once the archive is listed, however busy the machine is."""

    def answer():
        found = client.get(f"/files/{file}/archive", params=query)
        return None if found.status_code == 409 and found.json()["code"] == "archive.indexing" else found

    return wait_until(answer, 60, 0.2, "the index")


def page(client, file, **query):
    answer = look(client, file, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def entry(client, file, path, **headers):
    look(client, file)
    return client.get(f"/files/{file}/archive/entry", params={"path": path}, headers=headers)


def test_a_zip_is_looked_into_folder_by_folder(stack, client, project):
    files = {f"shots/day {day}/{number:03}.txt": f"{day} {number}" for day in range(3) for number in range(120)}
    file = put(client, project, "shoot.zip", zip_of({**files, "readme.md": "# hello"}))["id"]
    root = page(client, file)
    assert (root["format"], root["files"], root["folders"], root["next_cursor"]) == ("zip", 361, 4, None)
    assert [(item["kind"], item["path"], item["files"]) for item in root["items"]] == [
        ("folder", "shots", 360),
        ("file", "readme.md", None),
    ]
    found, cursor = [], None
    for _ in range(10):
        part = page(client, file, prefix="shots/day 1/", limit=50, **({"cursor": cursor} if cursor else {}))
        found += [item["name"] for item in part["items"]]
        if (cursor := part["next_cursor"]) is None:
            break
    assert found == [f"{number:03}.txt" for number in range(120)]
    assert entry(client, file, "shots/day 2/007.txt").text == "2 7"
    assert entry(client, file, "shots/day 2").status_code == 404
    assert entry(client, file, "none").status_code == 404
    assert client.get(f"/files/{file}/archive", params={"cursor": "x"}).json()["code"] == "pagination.bad_cursor"
    # Made once: other looks read what is there.
    assert stack.sql("SELECT count(*) FROM jobs WHERE file_id = %s AND tag = 'media.index_archive'", file) == [(1,)]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_member_comes_alone_and_whole(client, project, method):
    file = put(client, project, "m.zip", zip_of({"a.bin": b"\0" * 3_000_000, "b/words.txt": WORDS, "c": b""}, compression=method))["id"]
    answer = entry(client, file, "b/words.txt")
    assert answer.content == WORDS
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert entry(client, file, "a.bin").content == b"\0" * 3_000_000
    assert entry(client, file, "c").content == b""
    ranged = entry(client, file, "b/words.txt", Range="bytes=100-199")
    if method == zipfile.ZIP_STORED:
        assert (ranged.status_code, ranged.content) == (206, WORDS[100:200])
    else:
        assert (ranged.status_code, ranged.content, ranged.headers["accept-ranges"]) == (200, WORDS, "none")


def test_a_link_to_a_member_needs_no_token_and_ends_with_the_right_to_the_file(stack, client, project):
    file = put(client, project, "l.zip", zip_of({"a.txt": b"abc"}))["id"]
    look(client, file)
    url = client.get(f"/files/{file}/archive/link", params={"path": "a.txt"}).json()["url"]
    assert httpx.get(url).text == "abc"
    assert httpx.get(url[:-3] + "xyz").json()["code"] == "media.bad_ticket"
    assert client.get(f"/files/{file}/archive/link", params={"path": "b.txt"}).status_code == 404
    client.delete(f"/files/{file}")
    client.delete(f"/files/{file}", params={"purge": 1})
    assert httpx.get(url).status_code == 404


def test_members_of_a_tar_and_of_a_rar_and_what_is_bound_to_others(client, project):
    plain, packed = io.BytesIO(), io.BytesIO()
    for body, mode in ((plain, "w"), (packed, "w:gz")):
        with tarfile.open(fileobj=body, mode=mode) as archive:
            info = tarfile.TarInfo("d/words.txt")
            info.size = len(WORDS)
            archive.addfile(info, io.BytesIO(WORDS))
    tar = put(client, project, "x.tar", plain.getvalue())["id"]
    assert entry(client, tar, "d/words.txt").content == WORDS
    assert entry(client, tar, "d/words.txt", Range="bytes=-31").content == WORDS[-31:]
    rar = put(client, project, "x.rar", (ASSETS / "archives/rar5-subdirs.rar").read_bytes())["id"]
    assert entry(client, rar, "sub/dir1/file1.txt").content == b"file1\n"
    seven = io.BytesIO()
    with py7zr.SevenZipFile(seven, "w") as archive:
        archive.writestr(b"hi there", "p/q.txt")
    for body, name, path in ((packed.getvalue(), "x.tgz", "d/words.txt"), (seven.getvalue(), "x.7z", "p/q.txt")):
        file = put(client, project, name, body)["id"]
        folder = path.partition("/")[0]
        assert [item["can_be_read"] for item in page(client, file, prefix=folder)["items"]] == [False]
        refused = entry(client, file, path)
        assert (refused.status_code, refused.json()["code"]) == (409, "archive.member_bound")


def test_what_can_not_be_looked_into_says_why(client, project):
    text = put(client, project, "notes.txt", b"just text")["id"]
    assert client.get(f"/files/{text}/archive").json()["code"] == "archive.none"
    for body, name, word in (
        (zip_of({"a": b"x" * 500})[:300], "cut.zip", "damaged"),
        ((ASSETS / "archives/rar5-hpsw.rar").read_bytes(), "locked.rar", "encrypted"),
        (b"\0" * 5_000, "zeros.7z", "damaged"),
    ):
        file = put(client, project, name, body)["id"]
        refused = look(client, file)
        assert (refused.status_code, refused.json()["code"]) == (409, "archive.unreadable")
        assert word in refused.json()["detail"]
        assert client.get(f"/files/{file}").json()["preview"].get("state") != "failed", "the file is none the worse for it"
    locked = put(client, project, "locked-members.rar", (ASSETS / "archives/rar5-psw.rar").read_bytes())["id"]
    assert page(client, locked)["encrypted"] == 2
    assert entry(client, locked, "stest1.txt").json()["code"] == "archive.encrypted"


def test_a_member_that_is_not_what_the_directory_says_breaks_off(stack, client, project):
    """A bomb that says it is small, and bytes that were changed: never a whole answer."""
    small = bytearray(zip_of({"bomb.bin": b"\0" * 5_000_000}, compression=zipfile.ZIP_DEFLATED))
    directory = small.find(b"PK\x01\x02")
    small[directory + 24 : directory + 28] = (1_000).to_bytes(4, "little")
    changed = bytearray(zip_of({"plain.txt": b"a" * 100}, compression=zipfile.ZIP_DEFLATED))
    directory = changed.find(b"PK\x01\x02")
    changed[directory + 16 : directory + 20] = zlib.crc32(b"other").to_bytes(4, "little")
    for body, name in ((small, "bomb.bin"), (changed, "plain.txt")):
        file = put(client, project, "lies.zip", bytes(body))["id"]
        page(client, file)
        with pytest.raises(httpx.RemoteProtocolError):
            entry(client, file, name)


def test_the_index_goes_with_its_version(stack, client, project):
    file = put(client, project, "gone.zip", zip_of({"a.txt": b"abc"}))["id"]
    page(client, file)
    (row,) = stack.sql("SELECT d.bytes FROM derivatives d JOIN files f ON f.current_version_id = d.version_id WHERE f.id = %s", file)
    assert row[0] > 0
    assert client.get(f"/projects/{project}").json()["derived_bytes"] == row[0]
    assert client.delete(f"/files/{file}").status_code == 204
    assert client.delete(f"/files/{file}", params={"purge": 1}).status_code == 204
    assert client.get(f"/projects/{project}").json()["derived_bytes"] == 0
