"""Workbooks as tables over the API."""

import httpx

from tests.files.test_tree import put
from tests.harness import wait_until, xlsx_of, zip_of


def look(client, file, **query):
    def answer():
        found = client.get(f"/files/{file}/sheets", params=query)
        return None if found.status_code == 409 and found.json()["code"] == "sheets.reading" else found

    return wait_until(answer, 60, 0.2, "the sheets")


def test_a_workbook_is_shown_some_rows_at_a_time(stack, client, project):
    rows = [["dive", "depth", "note"], *([number, number / 2, f"größer {number}"] for number in range(2_500))]
    file = put(client, project, "dives.xlsx", xlsx_of(*rows))["id"]
    page = look(client, file).json()
    assert page["sheets"] == [{"name": "Dives", "rows": 2_501, "columns": 3, "blocks": 3, "is_cut": False}]
    first = httpx.get(page["url"]).json()
    assert first[:3] == [["dive", "depth", "note"], ["0", "0", "größer 0"], ["1", "0.5", "größer 1"]]
    assert len(first) == 1_000
    last = httpx.get(look(client, file, block=2).json()["url"]).json()
    assert (len(last), last[-1]) == (501, ["2499", "1249.5", "größer 2499"])
    assert look(client, file, block=3).json()["url"] is None
    assert look(client, file, sheet=1).json()["url"] is None
    assert stack.sql("SELECT count(*) FROM jobs WHERE file_id = %s AND tag = 'media.read_sheets'", file) == [(1,)]


def test_what_is_no_workbook_says_why(client, project):
    text = put(client, project, "notes.txt", b"just text")["id"]
    assert client.get(f"/files/{text}/sheets").json()["code"] == "sheets.none"
    for name, body in (("broken.xlsx", xlsx_of(["a"])[:400]), ("other.xlsx", zip_of({"a": "b"})), ("zeros.xls", bytes(4_000))):
        refused = look(client, put(client, project, name, body)["id"])
        assert (refused.status_code, refused.json()["code"]) == (409, "sheets.unreadable"), refused.text
        assert "damaged" in refused.json()["detail"]


def test_what_failed_is_looked_at_again_when_it_is_asked_for(stack, client, project):
    file = put(client, project, "late.xlsx", xlsx_of(["a"]))["id"]
    look(client, file)
    stack.sql(
        "UPDATE derivatives d SET state = 'failed', error = 'no reader here' FROM files f WHERE d.version_id = f.current_version_id AND f.id = %s",
        file,
    )
    assert look(client, file).json()["detail"] == "no reader here"
    again = client.post(f"/files/{file}/derivatives", json={"which": "failed", "kinds": ["sheets"], "is_dry_run": False}).json()
    assert again["kinds"] == ["sheets"]
    assert look(client, file).json()["sheets"][0]["rows"] == 1
