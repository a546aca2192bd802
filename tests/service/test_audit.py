"""The access log: what is in it, who sees it, and how long it is kept."""

import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx

from service.audit.service import keep_months
from service.core.db import Database
from service.core.settings import load
from tests.files.test_tree import put
from tests.harness import wait_until


def lines(client, **query):
    answer = client.get("/system/audit", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_a_refused_sign_in_is_on_record_at_once(stack, client):
    name = f"nobody-{uuid4().hex[-8:]}"
    for _ in range(2):
        assert httpx.post(f"{stack.base}/api/v1/auth/token", json={"username": name, "password": "wrong-password"}).status_code == 401
    found = lines(client, actor=name, outcome="refused")
    assert [(line["verb"], line["actor_kind"], line["details"]["reason"]) for line in found] == [
        ("auth.sign_in", "anonymous", "wrong credentials")
    ] * 2
    assert found[0]["address"] in {"127.0.0.1", "::1"}
    assert found[0]["request_id"]


def test_a_change_is_on_record_with_what_was_and_what_is(client, project, stranger):
    username = stranger.get("/me").json()["username"]
    member = client.post(f"/projects/{project}/members", json={"username": username, "role": "viewer"}).json()["user_id"]
    client.patch(f"/projects/{project}/members/{member}", json={"role": "manager"})
    client.patch(f"/projects/{project}", json={"name": "Renamed"})
    client.patch(f"/system/projects/{project}", json={"quota_bytes": 10**9})
    client.patch(f"/users/{member}", json={"full_name": "Somebody"})
    of_project = {line["verb"]: line["details"] for line in lines(client, project_id=project)}
    assert of_project["members.change"] == {"before": {"role": "viewer"}, "after": {"role": "manager"}}
    assert of_project["projects.rename"] == {"before": {"name": "Test"}, "after": {"name": "Renamed"}}
    assert of_project["projects.set_quota"]["after"] == {"quota_bytes": 10**9}
    assert lines(client, object_id=member, verb="users.change")[0]["details"] == {
        "before": {"full_name": ""},
        "after": {"full_name": "Somebody"},
    }


def test_downloads_are_on_record_within_seconds_and_tokens_are_told_from_people(stack, client, project):
    file = put(client, project, "secret.txt", b"secret")
    token = client.post("/me/keys", json={"name": "ci", "scopes": ["read"]}).json()["token"]
    for part in ({}, {"Range": "bytes=0-"}, {"Range": "bytes=1-"}):
        httpx.get(
            f"{stack.base}/api/v1/files/{file['id']}/content", params={"proxy": 1}, headers={"Authorization": f"Bearer {token}", **part}
        ).raise_for_status()
    found = wait_until(lambda: (seen := lines(client, object_id=file["id"], verb="files.download")) and len(seen) == 2 and seen, 10, 0.2)
    assert {line["actor_kind"] for line in found} == {"token"}
    assert [line["verb"] for line in client.get(f"/files/{file['id']}/activity").json()["items"]] == [
        "files.download",
        "files.download",
        "files.upload",
    ]
    assert "address" not in client.get(f"/projects/{project}/activity").json()["items"][0]


def test_pages_filters_and_exports_agree(client, project):
    names = [f"=cmd{number}.txt" for number in range(5)]
    for name in names:
        client.delete(f"/files/{put(client, project, name)['id']}")
    query = {"project_id": project, "verb": "files.trash"}
    seen, cursor = [], None
    while True:
        page = client.get("/system/audit", params={**query, "limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert [line["object_name"] for line in seen] == names[::-1]
    as_json = [json.loads(line) for line in client.get("/system/audit/export", params={**query, "format": "jsonl"}).text.splitlines()]
    assert as_json == seen
    rows = list(csv.DictReader(io.StringIO(client.get("/system/audit/export", params=query).text)))
    assert [row["object_name"] for row in rows] == [f"'{name}" for name in names[::-1]], "a spreadsheet must not run it"
    until = seen[2]["at"]
    assert [line["id"] for line in lines(client, **query, until=until)] == [line["id"] for line in seen[3:]]
    assert [line["id"] for line in lines(client, **query, since=until)] == [line["id"] for line in seen[:3]]
    assert client.get("/system/audit", params={"cursor": "WyJ4IiwieCJd"}).json()["code"] == "pagination.bad_cursor"


def test_months_are_made_ahead_and_dropped_whole(stack):
    database = Database(load(stack.settings_env()).database)

    async def keep(seconds):
        async with database.write() as session:
            await keep_months(session, seconds)

    async def run():
        try:
            await keep(0)
            stack.sql(
                "CREATE TABLE access_log_2020_01 PARTITION OF access_log FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2020-02-01 00:00+00')"
            )
            stack.sql(
                "INSERT INTO access_log (id, at, actor_kind, actor, verb) VALUES (%s, '2020-01-15', 'system', '', 'x'), (%s, '2019-05-05', 'system', '', 'x')",
                uuid4(),
                uuid4(),
            )
            await keep(0)
            assert stack.sql("SELECT count(*) FROM access_log WHERE at < '2021-01-01'") == [(2,)]
            await keep(int(timedelta(days=400).total_seconds()))
            assert stack.sql("SELECT count(*) FROM access_log WHERE at < '2021-01-01'") == [(0,)]
        finally:
            await database.close()

    asyncio.run(run())
    there = {row[0] for row in stack.sql("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'access_log'::regclass")}
    assert datetime.now(UTC).strftime("access_log_%Y_%m") in there
    assert "access_log_2020_01" not in there


def test_people_are_told_what_concerns_them_and_not_what_they_did(stack, client, project, stranger):
    username = stranger.get("/me").json()["username"]
    assert stranger.get("/me/notices").json() == {"items": [], "next_cursor": None, "new": 0}
    member = client.post(f"/projects/{project}/members", json={"username": username, "role": "viewer"}).json()["user_id"]
    client.patch(f"/projects/{project}/members/{member}", json={"role": "manager"})
    httpx.post(f"{stack.base}/api/v1/auth/token", json={"username": username, "password": "wrong-password"})
    found = stranger.get("/me/notices").json()
    assert [(notice["verb"], notice["is_new"]) for notice in found["items"]] == [
        ("auth.sign_in", True),
        ("members.change", True),
        ("members.add", True),
    ]
    assert found["new"] == 3
    assert stranger.post("/me/notices/seen").status_code == 204
    assert stranger.get("/me/notices").json()["new"] == 0
    assert stranger.delete(f"/projects/{project}/members/{member}").status_code == 204
    assert stranger.get("/me/notices", params={"limit": 1}).json()["new"] == 0, "leaving was their own doing"
