"""Many at once on one thing: equal offsets, the edge of a quota, DELETE against PATCH against finish."""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.faults.books import check_quota
from tests.harness import OFFSET_TYPE, TUS, wait_until

MIB = 1 << 20
AT_ONCE = 64


def together(works):
    """All of them started at the same moment; their results."""
    gate = threading.Barrier(len(works))

    def run(work):
        gate.wait(30)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(120) for future in [pool.submit(run, work) for work in works]]


def patch(url, token, offset, body):
    headers = {**TUS, **OFFSET_TYPE, "Authorization": token, "Upload-Offset": str(offset)}
    return httpx.patch(url, headers=headers, content=body, timeout=90).status_code


def test_of_64_patches_at_one_offset_one_counts(stack, client, project):
    bodies = [bytes([number]) * 700_000 for number in range(AT_ONCE)]
    url = client.create(project, 2 * len(bodies[0]), filename="storm.bin").headers["location"]
    token = client.headers["Authorization"]
    answers = Counter(together([lambda body=body: patch(url, token, 0, body) for body in bodies]))
    assert set(answers) <= {204, 409, 423, 503}, answers
    assert answers[204] <= 1, "bytes of one request only can lie at one offset"
    offset = client.offset(url)
    rest = b"!" * (2 * len(bodies[0]) - offset)
    assert client.append(url, offset, rest).status_code == 204
    stored = client.content(client.file_of(url)["id"])
    assert len(set(stored[:offset])) <= 1, "and they are all of one of them"
    assert stored[offset:] == rest
    check_quota(stack, project)


def test_200_creates_at_the_edge_of_a_quota(stack, client, project):
    size, room = 1_000_000, 73
    stack.sql("UPDATE quota_slots SET limit_bytes = %s WHERE owner_id = %s", room * size + size // 2, project)
    token = client.headers["Authorization"]
    creation = f"{client.base_url}projects/{project}/tus"
    headers = {**TUS, "Authorization": token, "Upload-Length": str(size)}
    answers = together([lambda: httpx.post(creation, headers=headers, timeout=90) for _ in range(200)])
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {201: room, 413: 200 - room}
    assert stack.sql("SELECT reserved_bytes FROM quota_slots WHERE owner_id = %s", project) == [(room * size,)]
    for answer in answers:
        if answer.status_code == 201:
            assert client.delete(answer.headers["location"], headers=TUS).status_code == 204
    assert stack.sql("SELECT reserved_bytes FROM quota_slots WHERE owner_id = %s", project) == [(0,)]
    check_quota(stack, project)


def test_delete_against_patch_against_finish(stack, client, project):
    token, chooser, ends = client.headers["Authorization"], random.Random(3), Counter()
    for _ in range(20):
        body = chooser.randbytes(chooser.choice((200_000, 7 * MIB)))
        url = client.create(project, len(body), filename="contested.bin").headers["location"]
        half = len(body) // 2
        assert client.append(url, 0, body[:half]).status_code == 204

        def end(url=url):
            return httpx.delete(url, headers={**TUS, "Authorization": token}, timeout=90).status_code

        def look(url=url):
            return httpx.head(url, headers={**TUS, "Authorization": token}, timeout=90).status_code

        patched, deleted, again, seen = together(
            [lambda url=url, body=body, half=half: patch(url, token, half, body[half:]), end, end, look]
        )
        assert patched in {204, 409, 410, 423, 503}, patched
        assert {deleted, again} <= {204, 410, 423}, (deleted, again)
        assert seen in {200, 410, 423}, seen
        upload = url.rpartition("/")[2]
        wait_until(
            lambda upload=upload: stack.sql("SELECT state FROM uploads WHERE id = %s", upload)[0][0] in {"COMPLETE", "ABORTED", "OPEN"},
            60,
            0.2,
            "an end",
        )
        state, version = stack.sql("SELECT state, version_id FROM uploads WHERE id = %s", upload)[0]
        if patched == 204:
            # It was finished: what DELETE could still do is to move the file to the trash.
            assert version is not None
        if state == "ABORTED" and version is None:
            assert 204 in {deleted, again}
        ends[state, version is not None] += 1
        if state == "OPEN":
            client.delete(url, headers=TUS)
    assert len(ends) > 1, ends
    check_quota(stack, project)
