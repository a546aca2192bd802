"""Projects, folders, versions, downloads, trash and purge."""

import httpx

from tests.harness import wait_until


def test_projects_are_created_renamed_and_paged(client):
    made = [client.project(f"P {number:02}") for number in range(3)]
    assert client.patch(f"/projects/{made[0]}", json={"name": "Renamed"}).json()["name"] == "Renamed"
    names, cursor = [], None
    while True:
        page = client.get("/projects", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        names += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert set(made) <= set(names)
    assert len(names) == len(set(names))
    assert client.post("/projects", json={"name": "a/b"}).json()["code"] == "names.bad_name"
    assert client.get("/projects", params={"limit": 0}).json()["code"] == "pagination.bad_limit"
    assert client.get("/projects", params={"cursor": "!!"}).json()["code"] == "pagination.bad_cursor"


def test_folders_come_first_and_pages_go_on_where_they_ended(client, project):
    for name in ("b.txt", "a.txt", "c.txt"):
        client.upload(project, b"x", filename=name)
    for name in ("z", "y"):
        assert client.post("/folders", json={"project_id": project, "path": name}).status_code == 201
    names, cursor = [], None
    while True:
        page = client.get(f"/projects/{project}/entries", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        names += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert names == ["y", "z", "a.txt", "b.txt", "c.txt"]
    found = client.get(f"/projects/{project}/entries", params={"q": "B.T"}).json()["items"]
    assert [item["name"] for item in found] == ["b.txt"]


def test_the_same_path_twice_is_the_same_folder(client, project):
    first = client.post("/folders", json={"project_id": project, "path": "a/b"}).json()
    assert client.post("/folders", json={"project_id": project, "path": "a/b"}).json()["id"] == first["id"]


def test_downloads_by_store_and_by_api_with_range_and_conditions(client, project):
    body = bytes(range(256)) * 4
    file = client.file_of(client.upload(project, body, filename='we"ird ü.html', filetype="text/html"))
    direct = client.get(f"/files/{file['id']}/content")
    assert direct.status_code == 302
    stored = httpx.get(direct.headers["location"])
    assert stored.content == body
    assert stored.headers["content-disposition"].startswith("attachment")
    assert stored.headers["content-type"] == "application/octet-stream"
    assert httpx.put(direct.headers["location"], content=b"x").status_code in {403, 400, 405}
    proxied = client.get(f"/files/{file['id']}/content", params={"proxy": 1, "inline": 1})
    assert proxied.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in proxied.headers["content-security-policy"]
    part = client.get(f"/files/{file['id']}/content", params={"proxy": 1}, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, body[10:20], "bytes 10-19/1024")
    assert client.get(f"/files/{file['id']}/content", params={"proxy": 1}, headers={"Range": "bytes=5000-"}).status_code == 416
    same = client.get(f"/files/{file['id']}/content", params={"proxy": 1}, headers={"If-None-Match": proxied.headers["etag"]})
    assert same.status_code == 304
    assert client.get("/content/forged").status_code == 403


def test_the_urls_name_an_identity_that_can_only_read(stack, client, project):
    file = client.file_of(client.upload(project, b"x"))
    url = client.get(f"/files/{file['id']}/content").headers["location"]
    writer = stack.settings_env()["STOWAGE_S3_ACCESS_KEY"].replace(":", "%3A")
    assert f"Credential={writer}%2F" not in url


def test_versions_are_listed_newest_first(client, project):
    for body in (b"1", b"22", b"333"):
        url = client.upload(project, body, filename="v.txt", on_conflict="version")
    file = client.file_of(url)
    versions = client.get(f"/files/{file['id']}/versions").json()["items"]
    assert [(version["no"], version["size_bytes"], version["is_current"]) for version in versions] == [
        (3, 3, True),
        (2, 2, False),
        (1, 1, False),
    ]


def test_trash_restore_and_purge(stack, client, project):
    file = client.file_of(client.upload(project, b"x" * 1000, filename="t.txt"))
    assert client.delete(f"/files/{file['id']}", params={"purge": 1}).json()["code"] == "files.not_in_trash"
    assert client.delete(f"/files/{file['id']}").status_code == 204
    assert client.get(f"/projects/{project}/entries").json()["items"] == []
    assert client.post(f"/files/{file['id']}/restore").status_code == 204
    client.delete(f"/files/{file['id']}")
    client.upload(project, b"y", filename="t.txt")
    assert client.post(f"/files/{file['id']}/restore").json()["code"] == "files.name_taken"
    key = stack.sql("SELECT key FROM file_versions WHERE file_id = %s", file["id"])[0][0]
    used = stack.sql("SELECT used_bytes FROM quota_slots WHERE owner_id = %s", project)[0][0]
    assert client.delete(f"/files/{file['id']}", params={"purge": 1}).status_code == 204
    assert client.get(f"/files/{file['id']}").status_code == 404
    assert stack.sql("SELECT used_bytes FROM quota_slots WHERE owner_id = %s", project)[0][0] == used - 1000
    wait_until(lambda: not stack.sql("SELECT 1 FROM doomed_objects WHERE key = %s", key), 120, 1, "the object's deletion")


def test_health_and_metrics(stack, client, project):
    client.upload(project, b"x")
    assert httpx.get(f"{stack.base}/readyz").json()["checks"] == {"database": "ok", "store": "ok", "queue": "ok"}
    text = httpx.get(f"{stack.base}/metrics").text
    assert "stowage_http_requests_total" in text
    assert "stowage_upload_buffer_bytes" in text


def test_answers_name_the_request_and_echo_ours(stack):
    assert httpx.get(f"{stack.base}/healthz", headers={"X-Request-ID": "mine-1"}).headers["x-request-id"] == "mine-1"
    assert httpx.get(f"{stack.base}/healthz", headers={"X-Request-ID": "bad id!"}).headers["x-request-id"] != "bad id!"
    assert httpx.get(f"{stack.base}/nowhere.txt").status_code == 404


def test_cors_allows_the_development_ui_and_nobody_else(stack):
    preflight = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "tus-resumable"}
    good = httpx.options(f"{stack.base}/api/v1/tus/x", headers={"Origin": "http://localhost:3000", **preflight})
    assert good.headers["access-control-allow-origin"] == "http://localhost:3000"
    bad = httpx.options(f"{stack.base}/api/v1/tus/x", headers={"Origin": "https://evil.example", **preflight})
    assert "access-control-allow-origin" not in bad.headers
    error = httpx.get(f"{stack.base}/api/v1/me", headers={"Origin": "http://localhost:3000"})
    assert error.status_code == 401
    assert "Upload-Offset" in error.headers["access-control-expose-headers"]


def test_which_paths_are_files_already(client, project):
    for path in ("a.txt", "deep/er/b.txt", "deep/c.txt"):
        client.upload(project, b"x", filename=path.rpartition("/")[2], relativePath=path)
    folder = client.get(f"/projects/{project}/entries").json()["items"][0]
    assert folder["name"] == "deep"

    def taken(*paths, **more):
        answer = client.post(f"/projects/{project}/entries/taken", json={"paths": paths, **more})
        assert answer.status_code == 200, answer.text
        return sorted(answer.json()["taken"])

    paths = [
        "a.txt",
        "b.txt",
        "deep",
        "deep/a.txt",
        "deep/c.txt",
        "deep/er/b.txt",
        "deep/er/b.txt/x",
        "nowhere/a.txt",
        "/",
        "deep/\x01/c.txt",
    ]
    assert taken(*paths) == ["a.txt", "deep/c.txt", "deep/er/b.txt"]
    assert taken("c.txt", "er/b.txt", "a.txt", folder=folder["id"]) == ["c.txt", "er/b.txt"]
    assert taken() == []
    thrown = next(item for item in client.get(f"/projects/{project}/entries").json()["items"] if item["name"] == "a.txt")
    client.delete(f"/files/{thrown['id']}")
    assert taken("a.txt") == []
    url = f"/projects/{project}/entries/taken"
    assert client.post(url, json={"paths": ["x"] * 1_001}).status_code == 400
    assert client.post(url, json={"paths": ["x"], "folder": project[:-4] + "0000"}).status_code == 404


def test_nobody_else_learns_what_is_taken(client, project, stranger):
    client.upload(project, b"x", filename="a.txt")
    assert stranger.post(f"/projects/{project}/entries/taken", json={"paths": ["a.txt"]}).status_code == 404
