"""The trash, versions and copies: nothing is lost before it should be, and nothing is charged after."""

import pytest

from tests.files.test_tree import bulk, check_totals, folder, names, put
from tests.harness import wait_until


def used(client, project):
    return client.get(f"/projects/{project}").json()["quota"]["used_bytes"]


def trash(client, project):
    return client.get(f"/projects/{project}/trash").json()["items"]


def run_task(client, task, **rest):
    job = client.post("/system/tasks", json={"task": task, **rest}).json()
    return wait_until(lambda: (found := client.get(f"/system/jobs/{job['id']}").json())["state"] == "done" and found, 60, 0.2, task)[
        "result"
    ]


def test_a_folder_goes_to_the_trash_as_one_thing_and_comes_back_whole(stack, client, project):
    top = folder(client, project, "top/sub")
    file = put(client, project, "x.txt", b"12345", relativePath="top/sub/x.txt")
    above = client.get(f"/folders/{top}").json()["parent_id"]
    assert client.delete(f"/folders/{above}").status_code == 204
    assert names(client, project) == []
    assert [(item["kind"], item["name"]) for item in trash(client, project)] == [("folder", "top")]
    assert client.get(f"/projects/{project}/search", params={"q": "x.txt"}).json()["items"] == []
    assert client.get(f"/projects/{project}/entries", params={"folder": top}).status_code == 404
    assert used(client, project) == 5, "trash counts"
    assert client.delete(f"/folders/{above}").status_code == 204, "twice changes nothing"
    assert client.post(f"/folders/{above}/restore").status_code == 204
    assert names(client, project, top) == ["x.txt"]
    assert [item["id"] for item in client.get(f"/projects/{project}/search", params={"q": "x.txt"}).json()["items"]] == [file["id"]]
    assert client.post(f"/folders/{above}/restore").json()["code"] == "files.not_in_trash"
    check_totals(stack, project)


def test_what_was_in_the_trash_by_itself_stays_there_when_the_folder_comes_back(client, project):
    top = folder(client, project, "top")
    sub = folder(client, project, "sub", top)
    put(client, project, "in-sub.txt", relativePath="top/sub/in-sub.txt")
    alone = put(client, project, "alone.txt", relativePath="top/alone.txt")
    assert client.delete(f"/files/{alone['id']}").status_code == client.delete(f"/folders/{sub}").status_code == 204
    assert client.delete(f"/folders/{top}").status_code == 204
    assert client.post(f"/folders/{top}/restore").status_code == 204
    assert names(client, project, top) == []
    assert client.get(f"/projects/{project}/search", params={"q": "in-sub"}).json()["items"] == []
    assert {item["name"] for item in trash(client, project)} == {"sub", "alone.txt"}


def test_what_comes_back_to_a_place_that_is_gone_comes_to_the_next_above(client, project):
    inner = folder(client, project, "outer/inner")
    outer = client.get(f"/folders/{inner}").json()["parent_id"]
    file = put(client, project, "f.txt", relativePath="outer/inner/f.txt")
    assert client.delete(f"/files/{file['id']}").status_code == 204
    assert client.delete(f"/folders/{inner}").status_code == 204
    assert client.post(f"/files/{file['id']}/restore").status_code == 204
    assert client.get(f"/files/{file['id']}").json()["folder_id"] == outer
    put(client, project, "taken.txt")
    second = put(client, project, "taken2.txt")
    client.patch(f"/files/{second['id']}", json={"name": "taken3.txt"})
    assert client.delete(f"/files/{second['id']}").status_code == 204
    put(client, project, "taken3.txt")
    assert client.post(f"/files/{second['id']}/restore").json()["code"] == "files.name_taken"
    assert bulk(client, project, "restore", files=[second["id"]]).json()["done"] == 1
    assert client.get(f"/files/{second['id']}").json()["name"] == "taken3 (1).txt"


def test_a_purged_folder_gives_back_its_quota_and_its_objects(stack, client, project):
    top = folder(client, project, "top/sub")
    for number in range(5):
        put(client, project, f"{number}.bin", b"x" * 100, relativePath=f"top/sub/{number}.bin")
    keys = [
        row[0] for row in stack.sql("SELECT v.key FROM file_versions v JOIN files f ON f.id = v.file_id WHERE f.project_id = %s", project)
    ]
    above = client.get(f"/folders/{top}").json()["parent_id"]
    assert client.delete(f"/folders/{above}", params={"purge": 1}).json()["code"] == "files.not_in_trash"
    client.delete(f"/folders/{above}")
    assert client.delete(f"/folders/{above}", params={"purge": 1}).status_code == 204
    assert trash(client, project) == []
    assert bulk(client, project, "restore", folders=[above]).json()["refused"][0]["code"] == "missing"
    wait_until(lambda: used(client, project) == 0, 30, 0.2, "the quota back")
    assert stack.sql("SELECT count(*) FROM folders WHERE project_id = %s AND parent_id IS NOT NULL", project) == [(0,)]
    doomed = {row[0] for row in stack.sql("SELECT key FROM doomed_objects WHERE key = ANY(%s)", keys)}
    wait_until(lambda: doomed == set(keys) or not stack.sql("SELECT 1 FROM file_versions WHERE key = ANY(%s)", keys), 10)


def test_the_trash_is_emptied_by_people_and_by_time(stack, client, project):
    old, new = put(client, project, "old.txt", b"12"), put(client, project, "new.txt", b"345")
    for file in (old, new):
        client.delete(f"/files/{file['id']}")
    stack.sql("UPDATE files SET trashed_at = now() - interval '40 days' WHERE id = %s RETURNING id", old["id"])
    assert run_task(client, "empty_trash", older_than_s=30 * 86_400)["things"] >= 1
    assert {item["name"] for item in trash(client, project)} == {"old.txt", "new.txt"}, "a dry run"
    run_task(client, "empty_trash", older_than_s=30 * 86_400, is_dry_run=False)
    assert [item["name"] for item in trash(client, project)] == ["new.txt"]
    assert client.get(f"/files/{old['id']}").status_code == 404
    assert client.delete(f"/projects/{project}/trash").status_code == 204
    assert trash(client, project) == []
    wait_until(lambda: used(client, project) == 0, 30, 0.2, "the quota back")


def test_versions_are_shown_made_current_again_and_deleted(stack, client, project):
    for number in (1, 2, 3):
        file = put(client, project, "v.txt", b"x" * number, on_conflict="version")
    url = f"/files/{file['id']}/versions"
    assert [(row["no"], row["is_current"]) for row in client.get(url).json()["items"]] == [(3, True), (2, False), (1, False)]
    assert client.delete(f"{url}/3").json()["code"] == "files.current_version"
    assert client.post(f"{url}/1/restore").status_code == 204
    assert client.content(file["id"]) == b"x"
    found = client.get(f"/files/{file['id']}").json()
    assert (found["version_no"], found["size_bytes"]) == (1, 1)
    assert client.delete(f"{url}/2").status_code == 204
    assert used(client, project) == 4
    assert client.post(f"{url}/2/restore").status_code == client.delete(f"{url}/9").status_code == 404
    put(client, project, "v.txt", b"x" * 9, on_conflict="version")
    assert [row["no"] for row in client.get(url).json()["items"]] == [4, 3, 1]
    check_totals(stack, project)


def test_only_so_many_versions_are_kept_if_the_project_says_so(client, project):
    assert client.patch(f"/projects/{project}", json={"keep_versions": 2}).json()["keep_versions"] == 2
    assert client.patch(f"/projects/{project}", json={"keep_versions": 0}).status_code == 400
    for number in range(1, 6):
        file = put(client, project, "v.txt", b"x" * number, on_conflict="version")
    url = f"/files/{file['id']}/versions"
    wait_until(lambda: [row["no"] for row in client.get(url).json()["items"]] == [5, 4], 20, 0.2, "pruning")
    wait_until(lambda: used(client, project) == 9, 10, 0.2, "the quota")
    assert client.patch(f"/projects/{project}", json={"keep_versions": None}).json()["keep_versions"] is None


@pytest.mark.parametrize("size", [11, (17 << 20) + 3])
def test_a_copy_is_a_file_of_its_own(stack, client, project, size):
    body = bytes(size)
    file = put(client, project, "o.bin", body) if size < 100 else client.file_of(client.upload(project, body, filename="o.bin"))
    target = folder(client, project, "t")
    assert bulk(client, project, "copy", files=[file["id"]], target=target).json() == {"done": 1, "refused": [], "is_running": True}
    wait_until(lambda: names(client, project, target) == ["o.bin"], 60, 0.2, "the copy")
    copied = client.get(f"/projects/{project}/entries", params={"folder": target}).json()["items"][0]
    assert used(client, project) == 2 * size
    client.delete(f"/files/{file['id']}")
    client.delete(f"/files/{file['id']}", params={"purge": 1})
    assert client.content(copied["id"]) == body
    check_totals(stack, project)


def test_a_folder_is_copied_with_what_is_below_into_another_project(stack, client, project):
    folder(client, project, "top/empty")
    for path in ("top/a.txt", "top/sub/b.txt"):
        put(client, project, path.rpartition("/")[2], path.encode(), relativePath=path)
    top = client.get(f"/projects/{project}/entries").json()["items"][0]["id"]
    assert bulk(client, project, "copy", folders=[top], target=top).json()["code"] == "files.into_itself"
    other = client.project("Copies")
    for _ in range(2):
        assert bulk(client, project, "copy", folders=[top], target=other, target_project=other).status_code == 200
    wait_until(lambda: used(client, other) == 2 * len("top/a.txttop/sub/b.txt"), 60, 0.2, "both copies")
    assert names(client, other) == ["top", "top (1)"]
    inside = client.get(f"/projects/{other}/entries").json()["items"][0]["id"]
    assert names(client, other, inside) == ["empty", "sub", "a.txt"]
    check_totals(stack, other)


def test_a_copy_that_does_not_fit_is_refused_before_it_begins(stack, client, project):
    file = put(client, project, "o.bin", bytes(1_000))
    small = client.project("Small")
    assert client.patch(f"/system/projects/{small}", json={"quota_bytes": 500}).status_code == 204
    refused = bulk(client, project, "copy", files=[file["id"]], target=small, target_project=small)
    assert (refused.status_code, refused.json()["code"]) == (413, "quota.exceeded")
    assert names(client, small) == []
