"""Pages of a PDF over the API: drawn some at a time when somebody looks."""

import io

import httpx
import pypdfium2
from PIL import Image

from tests.files.test_tree import put
from tests.harness import pdf_of, text_pdf, wait_until, zip_of
from workers.tools.office_child import program_folder


def look(client, file, first=1, route="", **query):
    """The answer once the pages are drawn."""

    def answer():
        found = client.get(f"/files/{file}/pages{route}", params=query or {"first": first})
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


def test_what_is_written_lies_over_the_picture_and_is_found(stack, client, project):
    file = put(client, project, "log.pdf", text_pdf("Dive log of the reef", "Nothing here", "Coral at the REEF edge"))["id"]
    (first, *_) = look(client, file).json()["items"]
    ((x, y, width, height, words),) = httpx.get(first["text_url"]).json()
    assert words == "Dive log of the reef"
    # The line stands at 72 of 600 points from the left and begins to 700 of 800 from below; 24 points high.
    assert abs(x - 72 / 600) < 0.01
    assert 0.09 < y < 0.125 < y + height < 0.14
    assert 0.3 < width < 0.5
    with Image.open(io.BytesIO(httpx.get(first["small_url"]).content)) as small:
        assert max(small.size) == 200
    hits = look(client, file, route="/search", q="the  reef").json()
    assert [(hit["no"], hit["before"], hit["match"], hit["after"]) for hit in hits["items"]] == [
        (1, "Dive log of ", "the reef", ""),
        (3, "Coral at ", "the REEF", " edge"),
    ]
    assert hits["is_cut"] is False
    assert look(client, file, route="/search", q="shark").json()["items"] == []
    assert stack.sql("SELECT count(*) FROM jobs WHERE file_id = %s AND tag = 'media.read_pages'", file) == [(1,)]
    assert client.get(f"/files/{file}/pages/search", params={"q": "x"}).status_code == 400


def test_words_on_a_page_that_is_turned_lie_where_they_are_seen(client, project):
    file = put(client, project, "turned.pdf", text_pdf("Sideways", turned=90))["id"]
    (page,) = look(client, file).json()["items"]
    assert page["width"] > page["height"]
    ((x, y, width, height, _),) = httpx.get(page["text_url"]).json()
    # Up is right now: the line runs down, 100 points from the right edge of 800.
    assert height > width
    assert abs((x + width) - 0.9) < 0.03
    assert abs(y - 72 / 600) < 0.02


DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">
<office:body><office:text><text:p>Minutes of the reef meeting</text:p></office:text></office:body></office:document-content>"""
MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">
<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>"""


def test_office_documents_are_shown_where_libreoffice_is(client, project):
    body = zip_of({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": DOCUMENT, "META-INF/manifest.xml": MANIFEST})
    file = put(client, project, "minutes.odt", body)["id"]
    answer = look(client, file)
    if program_folder() is None:
        assert answer.json()["code"] == "pages.unreadable"
        assert "LibreOffice has to be installed" in answer.json()["detail"]
        return
    assert answer.json()["count"] == 1
    assert [hit["match"] for hit in look(client, file, route="/search", q="reef").json()["items"]] == ["reef"]
    broken = put(client, project, "broken.docx", b"PK" + bytes(3_000))["id"]
    assert "LibreOffice" in look(client, broken).json()["detail"]
