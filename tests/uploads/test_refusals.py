"""Quota, strangers, and dependencies that are away: a clear answer, and never a false offset."""

import os
import time

import httpx
import pytest
from sqlalchemy import text

from service.core.db import Database
from service.core.settings import DatabaseSettings
from tests.harness import TUS, wait_until

MIB = 1 << 20


def usage(stack, owner):
    return stack.sql("SELECT reserved_bytes, used_bytes FROM quota_slots WHERE owner_id = %s", owner)[0]


def test_quota_is_reserved_at_create_and_used_at_finish(stack, client, project):
    url = client.create(project, 1000, filename="q").headers["location"]
    assert usage(stack, project) == (1000, 0)
    client.append(url, 0, b"x" * 1000)
    assert usage(stack, project) == (0, 1000)


def test_over_quota_is_413_with_what_is_left_and_leaves_nothing(stack, client, project):
    stack.sql("UPDATE quota_slots SET limit_bytes = 1500 WHERE owner_id = %s", project)
    client.upload(project, b"x" * 1000)
    answer = client.create(project, 501, filename="q")
    assert answer.status_code == 413
    assert answer.json()["code"] == "quota.exceeded"
    assert answer.json()["left_bytes"] == 500
    assert usage(stack, project) == (0, 1000)
    assert client.create(project, 500, filename="q").status_code == 201


def test_other_people_see_nothing_and_disturb_nothing(client, stranger, project):
    url = client.create(project, 100, filename="s").headers["location"]
    client.append(url, 0, b"x" * 50)
    epoch_before = client.get(f"/uploads/{url.rpartition('/')[2]}").json()["updated_at"]
    for answer in (
        stranger.head(url, headers=TUS),
        stranger.append(url, 50, b"x"),
        stranger.delete(url, headers=TUS),
        stranger.get(url),
        stranger.create(project, 5),
    ):
        assert answer.status_code == 404
    assert client.get(f"/uploads/{url.rpartition('/')[2]}").json()["updated_at"] == epoch_before
    file = client.file_of(client.upload(project, b"secret"))
    for path in ("", "/content", "/versions", "/playback", "/link"):
        assert stranger.get(f"/files/{file['id']}{path}").status_code == 404
    assert stranger.delete(f"/files/{file['id']}").status_code == 404
    assert stranger.get(f"/projects/{project}/entries").status_code == 404


def test_unknown_ids_are_404(client):
    nothing = "01a208c5-0000-7000-8000-000000000000"
    assert client.head(f"/tus/{nothing}", headers=TUS).status_code == 404
    assert client.append(f"/tus/{nothing}", 0, b"x").status_code == 404
    assert client.get(f"/files/{nothing}").status_code == 404
    assert client.get(f"/projects/{nothing}").status_code == 404


def test_store_down_patch_is_503_and_head_tells_the_truth(stack, client, project):
    body = os.urandom(40 * MIB)
    url = client.create(project, len(body), filename="down").headers["location"]
    assert client.append(url, 0, body[: 16 * MIB]).status_code == 204
    with stack.freeze("s3"):
        began = time.monotonic()
        answer = client.append(url, 16 * MIB, body[16 * MIB :])
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert time.monotonic() - began < 80
        assert client.offset(url) == 16 * MIB
    offset = client.offset(url)
    wait_until(lambda: client.append(url, client.offset(url), body[client.offset(url) :]).status_code == 204, 60, 1, "the store's return")
    assert offset >= 16 * MIB
    assert client.content(client.file_of(url)["id"]) == body


def test_database_down_head_is_423_and_patch_503(stack, client, project):
    url = client.create(project, 10 * MIB, filename="db").headers["location"]
    client.append(url, 0, b"x" * MIB)
    assert stack.kill("postgres")
    seen = []
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and len({status for status, _ in seen}) < 2:
        seen.append((client.head(url, headers=TUS).status_code, None))
        seen.append((client.append(url, MIB, b"y").status_code, None))
        if seen[-1][0] == 204:
            break
    statuses = {status for status, _ in seen}
    assert statuses <= {200, 204, 409, 423, 503}, statuses
    stack.wait_ready("postgres")
    offset = client.offset(url)
    assert offset in {MIB, MIB + 1}


def test_a_database_that_restarts_costs_no_byte(stack, client, project):
    url = client.create(project, 10 * MIB, filename="db").headers["location"]
    client.append(url, 0, b"x" * MIB)
    assert stack.kill("postgres")
    head = client.head(url, headers=TUS)
    assert head.status_code in {200, 423}
    if head.status_code == 200:
        assert head.headers["upload-offset"] == str(MIB)
    stack.wait_ready("postgres")
    assert client.offset(url) == MIB


async def test_a_pooled_connection_that_the_server_closed_is_not_used(stack):
    database = Database(DatabaseSettings(url=stack.database_url(), pool_size=2))

    async def backend():
        async with database.read() as session:
            return (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()

    first = await backend()
    assert await backend() == first, "it is pooled"
    stack.sql("SELECT pg_terminate_backend(%s, 5000)", first)
    assert await backend() != first
    await database.close()


def test_redis_down_everything_but_background_work_goes_on(stack, client, project):
    with stack.freeze("valkey"):
        url = client.upload(project, b"x" * MIB, filename="noredis.png")
        file = client.file_of(url)
        assert client.content(file["id"]) == b"x" * MIB
        assert client.get("/me").status_code == 200
        ready = httpx.get(f"{stack.base}/readyz", timeout=30).json()
        assert ready["checks"]["database"] == ready["checks"]["store"] == "ok"
        assert ready["checks"]["queue"] != "ok"
    wait_until(
        lambda: stack.sql("SELECT 1 FROM jobs WHERE file_id = %s AND finished_at IS NOT NULL", file["id"]),
        40,
        0.5,
        "the job after Redis came back",
    )


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x.y.z", "Basic YTpi"])
def test_tokens_that_are_none(stack, token):
    answer = httpx.get(f"{stack.base}/api/v1/me", headers={"Authorization": token} if token else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_an_expired_token_of_the_owner_gets_423_on_head_and_401_elsewhere(stack, client, project):
    import jwt

    url = client.create(project, 10, filename="t").headers["location"]
    secret = (stack.data_dir / "secrets" / "secret_key").read_text().strip()
    claims = jwt.decode(client.tokens["access_token"], options={"verify_signature": False})
    claims |= {"iat": claims["iat"] - 7200, "exp": claims["exp"] - 7200}
    expired = {**TUS, "Authorization": "Bearer " + jwt.encode(claims, secret, algorithm="HS256", headers={"typ": "at+jwt"})}
    assert httpx.head(url, headers=expired).status_code == 423
    assert httpx.get(f"{stack.base}/api/v1/me", headers=expired).json()["code"] == "auth.token_expired"
    tampered = {**TUS, "Authorization": "Bearer " + jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"typ": "at+jwt"})}
    assert httpx.head(url, headers=tampered).status_code == 401


def test_a_request_whose_database_dies_in_the_middle_is_503_and_never_500(stack, client, project):
    """Requests that hold a session while Postgres is killed end as "try again", whatever the driver raises."""
    import threading

    statuses: set[int] = set()
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            statuses.add(httpx.post(f"{stack.base}/api/v1/projects", json={"name": "x"}, headers=client.headers, timeout=60).status_code)
            statuses.add(httpx.get(f"{stack.base}/api/v1/me", headers=client.headers, timeout=60).status_code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        assert stack.kill("postgres")
        stack.wait_ready("postgres")
    stop.set()
    for thread in threads:
        thread.join(60)
    assert {200, 201} <= statuses <= {200, 201, 503}, statuses
