"""Every route with everybody: who gets in, who is told no, and who is told nothing."""

import re
import time
from uuid import uuid4

import httpx
import jwt
import pytest

from service.core.http.guards import EXPIRED_OK, PUBLIC, scope_of
from service.core.principal import Permission, Scope
from service.core.settings import load
from service.projects.policies import PERMISSIONS, WHILE_ARCHIVED
from tests.architecture.test_routes import routes
from tests.service.matrix import ADMIN, ANYBODY, OWN, PASSWORD, ROWS, World

API = "/api/v1"
REFUSED = {401, 403, 404}


def private_routes():
    """(row's key, method, path, handler) of each route that is not public."""
    for path, method, handler in routes():
        if method == "OPTIONS" or handler.opt.get(PUBLIC):
            continue
        short = re.sub(r":[a-z]+\}", "}", path.removeprefix(API))
        yield f"{method} {short}", method, short, handler


def test_every_private_route_has_a_row_and_no_row_is_left_over():
    assert {key for key, *_ in private_routes()} == set(ROWS)


class Cast:
    """Everybody who knocks: their Authorization by name."""

    def __init__(self, stack, admin):
        self.stack = stack
        self.admin = admin
        self.names = {}
        self.clients = {name: self._person(name) for name in (*PERMISSIONS, "stranger", "disabled")}
        owner = self.clients["owner"]
        self.world = World(stack, owner, admin, owner.project("Matrix"))
        self.archived = World(stack, owner, admin, owner.project("Archived"))
        for role in PERMISSIONS:
            if role != "owner":
                self._join(role)
        self.other_project = owner.project("Other")
        self.tokens = {name: client.tokens["access_token"] for name, client in self.clients.items()}
        self.tokens |= {
            "admin": admin.tokens["access_token"],
            "expired": self._expired(),
            "refresh token": owner.tokens["refresh_token"],
            "owner's read token": self._key(["read"]),
            "owner's write token": self._key(["read", "write"]),
            "owner's token for another project": self._key(["read", "write"], self.other_project),
        }
        disabled = admin.get("/users", params={"q": self.names["disabled"]}).json()["items"][0]["id"]
        assert admin.patch(f"/users/{disabled}", json={"state": "disabled"}).status_code == 200

    def _person(self, name):
        self.names[name] = f"{name}-{uuid4().hex[-8:]}"
        made = self.admin.post("/users", json={"username": self.names[name], "password": PASSWORD})
        assert made.status_code == 201, made.text
        return self.stack.client(self.names[name], PASSWORD)

    def _join(self, role):
        owner = self.clients["owner"]
        answer = owner.post(f"/projects/{self.world.project}/members", json={"username": self.names[role], "role": role})
        assert answer.status_code == 201, answer.text

    def _expired(self):
        secret = load(self.stack.settings_env()).auth.secret_key
        token = self.clients["owner"].tokens["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        now = int(time.time())
        return jwt.encode({**claims, "iat": now - 7_200, "exp": now - 3_600}, secret, headers={"typ": "at+jwt"})

    def _key(self, scopes, project=None):
        made = self.clients["owner"].post("/me/keys", json={"name": "matrix", "scopes": scopes, "project_id": project})
        assert made.status_code == 201, made.text
        return made.json()["token"]

    def ask(self, who, method, path, world, row):
        request = row.make(world)
        headers = dict(request.headers)
        if who != "anonymous":
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        asked = httpx.stream(
            method,
            f"{self.stack.base}{API}{request.path(path)}",
            headers=headers,
            params=request.query,
            json=request.json,
            content=request.content,
            timeout=60,
        )
        with asked as answer:
            # Of the live stream there is no end to wait for.
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                answer.read()
        return answer


@pytest.fixture(scope="module")
def cast(stack):
    with stack.client() as admin:
        yield Cast(stack, admin)


def expected(who, row, handler, method):
    """The statuses that would be right: a set of refusals, or None for anything but a refusal."""
    if who == "expired" and handler.opt.get(EXPIRED_OK):
        # Clients of tus take any other refusal of a HEAD for a lost upload.
        return {423}
    if who in {"anonymous", "expired", "refresh token"}:
        return {401}
    if who == "disabled":
        return {401, 403}
    if who.startswith("owner's"):
        needed = scope_of(handler, method)
        if needed not in ({Scope.READ} if who == "owner's read token" else {Scope.READ, Scope.WRITE}):
            return {403}
        if who == "owner's token for another project" and (row.demand not in {ANYBODY, ADMIN} or method == "POST"):
            return {403, 404, 409}
        who = "owner"
    if row.demand == ANYBODY:
        return None
    if row.demand == ADMIN:
        return None if who == "admin" else {403}
    if row.demand == OWN:
        return None if who == "owner" else {404, 409}
    if who == "stranger" or (who == "admin" and not row.by_admin):
        return {404}
    if who == "admin":
        return None
    return None if row.demand in PERMISSIONS[who] else {403}


def check(answer, right, what):
    assert answer.status_code < 500, (what, answer.status_code, answer.text)
    if right is None:
        assert answer.status_code not in REFUSED, (what, answer.status_code, answer.text)
    else:
        assert answer.status_code in right, (what, answer.status_code, answer.text)


def test_every_route_with_everybody(cast, capsys):
    people = ["anonymous", *cast.tokens]
    asked = 0
    for key, method, path, handler in private_routes():
        row = ROWS[key]
        for who in people:
            right = expected(who, row, handler, method)
            if row.spoils and right is None:
                continue
            check(cast.ask(who, method, path, cast.world, row), right, (key, who))
            asked += 1
    with capsys.disabled():
        print(f"\nmatrix: {len(ROWS)} routes by {len(people)} principals, {asked} requests")
    assert asked > 900


def test_nothing_in_an_archived_project_changes(cast):
    things = {key: row.make(cast.archived) for key, row in ROWS.items() if isinstance(row.demand, Permission)}
    owner = cast.clients["owner"]
    assert owner.patch(f"/projects/{cast.archived.project}", json={"is_archived": True}).status_code == 200
    refused = 0
    for key, request in things.items():
        row = ROWS[key]
        # Bytes of an upload that is under way still arrive: what was acknowledged goes on.
        if row.demand in WHILE_ARCHIVED or "{upload_id}" in key:
            continue
        method, _, path = key.partition(" ")
        answer = owner.request(
            method, request.path(path), headers=request.headers, params=request.query, json=request.json, content=request.content
        )
        assert (answer.status_code, answer.json().get("code")) == (403, "projects.archived"), (key, answer.text)
        refused += 1
    assert refused > 8
    assert owner.patch(f"/projects/{cast.archived.project}", json={"is_archived": False, "name": "Back"}).json()["name"] == "Back"
