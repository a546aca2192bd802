"""Looking into archives over the API: listed by a worker when somebody first looks, members streamed without the rest."""

import io
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path
from urllib.parse import quote

import httpx
import py7zr
import pytest

from tests.files.test_tree import put
from tests.harness import ASSETS, wait_until, zip_of
from workers.tools.archives.sevenzip import program

WORDS = b"every good boy deserves favour\n" * 20_000


UNDER_WAY = {"archive.indexing", "archive.unpacking"}


def ask(client, route, password="", **query):
    """The answer once it is there, however busy the machine is."""
    headers = {"Archive-Password": quote(password)} if password else {}

    def answer():
        found = client.get(route, params=query, headers=headers)
        return None if found.status_code == 409 and found.json()["code"] in UNDER_WAY else found

    return wait_until(answer, 60, 0.2, "the archive")


def look(client, file, **query):
    return ask(client, f"/files/{file}/archive", **query)


def page(client, file, **query):
    answer = look(client, file, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def entry(client, file, path, password="", inside="", **headers):
    ask(client, f"/files/{file}/archive/entry", password, path=path, inside=inside)
    given = {"Archive-Password": quote(password)} if password else {}
    return client.get(f"/files/{file}/archive/entry", params={"path": path, "inside": inside}, headers=headers | given)


def tar_of(files, mode):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return made.getvalue()


def packed(*flags, **files):
    """An archive made by 7-Zip itself."""
    with tempfile.TemporaryDirectory() as folder:
        for name, body in files.items():
            (Path(folder) / name).write_bytes(body)
        suffix = next((flag[2:] for flag in flags if flag.startswith("-t")), "7z")
        command = [program(), "a", "-bd", "-y", *flags, f"made.{suffix}", *files]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        return (Path(folder) / f"made.{suffix}").read_bytes()


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


def test_members_of_a_tar_a_rar_and_a_7z_however_they_are_packed(client, project):
    tar = put(client, project, "x.tar", tar_of({"d/words.txt": WORDS}, "w"))["id"]
    assert entry(client, tar, "d/words.txt").content == WORDS
    assert entry(client, tar, "d/words.txt", Range="bytes=-31").content == WORDS[-31:]
    rar = put(client, project, "x.rar", (ASSETS / "archives/rar5-subdirs.rar").read_bytes())["id"]
    assert entry(client, rar, "sub/dir1/file1.txt").content == b"file1\n"
    seven = io.BytesIO()
    with py7zr.SevenZipFile(seven, "w") as archive:
        archive.writestr(b"hi there", "p/q.txt")
        archive.writestr(WORDS, "p/words.txt")
    for body, name, path, expected in (
        (tar_of({"d/words.txt": WORDS}, "w:gz"), "x.tgz", "d/words.txt", WORDS),
        (seven.getvalue(), "x.7z", "p/q.txt", b"hi there"),
        (seven.getvalue(), "y.7z", "p/words.txt", WORDS),
        ((ASSETS / "archives/rar3-solid.rar").read_bytes(), "solid.rar", "stest2.txt", None),
        ((ASSETS / "archives/seektest.rar").read_bytes(), "packed.rar", "stest1.txt", None),
    ):
        file = put(client, project, name, body)["id"]
        folder = path.rpartition("/")[0]
        assert {item["can_be_read"] for item in page(client, file, prefix=folder)["items"]} == {True}
        found = entry(client, file, path)
        assert found.status_code == 200, found.text
        assert found.content == expected if expected else found.content.startswith(b"000\n001\n")
        # Once it is taken out, it is a file like any other.
        part = entry(client, file, path, Range="bytes=2-5")
        assert (part.status_code, part.content) == (206, found.content[2:6])


def test_a_password_lists_what_is_hidden_and_opens_members(stack, client, project):
    file = put(client, project, "hidden.7z", packed("-psésame 1", "-mhe=on", **{"a.txt": b"alpha", "b.txt": WORDS}))["id"]
    locked = look(client, file)
    assert (locked.status_code, locked.json()["code"]) == (409, "archive.locked")
    assert "takes the password" in locked.json()["detail"]
    wrong = look(client, file, password="guess")
    assert wrong.json()["code"] == "archive.locked"
    assert "does not open" in wrong.json()["detail"]
    assert [item["name"] for item in page(client, file, password="sésame 1")["items"]] == ["a.txt", "b.txt"]
    assert look(client, file).json()["code"] == "archive.locked", "who does not know it sees nothing"
    assert entry(client, file, "b.txt", "sésame 1").content == WORDS
    assert entry(client, file, "b.txt", "guess").json()["code"] == "archive.locked"
    url = ask(client, f"/files/{file}/archive/link", "sésame 1", path="a.txt").json()["url"]
    assert httpx.get(url).content == b"alpha"
    assert stack.sql("SELECT count(*) FROM jobs WHERE payload::text LIKE %s", "%same 1%") == [(0,)], "it lies nowhere in clear"

    for body, name, member, password, begin in (
        (packed("-tzip", "-psecret", "-mem=AES256", **{"c.txt": WORDS}), "aes.zip", "c.txt", "secret", WORDS),
        (packed("-tzip", "-psecret", "-mem=ZipCrypto", **{"c.txt": WORDS}), "old.zip", "c.txt", "secret", WORDS),
        ((ASSETS / "archives/rar5-psw.rar").read_bytes(), "psw.rar", "stest1.txt", "password", b"000\n"),
        ((ASSETS / "archives/rar5-hpsw.rar").read_bytes(), "hpsw.rar", "stest2.txt", "password", b"000\n"),
    ):
        file = put(client, project, name, body)["id"]
        assert page(client, file, password=password)["encrypted"] > 0
        refused = entry(client, file, member)
        assert refused.json()["code"] == ("archive.locked" if name == "hpsw.rar" else "archive.encrypted")
        assert entry(client, file, member, password).content.startswith(begin)
        assert entry(client, file, member, "guess").json()["code"] in {"archive.member_refused", "archive.locked"}


def test_an_archive_in_an_archive_is_looked_into(client, project):
    inner = zip_of({"deep/words.txt": WORDS, "deep/more.zip": zip_of({"x": "y"})}, compression=zipfile.ZIP_DEFLATED)
    seven = packed(**{"seven.txt": b"from within"})
    file = put(client, project, "outer.zip", zip_of({"boxes/inner.zip": inner, "boxes/inner.7z": seven, "boxes/broken.zip": b"no"}))["id"]
    assert page(client, file, inside="boxes/inner.zip")["files"] == 2
    assert [item["path"] for item in page(client, file, inside="boxes/inner.zip", prefix="deep")["items"]] == [
        "deep/more.zip",
        "deep/words.txt",
    ]
    assert entry(client, file, "deep/words.txt", inside="boxes/inner.zip").content == WORDS
    assert entry(client, file, "seven.txt", inside="boxes/inner.7z").content == b"from within"
    url = ask(client, f"/files/{file}/archive/link", path="seven.txt", inside="boxes/inner.7z").json()["url"]
    assert httpx.get(url).content == b"from within"
    assert look(client, file, inside="boxes/none.zip").status_code == 404
    assert look(client, file, inside="boxes/broken.zip").json()["code"] == "archive.unreadable"
    assert look(client, file, inside="boxes").json()["code"] == "archive.none"
    outer = put(client, project, "outer.tgz", tar_of({"inner.zip": inner}, "w:gz"))["id"]
    assert page(client, outer, inside="inner.zip")["files"] == 2


def test_zip_methods_that_nobody_streams_are_unpacked(client, project):
    for method in ("LZMA", "Deflate64", "PPMd"):
        file = put(client, project, f"{method}.zip", packed("-tzip", f"-mm={method}", **{"w.txt": WORDS, "v.txt": b"v" * 9_000}))["id"]
        assert entry(client, file, "w.txt").content == WORDS


def test_a_member_that_unpacks_to_more_than_it_says_is_refused(client, project):
    """Members that are unpacked first can say so, and nothing of them is kept."""
    bomb = bytearray(packed("-tzip", "-mm=LZMA", **{"bomb.bin": bytes(5_000_000)}))
    directory = bomb.find(b"PK\x01\x02")
    bomb[directory + 24 : directory + 28] = (1_000).to_bytes(4, "little")
    file = put(client, project, "bomb.zip", bytes(bomb))["id"]
    refused = entry(client, file, "bomb.bin")
    assert (refused.status_code, refused.json()["code"]) == (409, "archive.member_refused")
    assert "more than the archive says" in refused.json()["detail"]


def test_what_can_not_be_looked_into_says_why(client, project):
    text = put(client, project, "notes.txt", b"just text")["id"]
    assert client.get(f"/files/{text}/archive").json()["code"] == "archive.none"
    for body, name, word in (
        (zip_of({"a": b"x" * 500})[:300], "cut.zip", "damaged"),
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
