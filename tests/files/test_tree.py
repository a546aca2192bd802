"""Folders and files moved about: what goes where, what is refused, and what folders say they hold."""

import random
import threading
from uuid import UUID, uuid4

import pytest

from service.core.db import Database
from service.core.settings import load
from service.files.tree import repository
from service.files.tree.policies import OnConflict, plan
from tests.harness import wait_until


def folder(client, project, path, parent=None):
    made = client.post("/folders", json={"project_id": project, "path": path, "parent_id": parent})
    assert made.status_code == 201, made.text
    return made.json()["id"]


def put(client, project, name, body=b"x", **meta):
    made = client.create(project, len(body), content=body, filename=name, **meta)
    assert made.status_code == 201, made.text
    return client.file_of(made.headers["location"])


def bulk(client, project, verb, **rest):
    return client.post(f"/projects/{project}/entries/bulk", json={"verb": verb, **rest})


def names(client, project, folder_id=None, **query):
    found, cursor = [], None
    while True:
        asked = {"limit": 3, **query, **({"folder": folder_id} if folder_id else {}), **({"cursor": cursor} if cursor else {})}
        page = client.get(f"/projects/{project}/entries", params=asked).json()
        found += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            return found


def check_totals(stack, project):
    """Every folder says what is live in it and below."""
    wait_until(lambda: stack.sql("SELECT count(*) FROM folder_changes")[0][0] == 0, 20, 0.2, "folding")
    wrong = stack.sql(
        """
        WITH RECURSIVE down AS (
            SELECT id AS top, id FROM folders WHERE project_id = %s
            UNION ALL SELECT down.top, f.id FROM down JOIN folders f ON f.parent_id = down.id AND f.trashed_at IS NULL)
        SELECT f.name, f.files, f.bytes, count(files.id), coalesce(sum(files.size_bytes), 0) FROM down
        JOIN folders f ON f.id = down.top LEFT JOIN files ON files.folder_id = down.id AND files.trashed_at IS NULL
        GROUP BY f.id, f.name, f.files, f.bytes HAVING (f.files, f.bytes) <> (count(files.id), coalesce(sum(files.size_bytes), 0))""",
        project,
    )
    assert wrong == []


def test_a_file_is_renamed_and_moved_and_what_is_stale_is_refused(client, project):
    file = put(client, project, "one.txt")
    etag = client.get(f"/files/{file['id']}").headers["etag"]
    renamed = client.patch(f"/files/{file['id']}", json={"name": "  u\u0308ber.txt "}, headers={"If-Match": etag})
    assert renamed.json()["name"] == "über.txt"
    assert renamed.headers["etag"] != etag
    stale = client.patch(f"/files/{file['id']}", json={"name": "late.txt"}, headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "files.revision_conflict")
    assert (
        client.patch(f"/files/{file['id']}", json={"name": "x"}, headers={"If-Match": '"nonsense"'}).json()["code"] == "files.bad_revision"
    )
    target = folder(client, project, "a/b")
    assert client.patch(f"/files/{file['id']}", json={"folder_id": target}).json()["folder_id"] == target
    assert client.get(f"/files/{file['id']}").json()["location"] == "/a/b"
    for bad in ("", "a/b", "..", "x" * 256, "tab\there", "\u202egpj.exe"):
        assert client.patch(f"/files/{file['id']}", json={"name": bad}).status_code == 400, bad
    assert client.patch(f"/files/{file['id']}", json={"folder_id": str(uuid4())}).status_code == 404


def test_a_taken_name_fails_is_numbered_or_takes_the_place(client, project):
    put(client, project, "a.txt", b"first")
    other = put(client, project, "b.txt", b"second")
    assert client.patch(f"/files/{other['id']}", json={"name": "a.txt"}).json()["code"] == "files.name_taken"
    assert client.patch(f"/files/{other['id']}", json={"name": "a.txt", "on_conflict": "rename"}).json()["name"] == "a (1).txt"
    assert client.patch(f"/files/{other['id']}", json={"name": "a.txt", "on_conflict": "replace"}).json()["name"] == "a.txt"
    assert [item["name"] for item in client.get(f"/projects/{project}/trash").json()["items"]] == ["a.txt"]
    assert client.content(other["id"]) == b"second"


def test_folders_take_what_is_below_along_and_never_go_into_themselves(stack, client, project):
    deep = folder(client, project, "a/b/c")
    put(client, project, "x.txt", b"123", relativePath="a/b/c/x.txt")
    top = client.get(f"/projects/{project}/entries").json()["items"][0]["id"]
    assert client.patch(f"/folders/{top}", json={"parent_id": deep}).json()["code"] == "files.into_itself"
    assert client.patch(f"/folders/{top}", json={"parent_id": top}).json()["code"] == "files.into_itself"
    assert client.patch(f"/folders/{project}", json={"name": "root"}).json()["code"] == "files.root_folder"
    other = folder(client, project, "other")
    assert client.patch(f"/folders/{deep}", json={"parent_id": other, "name": "renamed"}).status_code == 204
    assert names(client, project, other) == ["renamed"]
    check_totals(stack, project)
    assert client.get(f"/folders/{other}").json()["files"] == 1
    assert client.get(f"/folders/{top}").json()["bytes"] == 0
    refused = bulk(client, project, "move", folders=[other], target=deep).json()["refused"]
    assert [one["code"] for one in refused] == ["files.into_itself"]


def test_folders_can_not_be_nested_deeper_than_64(client, project):
    deepest = folder(client, project, "/".join(["d"] * 62))
    two = folder(client, project, "e/f")
    above = client.get(f"/folders/{two}").json()["parent_id"]
    assert client.patch(f"/folders/{above}", json={"parent_id": deepest}).json()["code"] == "files.too_deep"
    assert client.patch(f"/folders/{two}", json={"parent_id": deepest}).status_code == 204


def test_many_are_moved_at_once_and_each_refusal_is_named(client, project):
    target = folder(client, project, "target")
    put(client, project, "taken.txt", relativePath="target/taken.txt")
    files = [put(client, project, f"{number}.txt")["id"] for number in range(3)]
    taken = put(client, project, "taken.txt")["id"]
    gone = str(uuid4())
    outcome = bulk(client, project, "move", files=[*files, taken, gone], target=target, on_conflict="fail").json()
    assert outcome["done"] == 3
    assert {one["id"]: one["code"] for one in outcome["refused"]} == {taken: "files.name_taken", gone: "missing"}
    assert bulk(client, project, "move", files=[taken], target=target).json() == {"done": 1, "refused": [], "is_running": False}
    assert names(client, project, target) == ["0.txt", "1.txt", "2.txt", "taken (1).txt", "taken.txt"]
    assert bulk(client, project, "move", files=files).json()["code"] == "files.target_missing"


def test_everything_in_a_folder_is_chosen_by_the_server(client, project):
    inside = folder(client, project, "inside")
    for number in range(7):
        put(client, project, f"{number}.jpg", relativePath=f"inside/{number}.jpg")
        put(client, project, f"{number}.txt", relativePath=f"inside/{number}.txt")
    folder(client, project, "sub.jpg", inside)
    target = folder(client, project, "target")
    spared = next(
        item for item in client.get(f"/projects/{project}/entries", params={"folder": inside}).json()["items"] if item["name"] == "3.jpg"
    )
    outcome = bulk(client, project, "move", all_in=inside, q=".jpg", exclude=[spared["id"]], target=target).json()
    assert (outcome["done"], outcome["refused"]) == (7, [])
    assert names(client, project, target) == ["sub.jpg", *(f"{number}.jpg" for number in (0, 1, 2, 4, 5, 6))]
    assert names(client, project, inside) == ["0.txt", "1.txt", "2.txt", "3.jpg", "3.txt", "4.txt", "5.txt", "6.txt"]


def test_nothing_of_another_project_is_touched(client, project):
    mine, theirs = put(client, project, "mine.txt"), put(client, client.project("Other"), "theirs.txt")
    for verb in ("trash", "move", "restore", "tag"):
        outcome = bulk(client, project, verb, files=[theirs["id"]], target=project, tags=["x"]).json()
        assert outcome["done"] == 0, verb
    assert client.get(f"/files/{theirs['id']}").json()["tags"] == []
    assert client.get(f"/files/{mine['id']}").json()["trashed_at"] is None


@pytest.mark.parametrize("sort", ["name", "size", "changed", "type"])
@pytest.mark.parametrize("desc", [False, True])
def test_every_column_sorts_over_pages(client, project, sort, desc):
    rng = random.Random(3)
    for number in range(11):
        put(client, project, f"{rng.randrange(100)}-{number}.{rng.choice(['txt', 'json', 'csv'])}", b"x" * rng.randrange(1, 5))
        if number % 3 == 0:
            folder(client, project, f"folder {rng.randrange(100)}-{number}")
    whole = client.get(f"/projects/{project}/entries", params={"sort": sort, "desc": desc, "limit": 500}).json()["items"]
    assert names(client, project, sort=sort, desc=desc) == [item["name"] for item in whole]
    key = {"name": "name", "size": "size_bytes", "changed": "changed_at", "type": "media_type"}[sort]
    values = [item[key] for item in whole if item["kind"] == "file"]
    assert values == sorted(values, reverse=desc)
    kinds = [item["kind"] for item in whole]
    assert kinds == sorted(kinds, reverse=True)


def test_totals_follow_whatever_happens(stack, client, project):
    rng = random.Random(11)
    folders = [folder(client, project, path) for path in ("a", "a/b", "a/b/c", "d", "d/e")]
    files = [put(client, project, f"{number}.bin", b"x" * rng.randrange(1, 50))["id"] for number in range(12)]
    for _ in range(60):
        some = rng.sample(files, 3)
        match rng.randrange(6):
            case 0:
                bulk(client, project, "move", files=some, target=rng.choice([*folders, project]))
            case 1:
                bulk(client, project, "move", folders=[rng.choice(folders)], target=rng.choice([*folders, project]))
            case 2:
                bulk(client, project, "trash", files=some[:1], folders=rng.sample(folders, 1))
            case 3:
                bulk(client, project, "restore", files=files, folders=folders)
            case 4:
                put(client, project, f"{rng.randrange(12)}.bin", b"y" * rng.randrange(1, 50), on_conflict="version")
            case _:
                bulk(client, project, "copy", files=some[:1], target=rng.choice([*folders, project]))
    wait_until(
        lambda: stack.sql("SELECT count(*) FROM jobs WHERE tag = 'files.copy' AND state IN ('queued', 'running')")[0][0] == 0, 60, 0.3
    )
    check_totals(stack, project)


def test_two_moves_into_each_other_make_no_ring(stack, client, project):
    pairs = [(folder(client, project, f"l{number}"), folder(client, project, f"r{number}")) for number in range(8)]
    with stack.client() as other:
        for left, right in pairs:
            movers = [
                threading.Thread(target=lambda who, one, into: who.patch(f"/folders/{one}", json={"parent_id": into}), args=args)
                for args in ((client, left, right), (other, right, left))
            ]
            for mover in movers:
                mover.start()
            for mover in movers:
                mover.join()
    for pair in pairs:
        reached = stack.sql(
            "WITH RECURSIVE up AS (SELECT id, parent_id, 0 AS n FROM folders WHERE id = ANY(%s::uuid[]) UNION ALL SELECT f.id, f.parent_id, n + 1 "
            "FROM up JOIN folders f ON f.id = up.parent_id WHERE n < 10) SELECT count(*) FROM up WHERE parent_id IS NULL",
            list(pair),
        )[0][0]
        assert reached == 2, "both lead to the root"
    check_totals(stack, project)


def test_names_that_are_taken_by_what_moves_along_count_too():
    one, other, third, target = uuid4(), uuid4(), uuid4(), uuid4()
    wanted = [(one, target, "a.txt"), (other, target, "a.txt"), (third, target, "b.txt")]
    made = plan(wanted, {target: {"b.txt"}}, OnConflict.RENAME)
    assert made.places == {one: (target, "a.txt"), other: (target, "a (1).txt"), third: (target, "b (1).txt")}
    assert plan(wanted, {target: {"b.txt"}}, OnConflict.FAIL).refused == [other, third]
    replaced = plan(wanted, {target: {"b.txt"}}, OnConflict.REPLACE)
    assert (replaced.replaced, replaced.refused) == ([(target, "b.txt")], [other])


async def test_a_folder_that_is_locked_is_read_anew(stack, client, project):
    """What was read before the lock may be old by then: a fold of totals, or somebody else's move, came in between."""
    one = UUID(folder(client, project, "one"))
    database = Database(load(stack.settings_env()).database)
    try:
        async with database.write() as session:
            before = await repository.folder_of(session, one)
            assert before.files == 0
            stack.sql("UPDATE folders SET files = 3 WHERE id = %s RETURNING 1", one)
            assert (await repository.lock_folder(session, one)).files == 3
    finally:
        await database.close()
        stack.sql("UPDATE folders SET files = 0 WHERE id = %s RETURNING 1", one)
