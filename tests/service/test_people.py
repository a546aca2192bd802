"""Accounts: made, invited, changed, disabled; sessions, one-time links, API tokens, the command line."""

import json
import os
import subprocess
import sys
from uuid import uuid4

import httpx
import pytest

from service.core.pagination import encode_cursor
from tests.harness import ROOT, TUS, wait_until

PASSWORD = "a-long-enough-password"
# A process may know who somebody is by heart for so long.
SOON_S = 30


def fresh(prefix="p"):
    return f"{prefix}-{uuid4().hex[-10:]}"


@pytest.fixture
def person(client):
    made = client.post("/users", json={"username": fresh(), "password": PASSWORD, "full_name": "Ada L.", "quota_bytes": 10_000})
    assert made.status_code == 201, made.text
    return made.json()


def test_an_account_is_made_with_name_and_quota(stack, client, person):
    assert (person["role"], person["state"], person["quota"]["limit_bytes"]) == ("member", "active", 10_000)
    with stack.client(person["username"].upper(), PASSWORD) as signed_in:
        assert signed_in.get("/me").json()["full_name"] == "Ada L."
        signed_in.patch("/me", json={"email": "ada@example.org"})
        me = signed_in.get("/me").json()
        assert (me["email"], me["full_name"]) == ("ada@example.org", "Ada L.")
    found = client.get("/users", params={"q": "ADA@example"}).json()["items"]
    assert person["id"] in {row["id"] for row in found}
    assert client.get(f"/users/{person['id']}").json()["last_sign_in_at"] is not None


def test_text_that_no_database_can_hold_is_refused(client):
    for answer in (
        client.get("/users?q=a%00b"),
        client.post("/me/keys", json={"name": "a\u0000b", "scopes": ["read"]}),
        client.get("/system/projects?q=%00"),
    ):
        assert answer.status_code != 500, answer.text
    refused = client.get("/users?q=a%00b")
    assert (refused.status_code, refused.json()["code"]) == (400, "request.unstorable_text")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"username": "admin", "password": PASSWORD}, "accounts.name_taken"),
        ({"username": "ADMIN", "password": PASSWORD}, "accounts.name_taken"),
        ({"username": "a/b", "password": PASSWORD}, "accounts.bad_username"),
        ({"username": "-a", "password": PASSWORD}, "accounts.bad_username"),
        ({"username": fresh(), "password": "short"}, "accounts.weak_password"),
        ({"username": fresh(), "password": PASSWORD, "email": "nobody"}, "http.validation"),
        ({"username": fresh(), "password": PASSWORD, "quota_bytes": -1}, "http.validation"),
    ],
)
def test_what_makes_no_account(client, body, code):
    answer = client.post("/users", json=body)
    assert answer.json()["code"] == code, answer.text
    assert answer.status_code in {400, 409}


def test_people_are_paged_by_name(client):
    prefix = fresh("page")
    names = [f"{prefix}-{letter}" for letter in "Cab"]
    for name in names:
        assert client.post("/users", json={"username": name, "password": PASSWORD}).status_code == 201
    seen, cursor = [], None
    for _ in range(5):
        page = client.get("/users", params={"q": prefix, "limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        seen += [row["username"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == sorted(names, key=str.lower)


def test_who_is_disabled_is_out_within_half_a_minute_and_may_come_back(stack, client, person):
    with stack.client(person["username"], PASSWORD) as signed_in:
        assert signed_in.get("/me").status_code == 200
        assert client.patch(f"/users/{person['id']}", json={"state": "disabled"}).json()["state"] == "disabled"
        wait_until(lambda: signed_in.get("/me").status_code in {401, 403}, SOON_S, 0.5, "the disabled person to be out")
        refreshed = httpx.post(f"{stack.base}/api/v1/auth/refresh", json={"refresh_token": signed_in.tokens["refresh_token"]})
        assert refreshed.status_code == 401
    again = httpx.post(f"{stack.base}/api/v1/auth/token", json={"username": person["username"], "password": PASSWORD})
    assert again.json()["code"] == "auth.account_disabled"
    assert person["id"] in {row["id"] for row in client.get("/users", params={"state": "disabled", "limit": 500}).json()["items"]}
    client.patch(f"/users/{person['id']}", json={"state": "active"})
    with stack.client(person["username"], PASSWORD) as signed_in:
        assert signed_in.get("/me").status_code == 200


def test_the_last_administrator_stays_one(stack, client, person):
    me = client.get("/me").json()["id"]
    others = [row for row in client.get("/users", params={"limit": 500}).json()["items"] if row["role"] == "admin" and row["id"] != me]
    assert others == [], "other tests leave no administrators"
    for change in ({"state": "disabled"}, {"role": "member"}):
        answer = client.patch(f"/users/{me}", json=change)
        assert (answer.status_code, answer.json()["code"]) == (409, "accounts.last_admin")
    client.patch(f"/users/{person['id']}", json={"role": "admin"})
    with stack.client(person["username"], PASSWORD) as second:
        assert second.get("/users").status_code == 200
        assert second.patch(f"/users/{person['id']}", json={"role": "member"}).status_code == 200
        wait_until(lambda: second.get("/users").status_code in {401, 403}, SOON_S, 0.5, "the former administrator to be out")


def test_a_cursor_that_names_no_place_is_refused(client):
    for path in ("/users/links", "/system/projects", "/files", "/uploads"):
        refused = client.get(path, params={"cursor": encode_cursor("no id")})
        assert (refused.status_code, refused.json()["code"]) == (400, "pagination.bad_cursor"), path


# -- one-time links
def token_of(link):
    return link["url"].partition("#")[2]


def test_an_invitation_makes_one_account(stack, client):
    link = client.post("/users/links", json={"email": "new@example.org", "quota_bytes": 5_000}).json()
    assert "/join/#" in link["url"]
    open_url = f"{stack.base}/api/v1/auth/link"
    assert httpx.post(open_url, json={"token": token_of(link)}).json() == {"username": None, "email": "new@example.org"}
    name = fresh("invited")
    weak = httpx.post(f"{open_url}/accept", json={"token": token_of(link), "username": name, "password": "short"})
    assert weak.json()["code"] == "accounts.weak_password"
    accept = {"token": token_of(link), "username": name, "password": PASSWORD}
    assert httpx.post(f"{open_url}/accept", json=accept).status_code == 204
    again = httpx.post(f"{open_url}/accept", json={**accept, "username": fresh()})
    assert (again.status_code, again.json()["code"]) == (410, "accounts.link_refused")
    with stack.client(name, PASSWORD) as signed_in:
        me = signed_in.get("/me").json()
        assert (me["role"], me["email"], me["quota"]["limit_bytes"]) == ("member", "new@example.org", 5_000)


def test_a_link_ends_by_withdrawal_and_by_age(stack, client):
    withdrawn = client.post("/users/links", json={}).json()
    assert withdrawn["id"] in {row["id"] for row in client.get("/users/links").json()["items"]}
    assert client.delete(f"/users/links/{withdrawn['id']}").status_code == 204
    old = client.post("/users/links", json={}).json()
    stack.sql("UPDATE account_links SET expires_at = now() - interval '1 second' WHERE id = %s", old["id"])
    for link in (withdrawn, old):
        assert httpx.post(f"{stack.base}/api/v1/auth/link", json={"token": token_of(link)}).status_code == 410
    listed = {row["id"] for row in client.get("/users/links").json()["items"]}
    assert not listed & {withdrawn["id"], old["id"]}


def test_a_reset_sets_a_password_and_signs_out(stack, client, person):
    earlier = client.post(f"/users/{person['id']}/reset").json()
    link = client.post(f"/users/{person['id']}/reset").json()
    open_url = f"{stack.base}/api/v1/auth/link"
    assert httpx.post(open_url, json={"token": token_of(earlier)}).status_code == 410, "a new link ends the one before"
    assert httpx.post(open_url, json={"token": token_of(link)}).json()["username"] == person["username"]
    with stack.client(person["username"], PASSWORD) as signed_in:
        answer = httpx.post(f"{open_url}/accept", json={"token": token_of(link), "password": "another-long-password"})
        assert answer.status_code == 204
        wait_until(lambda: signed_in.get("/me").status_code == 401, SOON_S, 0.5, "the old sign-in to end")
    with stack.client(person["username"], "another-long-password") as signed_in:
        assert signed_in.get("/me").status_code == 200


# -- sessions
def test_sessions_are_listed_and_ended_one_by_one(stack, person):
    with stack.client(person["username"], PASSWORD) as here, stack.client(person["username"], PASSWORD) as there:
        listed = here.get("/me/sessions").json()["items"]
        assert [row["is_current"] for row in listed].count(True) == 1
        assert len(listed) == 2
        other = next(row["id"] for row in listed if not row["is_current"])
        assert here.delete(f"/me/sessions/{other}").status_code == 204
        wait_until(lambda: there.get("/me").status_code == 401, SOON_S, 0.5, "the other sign-in to end")
        assert here.get("/me").status_code == 200
        assert here.delete(f"/me/sessions/{uuid4()}").status_code == 404
        assert here.delete("/me/sessions").status_code == 204
        wait_until(lambda: here.get("/me").status_code == 401, SOON_S, 0.5, "this sign-in to end")


# -- API tokens
def bearer(stack, token):
    return httpx.Client(base_url=f"{stack.base}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60)


def test_an_api_token_uploads_within_its_project_and_scopes(stack, client, project):
    made = client.post("/me/keys", json={"name": "camera", "scopes": ["read", "write"], "project_id": project}).json()
    assert made["token"].startswith("stwg_")
    assert made["token"].startswith(made["hint"])
    assert "token" not in client.get("/me/keys").json()["items"][0]
    other = client.project("Other")
    with bearer(stack, made["token"]) as tool:
        head = {**TUS, "Upload-Length": "5", "Content-Type": "application/offset+octet-stream"}
        assert tool.post(f"/projects/{project}/tus", headers=head, content=b"bytes").status_code == 201
        assert tool.post(f"/projects/{other}/tus", headers=head, content=b"bytes").status_code == 404
        assert [row["id"] for row in tool.get("/projects").json()["items"]] == [project]
        assert tool.get(f"/projects/{other}/entries").status_code == 404
        refused = tool.get("/users")
        assert (refused.status_code, refused.json()["code"]) == (403, "auth.scope_missing")
        assert refused.json()["scope"] == "admin"
        assert tool.post("/me/keys", json={"name": "more", "scopes": ["admin"]}).status_code == 403
    assert client.get("/me/keys").json()["items"][0]["last_used_at"] is not None
    assert client.delete(f"/me/keys/{made['id']}").status_code == 204
    with bearer(stack, made["token"]) as tool:
        wait_until(lambda: tool.get("/projects").status_code == 401, SOON_S, 0.5, "the token to stop working")


def test_an_expired_token_says_so_and_a_head_waits(stack, client, project):
    made = client.post("/me/keys", json={"name": "short", "scopes": ["read", "write"], "expires_in_days": 1}).json()
    upload = client.create(project, 10, filename="x.bin").headers["location"]
    stack.sql("UPDATE access_keys SET expires_at = now() - interval '1 second' WHERE id = %s", made["id"])
    with bearer(stack, made["token"]) as tool:
        assert tool.get("/projects").json()["code"] == "auth.token_expired"
        assert tool.head(upload, headers=TUS).status_code == 423


def test_a_token_of_a_disabled_person_is_refused(stack, client, person):
    with stack.client(person["username"], PASSWORD) as signed_in:
        token = signed_in.post("/me/keys", json={"name": "mine", "scopes": ["read"]}).json()["token"]
    client.patch(f"/users/{person['id']}", json={"state": "disabled"})
    with bearer(stack, token) as tool:
        assert tool.get("/projects").json()["code"] == "auth.account_disabled"


def test_an_administrators_token_is_none_without_the_scope(stack, client):
    plain = client.post("/me/keys", json={"name": "plain", "scopes": ["read", "write"]}).json()["token"]
    full = client.post("/me/keys", json={"name": "full", "scopes": ["read", "admin"]}).json()["token"]
    with bearer(stack, plain) as tool:
        assert tool.get("/users").status_code == 403
    with bearer(stack, full) as tool:
        assert tool.get("/users").status_code == 200


# -- the command line
def stowage(stack, *arguments, **env):
    return subprocess.run(
        [sys.executable, "-m", "service.cli.main", "--data-dir", str(stack.data_dir), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, **env},
    )


def test_the_command_line_administers_people(stack, client):
    name = fresh("cli")
    made = stowage(stack, "users", "create", name, "--quota", "2GiB", "--json", STOWAGE_NEW_PASSWORD=PASSWORD)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["quota"]["limit_bytes"] == 2 << 30
    for verb, rest, field, value in (
        ("set-role", ["admin"], "role", "admin"),
        ("set-role", ["member"], "role", "member"),
        ("disable", [], "state", "disabled"),
        ("enable", [], "state", "active"),
    ):
        done = stowage(stack, "users", verb, name, *rest, "--json")
        assert json.loads(done.stdout)[field] == value, done.stderr
    assert json.loads(stowage(stack, "users", "set-quota", name, "500G", "--json").stdout)["quota"]["limit_bytes"] == 500 * 10**9
    assert name in stowage(stack, "users", "list", "--search", name).stdout
    link = stowage(stack, "users", "reset-password", name).stdout
    assert "/join/#" in link
    assert "/join/#" in stowage(stack, "users", "invite").stdout
    unknown = stowage(stack, "users", "disable", "nobody-at-all")
    assert (unknown.returncode, unknown.stderr) == (2, "stowage: Nobody has the name 'nobody-at-all'.\n")
