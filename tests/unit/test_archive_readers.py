"""Directories of archives, good and hostile, and the index they become."""

import asyncio
import io
import struct
import tarfile
import zipfile

import msgspec
import py7zr
import pytest
from backports import zstd

from service.media.archives.index import FILE, FOLDER, Facts, Index
from tests.harness import ASSETS, zip_of
from workers.tools.archives import entries as limits
from workers.tools.archives.entries import Entry, Refused, gather
from workers.tools.archives.index import write_index
from workers.tools.archives.others import read_7z, read_rar, read_tar
from workers.tools.archives.zip_directory import read_zip

RARS = ASSETS / "archives"


def listed(body, form="zip"):
    reader = {"zip": read_zip, "tar": read_tar, "7z": read_7z, "rar": read_rar}[form]
    return gather(form, reader(io.BytesIO(body), len(body)))


def paths(contents):
    return sorted(entry.path for entry in contents.entries)


def indexed(contents):
    body = io.BytesIO()
    facts = msgspec.convert(write_index(contents, body), Facts)

    async def read(start, end):
        return body.getvalue()[start:end]

    return Index(facts, read)


def all_pages(index, folder, limit):
    async def work():
        found, after = [], None
        while rows := await index.page(folder, after, limit):
            found += rows
            after = rows[-1].key
        return found

    return asyncio.run(work())


# -- ZIP
def test_a_zip_is_listed_as_zipfile_lists_it():
    body = zip_of({"a/b/one.txt": b"1" * 500, "ä/ü.txt": "x", "top.bin": b"0" * 1_000}, compression=zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        theirs = {
            info.filename: (info.file_size, info.compress_size, info.header_offset, info.CRC, info.compress_type)
            for info in archive.infolist()
        }
    ours = {entry.path: (entry.size, entry.packed, entry.offset, entry.crc, entry.method) for entry in listed(body).entries}
    assert ours == theirs


def test_what_lies_in_front_of_a_zip_shifts_it():
    body = zip_of({"a.txt": b"abc"})
    shifted = listed(b"#!/bin/sh\n" * 100 + body).entries[0]
    assert shifted.offset == 1_000


def test_zip64_is_read(monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    body = zip_of({f"{number}.bin": b"x" * 200 for number in range(10)})
    assert b"PK\x06\x06" in body
    assert [(entry.size, entry.packed) for entry in listed(body).entries] == [(200, 200)] * 10


@pytest.mark.parametrize("encoding", ["cp866", "shift_jis", "utf-8"])
def test_legacy_names_are_guessed_for_the_whole_archive(encoding):
    names = {"cp866": ["Документы/отчёт за год.txt", "Фотографии/море.jpg"], "shift_jis": ["写真/夏の思い出.jpg", "書類/報告書.txt"]}.get(
        encoding, ["Füße/Öl.txt"]
    )
    body = zip_of({f"{'n' * len(name.encode(encoding))}": b"x" * (index + 1) for index, name in enumerate(names)})
    for name in names:
        raw = name.encode(encoding)
        body = body.replace(b"n" * len(raw), raw, 2)
    assert paths(listed(body)) == sorted(names)


def test_what_would_leave_the_archive_is_left_out_and_counted():
    names = [
        "../up.txt",
        "/root.txt",
        "C:/win.txt",
        "a/../../b.txt",
        "ok.txt",
        "a\\b/c.txt",
        "x/" * 40 + "deep.txt",
        "./dot.txt",
        "a//b.txt",
    ]
    contents = listed(zip_of(dict.fromkeys(names, b"x")))
    assert paths(contents) == ["ok.txt"]
    assert contents.left_out == {"unsafe name": 7, "too deep": 1}


@pytest.mark.parametrize(
    ("path", "shown"),
    [("a/c:x", True), ("c:x", False), ("c:/x", False), ("a/.x", True), ("a/..x", True), ("a/./x", False), ("a//x", False), ("a/../x", False), ("a\\x/b", False)],
)  # fmt: skip
def test_a_folder_is_judged_once_and_a_name_by_itself(path, shown):
    # Beside one that is fine in the same folder, before and after it.
    beside = f"{path.rpartition('/')[0]}/fine".lstrip("/")
    for paths_of in ((path, beside), (beside, path)):
        seen = [entry.path for entry in gather("zip", [Entry(one, is_dir=False, size=1) for one in paths_of]).entries]
        assert (path in seen) is shown


def test_links_in_a_zip_are_left_out():
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        link.create_system = 3
        archive.writestr(link, "/etc/passwd")
        archive.writestr("real.txt", "x")
    contents = listed(body.getvalue())
    assert (paths(contents), contents.left_out) == (["real.txt"], {"link or device": 1})


def test_entries_over_each_other_are_a_bomb():
    body = bytearray(zip_of({"a.bin": b"A" * 1_000, "b.bin": b"B" * 1_000}))
    second = body.find(b"PK\x01\x02", body.find(b"PK\x01\x02") + 4)
    struct.pack_into("<L", body, second + 42, 0)
    with pytest.raises(Refused, match="over each other"):
        listed(bytes(body))


@pytest.mark.parametrize("cut", [0, 1, 10, 30, 200])
def test_a_zip_without_its_end_is_damaged(cut):
    body = zip_of({f"{number}.txt": b"x" * 50 for number in range(10)})
    with pytest.raises(Refused, match="damaged"):
        listed(body[: len(body) - 22 - cut] if cut else b"PK\x03\x04" + bytes(5_000))


def test_a_directory_larger_than_we_read_is_refused_before_it_is_read():
    class Counting(io.BytesIO):
        most = 0

        def read(self, size=-1):
            self.most = max(self.most, size)
            return super().read(size)

    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 60_000, 60_000, 900 << 20, 0, 0)
    file = Counting(end)
    file.seek(0, 2)
    with pytest.raises(Refused):
        list(read_zip(file, (900 << 20) + len(end)))
    assert file.most < 1 << 20


def test_more_entries_than_we_show_are_refused(monkeypatch):
    monkeypatch.setattr(limits, "MAX_ENTRIES", 5)
    with pytest.raises(Refused, match="more than 5 entries"):
        listed(zip_of({f"{number}": b"" for number in range(6)}))


# -- TAR, 7z, RAR
def tarred(mode, members=None):
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode=mode) as archive:
        for name, content in (members or {"d/one.txt": b"hello", "d/two.txt": b"x" * 3_000}).items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(f"bad{kind.decode()}")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    return body.getvalue()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz", "zst"])
def test_a_tar_is_listed_however_it_is_packed(mode):
    body = zstd.compress(tarred("w")) if mode == "zst" else tarred(mode)
    contents = listed(body, "tar")
    assert [(entry.path, entry.size) for entry in contents.entries] == [("d/one.txt", 5), ("d/two.txt", 3_000)]
    assert contents.left_out == {"link or device": 4}
    if mode == "w":
        at = contents.entries[0].offset
        assert body[at : at + 5] == b"hello"
    else:
        assert {entry.offset for entry in contents.entries} == {-1}


def test_a_cut_tar_is_damaged():
    for mode, keep in (("w", 700), ("w:gz", 60)):
        with pytest.raises(Refused, match="damaged"):
            listed(tarred(mode)[:keep], "tar")


def test_a_7z_is_listed_and_says_what_is_locked():
    body = io.BytesIO()
    with py7zr.SevenZipFile(body, "w") as archive:
        archive.writestr(b"hi there", "p/q.txt")
    assert [(entry.path, entry.size) for entry in listed(body.getvalue(), "7z").entries] == [("p/q.txt", 8)]
    for hides_names in (False, True):
        body = io.BytesIO()
        with py7zr.SevenZipFile(body, "w", password="secret", header_encryption=hides_names) as archive:
            archive.writestr(b"hi there", "p/q.txt")
        if hides_names:
            with pytest.raises(Refused, match="encrypted"):
                listed(body.getvalue(), "7z")
        else:
            assert [entry.is_encrypted for entry in listed(body.getvalue(), "7z").entries] == [True]
    with pytest.raises(Refused, match="damaged"):
        listed(body.getvalue()[:40], "7z")


@pytest.mark.parametrize("name", ["rar3-subdirs", "rar5-subdirs"])
def test_a_rar_is_listed_and_its_stored_members_are_found(name):
    body = (RARS / f"{name}.rar").read_bytes()
    found = {entry.path: entry for entry in listed(body, "rar").entries}
    member = found["sub/üȵĩöḋè/file.txt"]
    assert body[member.offset : member.offset + member.size] == b"file\n"
    assert found["sub/dir2"].is_dir


def test_rars_that_are_locked_or_lead_elsewhere():
    assert all(entry.is_encrypted for entry in listed((RARS / "rar5-psw.rar").read_bytes(), "rar").entries)
    with pytest.raises(Refused, match="encrypted"):
        listed((RARS / "rar5-hpsw.rar").read_bytes(), "rar")
    for name in ("rar5-evil-symlink-traversal", "rar3-symlink-unix"):
        assert listed((RARS / f"{name}.rar").read_bytes(), "rar").left_out["link or device"] > 0
    with pytest.raises(Refused, match="damaged"):
        listed((RARS / "rar3-subdirs.rar").read_bytes()[:30], "rar")


# -- the index
def test_folders_that_are_only_in_names_are_there_with_what_is_in_them():
    index = indexed(listed(zip_of({"a/b/one.txt": b"1" * 5, "a/two.txt": b"2" * 7, "top.txt": b"3", "empty/": b""})))
    root = all_pages(index, "", 2)
    assert [(row.kind, row.name, row.size) for row in root] == [(FOLDER, "a", 12), (FOLDER, "empty", 0), (FILE, "top.txt", 1)]
    assert [row.packed for row in root] == [2, 0, 1]
    assert [row.path for row in all_pages(index, "a", 1)] == ["a/b", "a/two.txt"]
    assert all_pages(index, "no/such", 10) == []
    assert (index.facts.files, index.facts.folders, index.facts.size_bytes) == (3, 3, 13)


def test_pages_and_members_are_found_over_many_blocks():
    files = {f"f{number // 700:02}/n{number:05}.txt": b"" for number in range(5_000)}
    index = indexed(listed(zip_of(files)))
    assert len(index.facts.blocks) > 4
    for folder in {name.partition("/")[0] for name in files}:
        assert [row.path for row in all_pages(index, folder, 37)] == sorted(name for name in files if name.startswith(folder + "/"))
    for name in list(files)[::500]:
        assert asyncio.run(index.one(name)).path == name
    assert asyncio.run(index.one("f00")) is None
    assert asyncio.run(index.one("f00/none.txt")) is None


def test_a_file_called_like_a_folder_is_not_shown_twice():
    index = indexed(listed(zip_of({"a": b"file", "a/b.txt": b"x"})))
    assert [(row.kind, row.name) for row in all_pages(index, "", 10)] == [(FOLDER, "a")]


def test_nothing_in_an_archive_is_a_page_of_nothing():
    index = indexed(listed(zip_of({})))
    assert all_pages(index, "", 10) == []
    assert asyncio.run(index.one("x")) is None
