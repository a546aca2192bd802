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


def matches(client, file, words, **query):
    """All matches with their numbers in the whole file, and how many requests that took."""
    found, offset, lines, encoding = [], 0, 0, client.get(f"/files/{file}/text").json()["encoding"]
    for requests in range(1, 100):
        answer = client.get(f"/files/{file}/text/matches", params={"q": words, "offset": offset, "encoding": encoding, **query})
        assert answer.status_code == 200, answer.text
        part = answer.json()
        found += [(one["offset"], lines + one["line"], one["before"] + one["match"] + one["after"]) for one in part["items"]]
        offset, lines = part["next_offset"], lines + part["lines"]
        if offset is None:
            return found, requests
    raise AssertionError


def test_words_are_found_anywhere_in_a_large_log(client, project):
    lines = [f"{number:07} nothing to see here, move along\n" for number in range(1_200_000)]
    for number in (0, 40_000, 1_199_999):
        lines[number] = f"{number:07} Kernel PANIC: grüße\n"
    log = "".join(lines).encode()
    file = put(client, project, "kern.log", log)["id"]
    assert len(log) > 40 << 20
    found, requests = matches(client, file, "panic: GRÜ")
    assert [(line, text) for _, line, text in found] == [(number, lines[number].rstrip()) for number in (0, 40_000, 1_199_999)]
    assert all(log[offset : offset + 7].decode() == f"{line:07}" for offset, line, _ in found)
    assert requests == 2, "a stretch at a time"
    page = client.get(f"/files/{file}/text", params={"offset": found[-1][0], "encoding": "utf-8"}).json()
    assert page["text"] == lines[-1]
    assert matches(client, file, "no such words")[0] == []
    assert client.get(f"/files/{file}/text/matches").status_code == 400


def test_every_match_comes_once_however_many_there_are(client, project):
    crowded = put(client, project, "many.txt", b"a match\r\n" * 1_000)["id"]
    found, requests = matches(client, crowded, "MATCH")
    assert [line for _, line, _ in found] == list(range(1_000))
    assert {text for *_, text in found} == {"a match"}
    assert requests == 5
    # Across the places where a line without end is cut to be looked at.
    long = bytearray(b"x" * (5 << 20))
    for at in ((1 << 20) - 3, (2 << 20) - 1, 3 << 20):
        long[at : at + 6] = b"needle"
    found, _ = matches(client, put(client, project, "line.txt", bytes(long))["id"], "needle")
    assert len(found) == 3
    wide = "x" * ((1 << 19) - 2) + "needle" + "x" * (1 << 19)
    assert len(matches(client, put(client, project, "wide.txt", wide.encode("utf-16"))["id"], "NEEDLE")[0]) == 1
    russian = "Съешь же ещё\nэтих мягких\nфранцузских булок\n"  # noqa: RUF001  it is Russian
    for encoding in ("utf-16", "cp1251"):
        file = put(client, project, f"{encoding}.txt", (russian * 200).encode(encoding))["id"]
        assert [line for _, line, _ in matches(client, file, "МЯГКИХ")[0]] == list(range(1, 600, 3))
    odd = put(client, project, "odd.txt", b"\xff\xfe bad \xc3\n" * 3 + b"good\n")["id"]
    assert [(offset, line) for offset, line, _ in matches(client, odd, "good", encoding="utf-8")[0]] == [(27, 3)]
