"""Pages of a PDF over the API: drawn some at a time when somebody looks."""

import io

import httpx
import pypdfium2
from PIL import Image

from tests.files.test_tree import put
from tests.harness import pdf_of, wait_until


def look(client, file, first=1):
    """The answer once the pages are drawn."""

    def answer():
        found = client.get(f"/files/{file}/pages", params={"first": first})
        return None if found.status_code == 409 and found.json()["code"] == "pages.rendering" else found

    return wait_until(answer, 60, 0.2, "the pages")


def test_pages_are_drawn_in_blocks_as_they_are_looked_at(stack, client, project):
    file = put(client, project, "manual.pdf", pdf_of(11))["id"]
    first = look(client, file).json()
    assert (first["count"], [page["no"] for page in first["items"]], first["next_first"]) == (11, list(range(1, 9)), 9)
    assert stack.sql("SELECT count(*) FROM jobs WHERE file_id = %s AND tag = 'media.render_pages'", file) == [(1,)], (
        "only what was looked at"
    )
    rest = look(client, file, 10).json()
    assert ([page["no"] for page in rest["items"]], rest["next_first"]) == ([9, 10, 11], None)
    for page in rest["items"]:
        with Image.open(io.BytesIO(httpx.get(page["url"]).content)) as picture:
            assert picture.size == (page["width"], page["height"])
            assert max(picture.size) == 1_600
            red, green, blue = picture.getpixel((50, 50))
            assert abs(red - 200) < 8
            assert abs(green - (39 + page["no"])) < 8
            assert abs(blue - 90) < 8
    assert look(client, file, 500).json()["items"] == []


def test_what_can_not_be_drawn_says_why(client, project):
    text = put(client, project, "notes.txt", b"just text")["id"]
    assert client.get(f"/files/{text}/pages").json()["code"] == "pages.none"
    assert client.get(f"/files/{text}/pages", params={"first": 0}).status_code == 400
    for body in (pdf_of(1)[:200], b"%PDF-1.7\n" + bytes(5_000)):
        file = put(client, project, "cut.pdf", body)["id"]
        refused = look(client, file)
        assert (refused.status_code, refused.json()["code"]) == (409, "pages.unreadable")
        assert "damaged" in refused.json()["detail"]


def test_a_page_as_large_as_a_field_is_a_small_picture(client, project):
    document = pypdfium2.PdfDocument.new()
    document.new_page(2_000_000, 10)
    body = io.BytesIO()
    document.save(body)
    file = put(client, project, "wide.pdf", body.getvalue())["id"]
    answer = look(client, file)
    assert answer.status_code == 409 or max(answer.json()["items"][0]["width"], answer.json()["items"][0]["height"]) <= 1_600
