"""Sign in, rotation with reuse detection, throttling, change of password."""

import os
import threading

import httpx

from tests.harness import Stack


def refresh(stack: Stack, token: str) -> httpx.Response:
    return httpx.post(f"{stack.base}/api/v1/auth/refresh", json={"refresh_token": token})


def test_wrong_and_unknown_credentials_look_the_same(stack):
    answers = [
        httpx.post(f"{stack.base}/api/v1/auth/token", json={"username": name, "password": "nonsense-nonsense"})
        for name in ("admin", "nobody-at-all")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


def test_unknown_fields_are_refused(stack):
    answer = httpx.post(f"{stack.base}/api/v1/auth/token", json={"username": "a", "password": "b", "role": "admin"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "http.validation"


def test_the_browser_gets_a_cookie_that_scripts_can_not_see(stack):
    answer = httpx.post(f"{stack.base}/api/v1/auth/login", json={"username": "admin", "password": stack.password})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/api/v1/auth" in cookie
    assert "refresh_token" not in answer.json()
    again = httpx.post(f"{stack.base}/api/v1/auth/refresh", cookies=answer.cookies)
    assert again.status_code == 200
    foreign = httpx.post(f"{stack.base}/api/v1/auth/refresh", cookies=answer.cookies, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403


def test_rotation_replays_the_same_successor_within_the_grace(stack):
    with stack.client() as client:
        first = client.tokens["refresh_token"]
        successors = {refresh(stack, first).json()["refresh_token"] for _ in range(3)}
    assert len(successors) == 1
    assert first not in successors


def test_reuse_after_the_grace_ends_the_family(stack):
    with stack.client() as client:
        first = client.tokens["refresh_token"]
        second = refresh(stack, first).json()["refresh_token"]
        stack.sql("UPDATE auth_sessions SET used_at = used_at - interval '1 minute' WHERE used_at IS NOT NULL")
        assert refresh(stack, first).status_code == 401
        assert refresh(stack, second).status_code == 401


def test_of_many_refreshes_at_once_one_family_lives_on(stack):
    with stack.client() as client:
        token = client.tokens["refresh_token"]
        answers: list[httpx.Response] = []
        threads = [threading.Thread(target=lambda: answers.append(refresh(stack, token))) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1


def test_logout_ends_the_session(stack):
    with stack.client() as client:
        token = client.tokens["refresh_token"]
        assert client.post("/auth/logout", json={"refresh_token": token}).status_code == 204
        assert refresh(stack, token).status_code == 401


def test_a_refresh_token_is_no_access_token(stack, client):
    assert httpx.get(f"{stack.base}/api/v1/me", headers={"Authorization": f"Bearer {client.tokens['refresh_token']}"}).status_code == 401


def test_change_of_password_signs_out_everywhere(stranger):
    me = stranger.get("/me").json()
    weak = stranger.post("/me/password", json={"current_password": "a-long-enough-password", "new_password": "short"})
    assert weak.json()["code"] == "accounts.weak_password"
    wrong = stranger.post("/me/password", json={"current_password": "not-the-password", "new_password": "another-good-password"})
    assert wrong.status_code == 401
    assert (
        stranger.post(
            "/me/password", json={"current_password": "a-long-enough-password", "new_password": "another-good-password"}
        ).status_code
        == 204
    )
    again = stranger.post("/auth/token", json={"username": me["username"], "password": "another-good-password"})
    assert again.status_code == 200
    assert stranger.post("/auth/refresh", json={"refresh_token": stranger.tokens["refresh_token"]}).status_code == 401


def test_a_disabled_person_is_out(stack, stranger):
    me = stranger.get("/me").json()
    stack.sql("UPDATE users SET state = 'disabled' WHERE id = %s", me["id"])
    answer = stranger.post("/auth/token", json={"username": me["username"], "password": "a-long-enough-password"})
    assert answer.json()["code"] == "auth.account_disabled"


def test_guessing_is_throttled(stack):
    name = f"victim-{os.urandom(3).hex()}"
    statuses = [httpx.post(f"{stack.base}/api/v1/auth/token", json={"username": name, "password": "guess"}).status_code for _ in range(12)]
    assert statuses[:10] == [401] * 10
    assert statuses[-1] == 429
