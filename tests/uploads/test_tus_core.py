"""tus 1.0.0 core and extensions, each rule by its status and headers."""

import hashlib
import os
import threading
import time

import httpx
import pytest

from tests.harness import OFFSET_TYPE, TUS, metadata, wait_until

MIB = 1 << 20


def test_options_tells_versions_and_needs_no_token(stack):
    answer = httpx.options(f"{stack.base}/api/v1/tus")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert "creation-with-upload" in answer.headers["tus-extension"]
    assert int(answer.headers["tus-max-size"]) == 50 << 30


def test_every_answer_carries_tus_resumable_also_errors(client, project):
    wrong = client.post(f"/projects/{project}/tus", headers={"Upload-Length": "1"})
    assert wrong.status_code == 412
    assert wrong.headers["tus-resumable"] == "1.0.0"
    assert wrong.headers["tus-version"] == "1.0.0"
    assert wrong.json()["code"] == "uploads.unsupported_version"


@pytest.mark.parametrize("size", [1, 5 * MIB - 1, 16 * MIB, 16 * MIB + 1, 40 * MIB + 17])
@pytest.mark.parametrize("chunk", [None, 3 * MIB + 1, 7 * MIB])
def test_any_size_in_any_chunks_arrives_whole(client, project, size, chunk):
    body = os.urandom(size)
    file = client.file_of(client.upload(project, body, chunk))
    assert file["size_bytes"] == size
    assert hashlib.sha256(client.content(file["id"])).digest() == hashlib.sha256(body).digest()


def test_length_zero_is_finished_at_create(client, project):
    answer = client.create(project, 0, filename="empty.txt")
    assert answer.status_code == 201
    file = client.file_of(answer.headers["location"])
    assert (file["name"], file["size_bytes"]) == ("empty.txt", 0)
    assert client.head(answer.headers["location"], headers=TUS).headers["upload-offset"] == "0"


def test_creation_with_upload_takes_one_request(client, project):
    answer = client.create(project, 11, content=b"hello world", filename="a.txt", filetype="text/plain")
    assert answer.status_code == 201
    assert answer.headers["upload-offset"] == "11"
    file = client.file_of(answer.headers["location"])
    assert client.content(file["id"]) == b"hello world"
    assert file["claimed_type"] == "text/plain"


def test_creation_with_upload_of_a_part_of_it_goes_on_by_patch(client, project):
    body = os.urandom(6 * MIB)
    answer = client.create(project, len(body), content=body[:MIB], filename="b")
    assert answer.headers["upload-offset"] == str(MIB)
    assert client.append(answer.headers["location"], MIB, body[MIB:]).status_code == 204
    assert client.content(client.file_of(answer.headers["location"])["id"]) == body


def test_a_body_with_another_content_type_at_create_is_ignored(client, project):
    answer = client.post(f"/projects/{project}/tus", headers={**TUS, "Upload-Length": "5", "Content-Type": "text/plain"}, content=b"hello")
    assert answer.status_code == 201
    assert "upload-offset" not in answer.headers
    assert client.offset(answer.headers["location"]) == 0


def test_deferred_length_is_declared_on_a_patch(client, project):
    body = os.urandom(20 * MIB)
    url = client.create(project, None, filename="d").headers["location"]
    seen = client.head(url, headers=TUS)
    assert seen.headers["upload-defer-length"] == "1"
    assert "upload-length" not in seen.headers
    assert client.append(url, 0, body[: 18 * MIB]).status_code == 204
    assert client.append(url, 18 * MIB, body[18 * MIB :], {"Upload-Length": str(len(body))}).status_code == 204
    assert client.content(client.file_of(url)["id"]) == body


@pytest.mark.parametrize("size", [3 * MIB, 17 * MIB])
def test_deferred_length_may_be_declared_after_the_last_byte(client, project, size):
    body = os.urandom(size)
    url = client.create(project, None, filename="d").headers["location"]
    assert client.append(url, 0, body).status_code == 204
    done = client.append(url, size, b"", {"Upload-Length": str(size)})
    assert done.status_code == 204, done.text
    assert client.content(client.file_of(url)["id"]) == body


def test_a_second_or_too_small_length_is_refused(client, project):
    url = client.create(project, None, filename="d").headers["location"]
    client.append(url, 0, b"12345")
    assert client.append(url, 5, b"", {"Upload-Length": "4"}).status_code == 400
    assert client.append(url, 5, b"", {"Upload-Length": "9"}).status_code == 204
    assert client.append(url, 5, b"", {"Upload-Length": "9"}).json()["code"] == "uploads.length_conflict"


@pytest.mark.parametrize("value", ["-1", "1.5", "abc", "+5", "007", "", "99999999999999999999"])
def test_a_malformed_length_is_400(client, project, value):
    answer = client.post(f"/projects/{project}/tus", headers={**TUS, "Upload-Length": value})
    assert answer.status_code == 400
    assert answer.json()["code"] == "uploads.bad_header"


def test_length_and_defer_exclude_each_other_and_one_is_needed(client, project):
    both = client.post(f"/projects/{project}/tus", headers={**TUS, "Upload-Length": "1", "Upload-Defer-Length": "1"})
    neither = client.post(f"/projects/{project}/tus", headers=TUS)
    odd = client.post(f"/projects/{project}/tus", headers={**TUS, "Upload-Defer-Length": "2"})
    assert {both.status_code, neither.status_code, odd.status_code} == {400}


def test_too_large_is_413(client, project):
    assert client.create(project, (50 << 30) + 1).json()["code"] == "uploads.too_large"


def test_metadata_empty_is_legal_and_comes_back_as_sent(client, project):
    answer = client.post(f"/projects/{project}/tus", headers={**TUS, "Upload-Length": "1", "Upload-Metadata": ""})
    assert answer.status_code == 201
    raw = metadata(filename="ü ß.txt") + ", lonely"
    url = client.post(f"/projects/{project}/tus", headers={**TUS, "Upload-Length": "1", "Upload-Metadata": raw}).headers["location"]
    assert client.head(url, headers=TUS).headers["upload-metadata"] == raw


@pytest.mark.parametrize("raw", ["filename !!!", "a YQ==,a Yg==", "a b c", "filename /////w=="])
def test_bad_metadata_is_400(client, project, raw):
    answer = client.post(f"/projects/{project}/tus", headers={**TUS, "Upload-Length": "1", "Upload-Metadata": raw})
    assert answer.json()["code"] == "uploads.bad_header"


def test_head_shows_offset_and_length_and_is_not_cached(client, project):
    url = client.create(project, 10, filename="x").headers["location"]
    client.append(url, 0, b"12345")
    seen = client.head(url, headers=TUS)
    assert (seen.status_code, seen.headers["upload-offset"], seen.headers["upload-length"]) == (200, "5", "10")
    assert seen.headers["cache-control"] == "no-store"
    assert "upload-expires" in seen.headers


def test_wrong_offset_is_409_and_changes_nothing(client, project):
    url = client.create(project, 10, filename="x").headers["location"]
    client.append(url, 0, b"12345")
    assert client.append(url, 3, b"x").status_code == 409
    assert client.append(url, 7, b"x").status_code == 409
    assert client.offset(url) == 5


def test_patch_headers_are_checked(client, project):
    url = client.create(project, 10, filename="x").headers["location"]
    assert client.patch(url, headers={**TUS, "Upload-Offset": "0", "Content-Type": "text/plain"}, content=b"x").status_code == 415
    assert client.patch(url, headers={**TUS, **OFFSET_TYPE}, content=b"x").status_code == 400
    assert client.patch(url, headers={**TUS, **OFFSET_TYPE, "Upload-Offset": "-1"}, content=b"x").status_code == 400


def test_a_body_past_the_length_is_413_before_a_byte_is_kept(client, project):
    url = client.create(project, 10, filename="x").headers["location"]
    assert client.append(url, 0, b"x" * 11).json()["code"] == "uploads.body_past_length"
    assert client.offset(url) == 0


def test_a_chunked_body_past_the_length_does_not_finish(client, project):
    url = client.create(project, 10, filename="x").headers["location"]

    def body():
        yield b"12345"
        yield b"67890"
        yield b"!"

    assert client.append(url, 0, body()).status_code == 413
    assert client.get(f"/uploads/{url.rpartition('/')[2]}").json()["state"] == "OPEN"


def test_a_chunked_body_is_taken(client, project):
    body = os.urandom(18 * MIB)
    url = client.create(project, len(body), filename="x").headers["location"]
    assert client.append(url, 0, iter([body[:MIB], body[MIB:]])).status_code == 204
    assert client.content(client.file_of(url)["id"]) == body


def test_patch_of_a_finished_upload(client, project):
    url = client.upload(project, b"12345")
    assert client.append(url, 5, b"").status_code == 204
    assert client.append(url, 5, b"x").status_code == 413
    assert client.append(url, 0, b"").status_code == 409
    assert client.offset(url) == 5


def test_get_of_a_finished_upload_leads_to_its_content_and_404_before(stack, client, project):
    url = client.create(project, 5, filename="x").headers["location"]
    assert client.get(url).json()["code"] == "uploads.not_finished"
    client.append(url, 0, b"12345")
    answer = client.get(url)
    assert answer.status_code == 302
    assert client.get(f"{stack.base}{answer.headers['location']}", params={"proxy": 1}).content == b"12345"


def test_termination_of_an_unfinished_upload_frees_everything(stack, client, project):
    url = client.create(project, 30 * MIB, filename="x").headers["location"]
    client.append(url, 0, os.urandom(20 * MIB))
    assert client.delete(url, headers=TUS).status_code == 204
    for again in (client.head(url, headers=TUS), client.delete(url, headers=TUS), client.append(url, 0, b"x")):
        assert again.status_code == 410
    assert stack.sql("SELECT reserved_bytes, used_bytes FROM quota_slots WHERE owner_id = %s", project) == [(0, 0)]


def test_termination_of_a_finished_upload_moves_its_file_to_the_trash(client, project):
    url = client.upload(project, b"12345", filename="gone.txt")
    file = client.file_of(url)
    assert client.delete(url, headers=TUS).status_code == 204
    assert client.head(url, headers=TUS).status_code == 410
    assert [item["id"] for item in client.get(f"/projects/{project}/trash").json()["items"]] == [file["id"]]


def test_method_override_stands_for_patch(client, project):
    url = client.create(project, 5, filename="x").headers["location"]
    answer = client.post(url, headers={**TUS, **OFFSET_TYPE, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}, content=b"12345")
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, "5")


def test_idempotency_key_gives_the_same_upload_again(client, project):
    headers = {"Idempotency-Key": os.urandom(8).hex()}
    first = client.create(project, 5, headers, filename="x").headers["location"]
    assert client.create(project, 5, headers, filename="x").headers["location"] == first


def test_a_creation_with_its_body_that_is_repeated_makes_no_second_file(stack, client, project):
    """What a client does whose connection broke before the answer came."""
    headers, body = {"Idempotency-Key": os.urandom(8).hex()}, os.urandom(3_000)
    first, again = (client.create(project, len(body), headers, body, filename="once.bin") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["upload-offset"] == first.headers["upload-offset"] == "3000"
    assert stack.sql("SELECT count(*) FROM files WHERE project_id = %s", project) == [(1,)]


def test_a_client_that_goes_away_in_the_middle_loses_nothing_it_was_told(stack, client, project):
    body = os.urandom(40 * MIB)
    url = client.create(project, len(body), filename="x").headers["location"]

    def broken():
        yield body[: 23 * MIB]
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        client.append(url, 0, broken())
    offset = wait_until(lambda: client.offset(url), 20, 0.2, "a checkpoint")
    assert 16 * MIB <= offset <= 23 * MIB
    assert client.append(url, offset, body[offset:]).status_code == 204
    assert client.content(client.file_of(url)["id"]) == body


def test_head_preempts_a_stalled_patch_within_seconds_on_any_process(stack, client, project):
    """Two API processes share the port, so some of these meet the holder's process and some the other."""
    body = os.urandom(30 * MIB)
    for _ in range(4):
        url = client.create(project, len(body), filename="x").headers["location"]
        may_go = threading.Event()

        def stalling(gate=may_go):
            yield body[: 6 * MIB]
            gate.wait(20)
            yield body[6 * MIB :]

        answers: list[int] = []

        def patch(target=url, stream=stalling, answers=answers):
            with stack.client() as other:
                try:
                    answers.append(other.append(target, 0, stream()).status_code)
                except httpx.HTTPError:
                    answers.append(0)

        thread = threading.Thread(target=patch)
        thread.start()
        time.sleep(0.8)
        began = time.monotonic()
        offset = client.offset(url)
        assert time.monotonic() - began < 4
        assert client.append(url, offset, body[offset:]).status_code == 204
        may_go.set()
        thread.join(30)
        assert answers != [204]
        assert client.content(client.file_of(url)["id"]) == body


def test_of_many_patches_at_one_offset_the_object_is_one_of_them(stack, client, project):
    size = 6 * MIB
    bodies = [bytes([number]) * size for number in range(6)]
    url = client.create(project, size, filename="x").headers["location"]
    statuses: list[int] = []

    def patch(body):
        with stack.client() as other:
            statuses.append(other.append(url, 0, body).status_code)

    threads = [threading.Thread(target=patch, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert set(statuses) <= {204, 409, 413, 423, 503}, statuses
    offset = client.offset(url)
    if offset < size:
        # The winner was interrupted; what it had sent stays, and the rest is ours.
        assert client.append(url, offset, bodies[0][offset:]).status_code == 204
    content = client.content(client.file_of(url)["id"])
    assert content[:offset] in [body[:offset] for body in bodies]
    assert content[offset:] == bodies[0][offset:]


def test_conflict_policies(client, project):
    first = client.file_of(client.upload(project, b"1", filename="n.txt"))
    second = client.file_of(client.upload(project, b"2", filename="n.txt"))
    assert second["name"] == "n (1).txt"
    third = client.file_of(client.upload(project, b"3", filename="n.txt", on_conflict="version"))
    assert (third["id"], third["version_no"]) == (first["id"], 2)
    assert client.create(project, 1, filename="n.txt", on_conflict="fail").json()["code"] == "uploads.name_taken"


def test_relative_path_makes_folders(client, project):
    client.upload(project, b"1", relativePath="one/two/three.txt", filename="three.txt")
    page = client.get(f"/projects/{project}/entries").json()
    assert [item["name"] for item in page["items"]] == ["one"]
    inner = client.get(f"/projects/{project}/entries", params={"folder": page["items"][0]["id"]}).json()
    assert [item["name"] for item in inner["items"]] == ["two"]
