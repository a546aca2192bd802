"""Partial and final uploads (tus 1.0.0, section Concatenation), joined at the store."""

import os
import random

import pytest

from service.storage.join import Span, plan_join
from service.storage.port import MIN_PART
from tests.harness import TUS, metadata, wait_until

MIB = 1 << 20
PARTIAL = {"Upload-Concat": "partial"}


def partial(client, project, body):
    answer = client.create(project, len(body), PARTIAL, content=body if len(body) < 100_000 else None)
    assert answer.status_code == 201, answer.text
    url = answer.headers["location"]
    if len(body) >= 100_000:
        assert client.append(url, 0, body).status_code == 204
    return url


def final(client, project, urls, headers=None, **meta):
    return client.post(
        f"/projects/{project}/tus",
        headers={**TUS, "Upload-Concat": f"final;{' '.join(urls)}", "Upload-Metadata": metadata(**meta), **(headers or {})},
    )


def joined(client, answer):
    """The content of a final, once it is joined."""
    assert answer.status_code == 201, answer.text
    url = answer.headers["location"]
    wait_until(lambda: "upload-offset" in client.head(url, headers=TUS).headers, 60, 0.2, "the join")
    return client.content(client.file_of(url)["id"])


def usage(stack, project):
    return stack.sql("SELECT reserved_bytes, used_bytes FROM quota_slots WHERE owner_id = %s", project)[0]


@pytest.mark.parametrize(
    "sizes", [[1], [0, 5, 0], [3 * MIB, 4 * MIB], [20 * MIB, 1, 20 * MIB], [5 * MIB, 5 * MIB, 7 * MIB], [17 * MIB, 4 * MIB, 3 * MIB]]
)
def test_partials_of_any_size_are_joined_and_used_up(stack, client, project, sizes):
    bodies = [os.urandom(size) for size in sizes]
    urls = [partial(client, project, body) for body in bodies]
    assert usage(stack, project) == (sum(sizes), 0)
    assert client.get(f"/projects/{project}/entries").json()["items"] == [], "a partial is no file"
    answer = final(client, project, urls, filename="whole.bin")
    assert "upload-expires" not in answer.headers
    assert joined(client, answer) == b"".join(bodies)
    head = client.head(answer.headers["location"], headers=TUS)
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == (str(sum(sizes)), str(sum(sizes)))
    assert head.headers["upload-concat"].startswith("final;/api/v1/tus/")
    assert usage(stack, project) == (0, sum(sizes))
    assert [client.head(url, headers=TUS).status_code for url in urls] == [410] * len(urls)
    assert [entry["name"] for entry in client.get(f"/projects/{project}/entries").json()["items"]] == ["whole.bin"]


def test_two_hundred_partials(stack, client, project):
    chooser = random.Random(7)
    bodies = [chooser.randbytes(chooser.randint(1, 90_000)) for _ in range(199)] + [os.urandom(21 * MIB)]
    chooser.shuffle(bodies)
    urls = [partial(client, project, body) for body in bodies]
    assert joined(client, final(client, project, urls, filename="many.bin")) == b"".join(bodies)
    assert usage(stack, project) == (0, sum(map(len, bodies)))


def test_a_partial_may_be_named_twice_and_relatively(stack, client, project):
    a, b = os.urandom(6 * MIB), os.urandom(100)
    one, two = (partial(client, project, body) for body in (a, b))
    relative = "/api/v1/tus/" + two.rpartition("/")[2]
    assert joined(client, final(client, project, [one, relative, one], filename="twice.bin")) == a + b + a
    assert usage(stack, project) == (0, 2 * len(a) + len(b))


def test_head_of_a_partial_and_what_a_final_refuses(client, project):
    url = partial(client, project, b"abc")
    head = client.head(url, headers=TUS)
    assert (head.headers["upload-concat"], head.headers["upload-offset"]) == ("partial", "3")
    assert "upload-expires" in head.headers
    assert client.get(url, follow_redirects=False).status_code == 404
    answer = final(client, project, [url], filename="f.bin")
    assert joined(client, answer) == b"abc"
    location = answer.headers["location"]
    assert client.append(location, 3, b"more").status_code == 403
    assert final(client, project, [url]).status_code == 410, "used up"
    assert final(client, project, [location]).status_code == 400, "a final is no partial"


@pytest.mark.parametrize(
    "value", ["final;", "final", "whole", "", "final;https://elsewhere.example/files/1", "final;/api/v1/tus/x", "partial;/api/v1/tus/x"]
)
def test_a_malformed_concat_is_400(client, project, value):
    answer = client.post(f"/projects/{project}/tus", headers={**TUS, "Upload-Concat": value})
    assert (answer.status_code, answer.json()["code"]) == (400, "uploads.bad_header")


def test_lengths_and_bodies_do_not_go_with_a_final(client, project):
    url = partial(client, project, b"abc")
    assert final(client, project, [url], {"Upload-Length": "3"}).status_code == 400
    assert final(client, project, [url], {"Upload-Defer-Length": "1"}).status_code == 400
    assert client.create(project, None, PARTIAL).status_code == 400
    answer = client.post(
        f"/projects/{project}/tus",
        headers={**TUS, "Upload-Concat": f"final;{url}", "Content-Type": "application/offset+octet-stream"},
        content=b"abc",
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "uploads.final_has_no_body")


def test_other_peoples_and_unknown_partials_are_404(client, stranger, project):
    url = partial(client, project, b"abc")
    theirs = stranger.project("Theirs")
    assert final(stranger, theirs, [url]).status_code == 404
    assert final(client, project, [url, "/api/v1/tus/01a208c5-0000-7000-8000-000000000000"]).status_code == 404
    other = client.project("Other")
    assert final(client, other, [url]).status_code == 400
    assert client.offset(url) == 3


def test_unfinished_partials_are_joined_when_they_are_there(stack, client, project):
    one = client.create(project, 10, PARTIAL).headers["location"]
    two = partial(client, project, b"0123456789")
    answer = final(client, project, [one, two], filename="later.bin")
    assert answer.status_code == 201
    head = client.head(answer.headers["location"], headers=TUS)
    assert (head.status_code, head.headers["upload-length"]) == (200, "20")
    assert "upload-offset" not in head.headers
    assert final(client, project, [two]).status_code == 409
    assert client.delete(two, headers=TUS).status_code == 423, "it is being joined"
    assert client.append(one, 0, b"abcdefghij").status_code == 204
    assert joined(client, answer) == b"abcdefghij0123456789"
    assert usage(stack, project) == (0, 20)


def test_a_final_whose_partial_is_ended_is_gone_and_gives_the_others_back(stack, client, project):
    one = client.create(project, 10, PARTIAL).headers["location"]
    two = partial(client, project, b"0123456789")
    answer = final(client, project, [one, two, two], filename="never.bin")
    assert usage(stack, project) == (30, 0)
    assert client.delete(one, headers=TUS).status_code == 204
    wait_until(lambda: client.head(answer.headers["location"], headers=TUS).status_code == 410, 40, 0.5, "the end of the final")
    assert usage(stack, project) == (10, 0)
    assert joined(client, final(client, project, [two], filename="alone.bin")) == b"0123456789"


def test_partials_nobody_joins_end_with_their_time_and_by_delete(stack, client, project):
    one, two = (partial(client, project, b"abc") for _ in range(2))
    assert usage(stack, project) == (6, 0)
    assert client.delete(one, headers=TUS).status_code == 204
    stack.sql("UPDATE uploads SET expires_at = now() - interval '1 second' WHERE id = %s", two.rpartition("/")[2])
    wait_until(lambda: usage(stack, project) == (0, 0), 40, 0.5, "the quota")
    assert [client.head(url, headers=TUS).status_code for url in (one, two)] == [410, 410]


def test_a_killed_join_is_done_again(stack, client, project):
    bodies = [os.urandom(30 * MIB) for _ in range(4)]
    urls = [partial(client, project, body) for body in bodies]
    answer = final(client, project, urls, filename="killed.bin")
    stack.kill("api-1")
    stack.kill("api-2")
    stack.kill("s3")
    for name in ("api-1", "api-2", "s3"):
        stack.wait_ready(name)
    assert joined(client, answer) == b"".join(bodies)
    assert usage(stack, project) == (0, 120 * MIB)


def test_the_plan_of_a_join_covers_everything_in_order_with_parts_a_store_takes():
    for seed in range(500):
        chooser = random.Random(seed)
        sizes = [
            chooser.choice([0, 1, MIN_PART - 1, MIN_PART, 600 * MIB, chooser.randint(0, 30 * MIB)]) for _ in range(chooser.randint(1, 12))
        ]
        sources = [(str(number), size) for number, size in enumerate(sizes)]
        parts = plan_join(sources)
        merged: list[Span] = []
        for span in (span for part in parts for span in part):
            if merged and (merged[-1].key, merged[-1].end) == (span.key, span.start):
                merged[-1] = Span(span.key, merged[-1].start, span.end)
            else:
                merged.append(span)
        assert merged == [Span(key, 0, size) for key, size in sources if size]
        assert all(sum(span.size for span in part) >= MIN_PART for part in parts[:-1])
