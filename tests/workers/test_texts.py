"""Files as text over the API, page by page."""

from tests.files.test_tree import put


def pages(client, file, **query):
    found, offset, encoding = [], 0, None
    for _ in range(100):
        answer = client.get(f"/files/{file}/text", params={**query, "offset": offset} | ({"encoding": encoding} if encoding else {}))
        assert answer.status_code == 200, answer.text
        part = answer.json()
        found.append(part["text"])
        encoding, offset = part["encoding"], part["next_offset"]
        if offset is None:
            return "".join(found), encoding
    raise AssertionError


def test_a_log_is_read_page_by_page(client, project):
    log = "".join(f"{number:06} grüße <b>nobody</b> 漢字\n" for number in range(20_000))
    file = put(client, project, "server.log", log.encode())["id"]
    assert pages(client, file, limit=100_000) == (log, "utf-8")
    first = client.get(f"/files/{file}/text").json()
    assert first["text"].endswith("\n")
    assert (first["offset"], first["is_guess"], first["size_bytes"]) == (0, False, len(log.encode()))
    middle = client.get(f"/files/{file}/text", params={"offset": 500_001, "limit": 1_000, "encoding": "utf-8"}).json()
    assert middle["text"] in log


def test_other_encodings_and_what_is_no_text(client, project):
    russian = "Съешь же ещё этих мягких французских булок.\n" * 3_000
    for encoding, found in (("utf-16", "utf-16-le"), ("cp1251", "cp1251")):
        file = put(client, project, f"{encoding}.txt", russian.encode(encoding))["id"]
        assert pages(client, file, limit=5_000) == (russian, found)
    empty = put(client, project, "empty.txt", b"")["id"]
    assert pages(client, empty) == ("", "utf-8")
    binary = put(client, project, "x.bin", bytes(range(256)) * 10)["id"]
    assert client.get(f"/files/{binary}/text").json()["code"] == "text.not_text"
    assert client.get(f"/files/{binary}/text", params={"encoding": "latin-1"}).status_code == 200
    assert client.get(f"/files/{binary}/text", params={"encoding": "rot13"}).json()["code"] == "text.unknown_encoding"
    assert client.get(f"/files/{binary}/text", params={"limit": 1}).status_code == 400
    past = client.get(f"/files/{empty}/text", params={"offset": 10_000_000}).json()
    assert (past["text"], past["next_offset"]) == ("", None)
