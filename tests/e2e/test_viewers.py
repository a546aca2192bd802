"""Viewers with more to them: locked and nested archives, documents with words, Markdown, Parquet, labels over pictures."""

import json
import zipfile

import pytest

from tests.e2e.browsing import scroll_to, signed_in
from tests.e2e.test_viewer import check, picture
from tests.files.test_tree import put
from tests.harness import ASSETS, text_pdf, wait_until, xlsx_of, zip_of
from tests.workers.test_archives import packed

NOTES = """# Reef notes

- [x] turtles
- ~~sharks~~

| place | count |
|---|---|
| east | 3 |

[a link](https://example.org/) and [a bad one](javascript:alert(1))

![a picture](https://example.org/spy.png)

<script>document.title = "owned"</script><b>no html</b>
"""
LABELS = {
    "version": "5.5.0",
    "flags": {},
    "shapes": [
        {"label": "turtle", "points": [[80, 60], [400, 60], [400, 300], [80, 300]], "shape_type": "polygon", "flags": {}},
        {"label": "fish", "points": [[500, 400], [600, 500]], "shape_type": "rectangle", "flags": {}},
        {"label": "fish", "points": [[700, 100], [740, 100]], "shape_type": "circle", "flags": {}},
        {"label": "eye", "points": [[120, 90]], "shape_type": "point", "flags": {}},
        {"label": "broken", "points": "none", "shape_type": "polygon"},
    ],
    "imagePath": "reef.jpg",
    "imageWidth": 800,
    "imageHeight": 600,
    "imageData": None,
}


@pytest.fixture
def page(stack, browser):
    with signed_in(browser, stack, viewport={"width": 1280, "height": 800}, reduced_motion="reduce") as opened:
        yield opened


def open_file(page, stack, project, name):
    page.goto(f"{stack.base}/files/?project={project}")
    page.dblclick(f"[data-entry]:has-text('{name}')")
    page.wait_for_selector(f"[data-testid=viewer] h2:has-text('{name}')")


@pytest.mark.browser
def test_a_locked_archive_asks_for_its_password_and_opens(stack, page, client, project):
    put(client, project, "locked.7z", packed("-psecret", "-mhe=on", **{"notes.txt": b"seen: three turtles\n"}))
    open_file(page, stack, project, "locked.7z")
    page.wait_for_selector("[data-testid=password-question]", timeout=60_000)
    check(page, "password")
    page.fill("[data-testid=password-question] input", "guess")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=does not open", timeout=60_000)
    page.fill("[data-testid=password-question] input", "secret")
    page.keyboard.press("Enter")
    page.click("[data-testid=members] >> text=notes.txt", timeout=60_000)
    page.wait_for_selector("[data-testid=archive] >> text=seen: three turtles", timeout=60_000)


@pytest.mark.browser
def test_an_archive_in_an_archive_is_walked_through(stack, page, client, project):
    inner = zip_of({"deep/notes.txt": "from within\n"}, compression=zipfile.ZIP_DEFLATED)
    put(client, project, "outer.zip", zip_of({"boxes/inner.zip": inner, "boxes/plain.txt": "beside"}))
    open_file(page, stack, project, "outer.zip")
    page.click("[data-testid=members] >> text=boxes", timeout=60_000)
    page.click("[data-testid=members] >> text=inner.zip")
    page.click("[data-testid=members] >> text=deep", timeout=60_000)
    page.click("[data-testid=members] >> text=notes.txt")
    page.wait_for_selector("[data-testid=archive] >> text=from within", timeout=60_000)
    steps = page.text_content("[aria-label='Path in the archive']").split("/")
    assert [step.strip() for step in steps] == ["outer.zip", "boxes", "inner.zip", "deep", "notes.txt"]
    check(page, "nested")
    page.click("[aria-label='Path in the archive'] >> text=boxes")
    page.wait_for_selector("[data-testid=members] >> text=plain.txt")


@pytest.mark.browser
def test_a_document_is_searched_and_its_words_can_be_marked(stack, page, client, project):
    pages = [f"Nothing on page {number}" for number in range(1, 12)]
    pages[9] = "A coral reef at last"
    put(client, project, "log.pdf", text_pdf(*pages))
    open_file(page, stack, project, "log.pdf")
    page.wait_for_selector("[data-testid=words] text:has-text('Nothing on page 1')", timeout=60_000, state="attached")
    box = page.evaluate(
        "(() => { const r = document.querySelector('[data-testid=words] text').getBoundingClientRect(); const p = document.querySelector('[data-testid=words]').getBoundingClientRect(); return [(r.x - p.x) / p.width, (r.y - p.y) / p.height] })()"
    )
    assert abs(box[0] - 72 / 600) < 0.02
    assert abs(box[1] - 0.1) < 0.03
    page.fill("[aria-label='Find in the document']", "coral REEF")
    page.click("[data-testid=page-hits] button", timeout=60_000)
    # The tenth page was not made yet.
    page.wait_for_selector("#page-10 [data-testid=words] rect", timeout=60_000, state="attached")
    assert page.evaluate("Math.abs(document.querySelector('#page-10').getBoundingClientRect().y) < 400")
    check(page, "document-search")
    page.click("[data-testid=small-pages] >> text=1")
    wait_until(lambda: page.evaluate("document.querySelector('[data-testid=document]').scrollTop") < 50, 10, 0.2, "the first page")


@pytest.mark.browser
def test_markdown_is_rendered_and_never_as_html(stack, page, client, project):
    put(client, project, "notes.md", NOTES.encode())
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    open_file(page, stack, project, "notes.md")
    page.wait_for_selector("[data-testid=markdown] h1:has-text('Reef notes')")
    assert page.text_content("[data-testid=markdown] td") == "east"
    assert page.locator("[data-testid=markdown] :is(script, img, b)").count() == 0
    assert page.locator("[data-testid=markdown] a").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))") == [
        "https://example.org/",
        "",
    ]
    assert page.title() != "owned"
    assert not any("example.org" in url for url in asked)
    check(page, "markdown")
    page.click("text=As plain text")
    page.wait_for_selector("[data-testid=text] >> text=# Reef notes")


@pytest.mark.browser
def test_parquet_is_a_table_read_by_ranges(stack, page, client, project):
    for name in ("dives.zstd.parquet", "v0.7.1.all-named-index.parquet"):
        put(client, project, name, (ASSETS / "tables" / name).read_bytes())
    open_file(page, stack, project, "dives.zstd.parquet")
    page.wait_for_selector("text=3,000 rows, 6 columns")
    assert page.locator("[data-testid=table] [role=columnheader]").all_text_contents() == [
        "Row",
        "dive",
        "place",
        "seen_at",
        "depth_m",
        "fish",
        "note",
    ]
    page.wait_for_selector("[data-testid=table] [role=row]:has-text('reef 3')")
    row = page.locator("[data-testid=table] [aria-rowindex='5'] [role=cell]").all_text_contents()
    assert row == ["3", "reef 3", "2026-01-01T00:03:00.000Z", "1.5", '[{"kind":"wrasse","count":3}]', "größer"]
    check(page, "parquet")
    scroll_to(page, "[data-testid=table]", "[aria-rowindex='3001']")
    page.click("[aria-label='Next file']")
    page.wait_for_selector("text=10 rows")
    page.wait_for_selector("[data-testid=table] [role=cell] >> nth=0")


@pytest.mark.browser
def test_a_workbook_is_a_table(stack, page, client, project):
    put(client, project, "dives.xlsx", xlsx_of(["dive", "note"], *([number, f"reef {number}"] for number in range(1_500))))
    open_file(page, stack, project, "dives.xlsx")
    page.wait_for_selector("[data-testid=table] [role=cell]:has-text('reef 3')", timeout=60_000)
    assert page.text_content("[role=tab][aria-selected=true]") == "Dives"
    check(page, "workbook")
    scroll_to(page, "[data-testid=table]", "[role=cell]:has-text('reef 1499')")


@pytest.mark.browser
def test_labels_lie_over_their_picture(stack, page, client, project):
    image = put(client, project, "reef.jpg", picture())["id"]
    put(client, project, "reef.json", json.dumps(LABELS).encode())
    client.processed(image)
    open_file(page, stack, project, "reef.jpg")
    page.wait_for_selector("[data-testid=labels] polygon", state="attached")
    kinds = page.evaluate("[...document.querySelector('[data-testid=labels]').children].map((one) => one.tagName)")
    assert kinds == ["polygon", "rect", "circle", "path"]
    page.wait_for_selector("text=4 labels")
    # A corner of the polygon is where that pixel of the picture is.
    place = page.evaluate(
        """(() => { const image = document.querySelector('[data-testid=viewer] img').getBoundingClientRect();
        const scale = Math.min(image.width / 800, image.height / 600), left = image.x + (image.width - 800 * scale) / 2;
        const shape = document.querySelector('[data-testid=labels] polygon').getBoundingClientRect();
        return [(shape.x - left) / scale, (shape.right - left) / scale]; })()"""
    )
    assert abs(place[0] - 80) < 4
    assert abs(place[1] - 400) < 4
    check(page, "labels")
    page.click("text=4 labels")
    page.wait_for_selector("[data-testid=labels]", state="detached")
    page.click("[aria-label='Next file']")
    page.click("text=Show over reef.jpg")
    page.wait_for_selector("[data-testid=labels] polygon", state="attached")
