"""Finding files: by what they are, in one project and in all of mine, and never in another's."""

import asyncio
import json

import pytest
from sqlalchemy import event

from service.core.db import Database
from service.core.principal import Principal, Role
from service.core.settings import load
from service.files import repository as files
from service.files.listing import repository
from service.files.listing.repository import Order, Sort, Wanted
from service.files.trash import repository as trash
from service.files.zips import repository as zips
from tests.files.test_tree import bulk, put

MANY = 20_000
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0"


def found(client, path, **query):
    names, cursor = [], None
    while True:
        page = client.get(path, params={"limit": 2, **query, **({"cursor": cursor} if cursor else {})})
        assert page.status_code == 200, page.text
        names += [item["name"] for item in page.json()["items"]]
        cursor = page.json()["next_cursor"]
        if not cursor:
            return names


def test_files_are_found_by_each_thing_that_can_be_asked(client, project):
    put(client, project, "Holiday 100%.txt", b"a" * 10)
    put(client, project, "holiday_notes.md", b"b" * 1_000)
    put(client, project, "paper.dat", PDF)
    tagged = put(client, project, "deep.txt", b"c" * 50, relativePath="x/y/deep.txt")
    assert client.put(f"/files/{tagged['id']}/tags", json={"tags": ["night", "take 2"]}).status_code == 204
    assert client.put(f"/files/{tagged['id']}/favourite").status_code == 204
    path = f"/projects/{project}/search"
    assert sorted(found(client, path, q="HOLIDAY")) == ["Holiday 100%.txt", "holiday_notes.md"]
    assert found(client, path, q="0%") == ["Holiday 100%.txt"]
    assert found(client, path, q="y_n") == ["holiday_notes.md"]
    assert found(client, path, kind="application") == ["paper.dat"]
    assert found(client, path, media_type="application/pdf") == ["paper.dat"]
    assert found(client, path, min_bytes=40, max_bytes=60) == ["deep.txt"]
    assert found(client, path, tag="night") == found(client, path, favourite=True) == ["deep.txt"]
    assert found(client, path, uploader="ADMIN", q="deep") == ["deep.txt"]
    assert found(client, path, uploader="nobody") == found(client, path, until="2020-01-01T00:00:00Z") == []
    assert len(found(client, path, since="2020-01-01T00:00:00Z")) == 4
    assert client.get(path, params={"q": "deep"}).json()["items"][0]["location"] == "/x/y"
    for sort, key in (("name", "name"), ("size", "size_bytes"), ("changed", "changed_at")):
        for desc in (False, True):
            order = client.get(path, params={"sort": sort, "desc": desc}).json()["items"]
            assert [item[key] for item in order] == sorted((item[key] for item in order), reverse=desc)
            assert found(client, path, sort=sort, desc=desc) == [item["name"] for item in order]
    assert client.get(f"/projects/{project}/tags").json()["items"] == [{"tag": "night", "files": 1}, {"tag": "take 2", "files": 1}]
    assert client.put(f"/files/{tagged['id']}/tags", json={"tags": ["a,b"]}).json()["code"] == "files.bad_tag"
    bulk(client, project, "untag", files=[tagged["id"]], tags=["night"])
    assert client.get(f"/files/{tagged['id']}").json()["tags"] == ["take 2"]


def test_all_of_mine_is_searched_and_nothing_of_others(client, project, stranger):
    put(client, project, "only-here-4711.txt")
    put(client, client.project("Second"), "only-here-4711 too.txt")
    assert len(found(client, "/search", q="only-here-4711")) == 2
    assert found(stranger, "/search", q="only-here-4711") == []
    assert stranger.get(f"/projects/{project}/search").status_code == 404
    assert stranger.put(f"/files/{put(client, project, 'x.txt')['id']}/favourite").status_code == 404


@pytest.mark.parametrize(
    ("name", "claimed", "body", "expected"),
    [
        ("a.txt", "", b"plain words\n", "text/plain"),
        ("a.jpg", "image/jpeg", PDF, "application/pdf"),
        ("a.bin", "", PNG, "image/png"),
        ("data.json", "application/octet-stream", b'{"a": 1}', "application/json"),
        ("table.csv", "", b"a,b\n1,2\n", "text/csv"),
        ("innocent.txt", "text/plain", b"<html><script>alert(1)</script>", "text/html"),
        ("picture.txt", "text/plain", b'<svg xmlns="http://www.w3.org/2000/svg"></svg>', "image/svg+xml"),
        ("noise.mp4", "video/mp4", bytes(range(256)), "application/octet-stream"),
        ("empty.txt", "", b"", "text/plain"),
    ],
)
def test_the_type_is_what_the_bytes_are_and_the_claim_is_kept(client, project, name, claimed, body, expected):
    file = put(client, project, name, body, **({"filetype": claimed} if claimed else {}))
    file = client.processed(file["id"])
    assert (file["media_type"], file["claimed_type"]) == (expected, claimed or None)


@pytest.fixture(scope="module")
def large(stack):
    """A project with many files in many folders, by COPY, among other projects."""
    import psycopg

    with stack.client() as client:
        project = client.project("Large")
        put(client, project, "first.txt")
        ((user,),) = stack.sql("SELECT id FROM users WHERE username = 'admin'")
        with psycopg.connect(stack.database_url()) as connection:
            fill = open_fill()
            fill(connection, project, user, files=MANY, folders=6_000)
        yield project, user
        stack.sql("DELETE FROM files WHERE project_id = %s AND name LIKE 'clip %%' RETURNING 1", project)


def open_fill():
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
    from fill import fill

    return fill


def plans_of(settings, work):
    """(statement, plan) of everything that `work(session)` asks."""
    seen = []

    async def run():
        database = Database(settings.database)

        @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
        def note(_connection, cursor, statement, parameters, *_):
            if statement.lstrip().upper().startswith(("SELECT", "WITH")) and "pg_" not in statement:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
                plan = cursor.fetchone()[0]
                seen.append((statement, plan if isinstance(plan, list) else json.loads(plan)))

        async with database.read() as session:
            await work(session)
        await database.close()

    asyncio.run(run())
    return seen


def scans(node):
    if node.get("Node Type") == "Seq Scan":
        yield node["Relation Name"]
    for inner in node.get("Plans", ()):
        yield from scans(inner)


LARGE_TABLES = {"files", "folders", "file_versions", "file_tags"}
QUESTIONS = {
    "page by name": lambda s, p, pr, u: repository.entries(s, u, p, p, "", Order(Sort.NAME, descending=False), None, 101),
    "page by size": lambda s, p, pr, u: repository.entries(s, u, p, p, "", Order(Sort.SIZE, descending=True), (1, 500, p), 101),
    "page by type": lambda s, p, pr, u: repository.entries(s, u, p, p, "", Order(Sort.TYPE, descending=False), (1, "text/plain", p), 101),
    "filter": lambda s, p, pr, u: repository.entries(s, u, p, p, "clip 12", Order(Sort.NAME, descending=False), None, 101),
    "tree": lambda s, p, pr, u: repository.subfolders(s, p, "", 101),
    "search by name": lambda s, p, pr, u: repository.search(
        s, pr, p, Wanted(text="clip 1234"), Order(Sort.NEWEST, descending=True), None, 101
    ),
    "search of all mine": lambda s, p, pr, u: repository.search(
        s, pr, None, Wanted(text="clip 1234"), Order(Sort.NEWEST, descending=True), None, 101
    ),
    "search by size": lambda s, p, pr, u: repository.search(
        s, pr, p, Wanted(min_bytes=1 << 40), Order(Sort.NEWEST, descending=True), None, 101
    ),
    "search by kind": lambda s, p, pr, u: repository.search(
        s, pr, p, Wanted(kind="chemical"), Order(Sort.NEWEST, descending=True), None, 101
    ),
    "search by tag": lambda s, p, pr, u: repository.search(s, pr, p, Wanted(tag="none"), Order(Sort.NEWEST, descending=True), None, 101),
    "search by uploader": lambda s, p, pr, u: repository.search(
        s, pr, p, Wanted(uploader="nobody"), Order(Sort.NEWEST, descending=True), None, 101
    ),
    "recent": lambda s, p, pr, u: repository.search(s, pr, None, Wanted(), Order(Sort.NEWEST, descending=True), None, 101),
    "favourites": lambda s, p, pr, u: repository.search(
        s, pr, None, Wanted(is_favourite=True), Order(Sort.NEWEST, descending=True), None, 101
    ),
    "one file": lambda s, p, pr, u: files.one(s, pr, p),
    "chain": lambda s, p, pr, u: files.chain(s, p),
    "trash": lambda s, p, pr, u: trash.page(s, p, None, 101),
    "versions of files": lambda s, p, pr, u: trash.versions_of(s, [p]),
    "zip": lambda s, p, pr, u: zips.members(s, zips.Chosen(p, u, p, "", [p], [], None), 10),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_reads_a_large_table_from_end_to_end(stack, large, question):
    project, user = large
    principal = Principal(user, "admin", Role.ADMIN, user)
    plans = plans_of(load(stack.settings_env()), lambda session: QUESTIONS[question](session, project, principal, user))
    assert plans
    for statement, plan in plans:
        read = set(scans(plan[0]["Plan"])) & LARGE_TABLES
        assert read == set(), (question, read, statement, json.dumps(plan)[:3000])
