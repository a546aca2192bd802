"""Members and what they may hand on; a project's end: out of sight, restored, gone for good."""

import asyncio
from uuid import uuid4

import pytest

from service.core.db import Database
from service.core.settings import load
from service.outbox import service as outbox
from service.projects.jobs import PurgeProjects
from service.storage.s3 import S3Store
from tests.harness import wait_until

PASSWORD = "a-long-enough-password"


@pytest.fixture
def people(stack, client):
    """Signed-in members of `project` by role."""
    made = []

    def join(project, role):
        name = f"{role}-{uuid4().hex[-8:]}"
        client.post("/users", json={"username": name, "password": PASSWORD})
        answer = client.post(f"/projects/{project}/members", json={"username": name, "role": role})
        assert answer.status_code == 201, answer.text
        signed_in = stack.client(name, PASSWORD)
        signed_in.id = answer.json()["user_id"]
        made.append(signed_in)
        return signed_in

    yield join
    for signed_in in made:
        signed_in.close()


def test_members_are_added_once_by_a_name_that_exists(client, project, people):
    member = people(project, "viewer")
    listed = client.get(f"/projects/{project}/members").json()["items"]
    assert {(row["user_id"], row["role"]) for row in listed} >= {(member.id, "viewer")}
    name = next(row["username"] for row in listed if row["user_id"] == member.id)
    again = client.post(f"/projects/{project}/members", json={"username": name, "role": "viewer"})
    assert (again.status_code, again.json()["code"]) == (409, "projects.already_member")
    nobody = client.post(f"/projects/{project}/members", json={"username": "nobody-at-all", "role": "viewer"})
    assert (nobody.status_code, nobody.json()["code"]) == (404, "projects.nobody_of_that_name")


def test_a_manager_reaches_no_owner_and_makes_none(client, project, people):
    manager, viewer = people(project, "manager"), people(project, "viewer")
    me = client.get("/me").json()["id"]
    assert manager.patch(f"/projects/{project}/members/{viewer.id}", json={"role": "manager"}).status_code == 200
    for answer in (
        manager.patch(f"/projects/{project}/members/{viewer.id}", json={"role": "owner"}),
        manager.patch(f"/projects/{project}/members/{me}", json={"role": "viewer"}),
        manager.delete(f"/projects/{project}/members/{me}"),
        manager.patch(f"/projects/{project}", json={"is_archived": True}),
        manager.delete(f"/projects/{project}"),
    ):
        assert answer.status_code == 403, answer.text


def test_the_last_owner_stays_and_a_second_one_lets_the_first_go(stack, client, people):
    owner = people(client.project("Of somebody"), "viewer")
    project = owner.project("Own")
    me = owner.get("/me").json()["id"]
    for answer in (
        owner.patch(f"/projects/{project}/members/{me}", json={"role": "viewer"}),
        owner.delete(f"/projects/{project}/members/{me}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "projects.last_owner")
    # An administrator who is no member mends a project whose people left.
    heir = f"heir-{uuid4().hex[-8:]}"
    client.post("/users", json={"username": heir, "password": PASSWORD})
    assert client.get(f"/projects/{project}").status_code == 404
    assert client.post(f"/projects/{project}/members", json={"username": heir, "role": "owner"}).status_code == 201
    assert owner.delete(f"/projects/{project}/members/{me}").status_code == 204
    assert owner.get(f"/projects/{project}").status_code == 404
    with stack.client(heir, PASSWORD) as signed_in:
        assert signed_in.get(f"/projects/{project}").json()["role"] == "owner"


def test_a_quota_below_what_is_used_refuses_and_takes_nothing(client, project):
    file = client.file_of(client.upload(project, b"x" * 2_000, filename="kept.bin"))
    assert client.patch(f"/system/projects/{project}", json={"quota_bytes": 1_000}).status_code == 204
    refused = client.create(project, 10, filename="more.bin")
    assert (refused.status_code, refused.json()["code"], refused.json()["owner"]) == (413, "quota.exceeded", "project")
    assert client.content(file["id"]) == b"x" * 2_000
    listed = client.get("/system/projects", params={"limit": 500}).json()["items"]
    row = next(row for row in listed if row["id"] == project)
    assert (row["quota"]["limit_bytes"], row["quota"]["used_bytes"], row["owner"]) == (1_000, 2_000, "admin")


def test_a_deleted_project_is_out_of_sight_and_comes_back(client, project, people):
    viewer = people(project, "viewer")
    file = client.file_of(client.upload(project, b"kept" * 100, filename="kept.bin"))
    upload = client.create(project, 100, filename="open.bin").headers["location"]
    assert client.delete(f"/projects/{project}").status_code == 204
    for answer in (
        client.get(f"/projects/{project}"),
        client.get(f"/files/{file['id']}"),
        client.append(upload, 0, b"x" * 100),
        client.delete(f"/projects/{project}"),
        viewer.get(f"/projects/{project}/entries"),
    ):
        assert answer.status_code == 404, answer.text
    assert project in {row["id"] for row in client.get("/projects", params={"deleted": True}).json()["items"]}
    assert viewer.get("/projects", params={"deleted": True}).json()["items"] == []
    assert viewer.post(f"/projects/{project}/restore").status_code == 409
    assert client.post(f"/projects/{project}/restore").json()["deleted_at"] is None
    assert client.content(file["id"]) == b"kept" * 100
    assert client.append(upload, 0, b"x" * 100).status_code == 204


def test_after_its_delay_a_project_is_gone_with_all_it_held(stack, client):
    settings = load(stack.settings_env())
    project = client.project("To be purged")
    used_before = client.get("/me").json()["quota"]["used_bytes"]
    client.upload(project, b"gone" * 5_000, filename="gone.bin")
    client.post("/folders", json={"project_id": project, "path": "some/where"})
    # An open upload with a part in the store, and what it reserved.
    unfinished = client.create(project, 30 << 20, filename="open.bin").headers["location"]
    client.append(unfinished, 0, b"x" * (6 << 20))
    upload_id = unfinished.rpartition("/")[2]
    key = stack.sql("SELECT v.key FROM file_versions v JOIN files f ON f.id = v.file_id WHERE f.project_id = %s", project)[0][0]
    assert client.delete(f"/projects/{project}").status_code == 204

    def purge():
        async def work():
            database = Database(settings.database)
            async with database.write() as session:
                outbox.enqueue(session, [PurgeProjects()])
            await database.close()

        asyncio.run(work())

    purge()
    wait_until(
        lambda: stack.sql("SELECT 1 FROM jobs WHERE tag = 'projects.purge' AND state IN ('queued', 'running')") == [], 60, 0.3, "the job"
    )
    assert stack.sql("SELECT count(*) FROM files WHERE project_id = %s", project) == [(1,)], "its delay is not over"

    stack.sql("UPDATE projects SET deleted_at = now() - interval '15 days' WHERE id = %s", project)

    def is_gone():
        purge()
        # The sweeper waits a quarter of an hour for late parts; a test doesn't.
        stack.sql("UPDATE uploads SET sweep_after = now() WHERE id = %s AND sweep_after IS NOT NULL", upload_id)
        return stack.sql("SELECT 1 FROM projects WHERE id = %s", project) == []

    wait_until(is_gone, 120, 2, "the project to be gone")
    for table in ("files", "folders", "uploads", "project_members"):
        assert stack.sql(f"SELECT count(*) FROM {table} WHERE project_id = %s", project) == [(0,)]
    assert stack.sql("SELECT count(*) FROM quota_slots WHERE owner_id = %s", project) == [(0,)]
    assert client.get("/me").json()["quota"]["used_bytes"] == used_before

    async def exists():
        store = S3Store(settings.store)
        try:
            return await store.head(settings.store.originals, key) is not None
        finally:
            await store.close()

    wait_until(lambda: not asyncio.run(exists()), 120, 2, "the object to be gone")
