"""The viewer in a real Chromium: every kind of file opened from the list, next and previous, closed again."""

import io
import json
import re
import zipfile

import pytest
from PIL import Image

from tests.e2e.browsing import scroll_to, shoot, signed_in
from tests.e2e.test_pages import AXE, RUN
from tests.files.test_tree import put
from tests.harness import ASSETS, pdf_of, wait_until, zip_of

LOG = "".join(f"{number:05} line of a log, größer\n" for number in range(30_000))
ROWS = "name;place;count\n" + "".join(f'"fish {number}";"reef; east";{number}\n' for number in range(9_000))


def picture(size=(800, 600)):
    body = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(body, "JPEG")
    return body.getvalue()


def archive():
    members = {"shots/day 1/first.jpg": picture((320, 240)), "shots/notes.txt": "seen: three turtles\n", "../outside.txt": "x"}
    return zip_of(members, compression=zipfile.ZIP_DEFLATED)


@pytest.fixture
def page(stack, browser):
    with signed_in(browser, stack, viewport={"width": 1280, "height": 800}, reduced_motion="reduce") as opened:
        yield opened


@pytest.fixture
def folder_of_all(stack, client, project, page):
    """One file of each kind, by name: their order in the list."""
    files = {
        "a picture.jpg": picture(),
        "b table.csv": ROWS.encode(),
        "c tree.json": json.dumps({"shapes": [{"label": "turtle", "points": [[1, 2], [3, 4]]}], "version": "5.0"}).encode(),
        "d log.txt": LOG.encode(),
        "e archive.zip": archive(),
        "f bytes.bin": bytes(range(256)) * 8,
        "f document.pdf": pdf_of(10),
        "g film.mp4": (ASSETS / "bigbuckbunny.mp4").read_bytes(),
    }
    ids = {name: put(client, project, name, body) for name, body in files.items()}
    client.processed(ids["a picture.jpg"]["id"])
    page.goto(f"{stack.base}/files/?project={project}")
    page.wait_for_selector("[data-entry]:has-text('g film.mp4')")
    return ids


def viewer(page, name):
    page.wait_for_selector(f"[data-testid=viewer] h2:has-text('{name}')")


def widths(page):
    """Of the pictures that are shown, in pixels of their own."""
    return page.evaluate("[...document.querySelectorAll('[data-testid=viewer] img')].map((image) => image.naturalWidth)")


def check(page, name):
    page.evaluate(AXE)
    shoot(page, f"viewer-{name}")
    assert page.evaluate(RUN) == []


@pytest.mark.browser
def test_everything_is_looked_at_without_leaving_the_viewer(page, folder_of_all):
    page.dblclick("[data-entry]:has-text('a picture.jpg')")
    viewer(page, "a picture.jpg")
    wait_until(lambda: any(width >= 512 for width in widths(page)), 30, 0.2, "the picture")
    check(page, "picture")
    page.click("[data-testid=viewer] img")
    page.wait_for_selector("text=200 %")
    page.keyboard.press("0")

    page.click("[aria-label='Next file']")
    viewer(page, "b table.csv")
    page.wait_for_selector("[data-testid=table] [role=cell]:has-text('reef; east')")
    assert page.locator("[data-testid=table] [role=columnheader]").all_text_contents() == ["Row", "name", "place", "count"]
    check(page, "table")
    page.click("text=As plain text")
    page.wait_for_selector("[data-testid=text] >> text=name;place;count")

    page.click("[aria-label='Next file']")
    viewer(page, "c tree.json")
    page.wait_for_selector("[data-testid=json] summary:has-text('shapes')")
    check(page, "json")

    page.click("[aria-label='Next file']")
    viewer(page, "d log.txt")
    page.wait_for_selector("[data-testid=text] >> text=00000 line of a log, größer")
    page.fill("[aria-label='Find in what is loaded']", "01234 line")
    page.wait_for_selector("[data-testid=text] >> text=01234 line of a log")
    check(page, "text")
    # What is not loaded is looked through when told to, and gone to.
    page.fill("[aria-label='Find in what is loaded']", "22987 LINE")
    page.click("text=Search the whole file")
    page.wait_for_selector("text=1 line in the whole file")
    page.click("[data-testid=text-places] >> text=22987 line")
    page.wait_for_selector("[data-testid=text] >> text=22988 >> nth=0")
    check(page, "text-places")
    page.click("text=Back to the first line")
    page.wait_for_selector("[data-testid=text] >> text=00000 line of a log, größer")
    # On to the end, page by page.
    page.fill("[aria-label='Find in what is loaded']", "")
    scroll_to(page, "[data-testid=text]", ">> text=29999 line of a log")

    page.click("[aria-label='Next file']")
    viewer(page, "e archive.zip")
    page.click("[data-testid=members] >> text=shots", timeout=60_000)
    page.wait_for_selector("[data-testid=archive] >> text=1 not shown")
    check(page, "archive")
    page.click("[data-testid=members] >> text=notes.txt")
    page.wait_for_selector("[data-testid=archive] >> text=seen: three turtles")
    page.click("[aria-label='Path in the archive'] >> text=shots")
    page.click("[data-testid=members] >> text=day 1")
    page.click("[data-testid=members] >> text=first.jpg")
    wait_until(lambda: 320 in widths(page), 30, 0.2, "the member")
    check(page, "archive-picture")

    page.click("[aria-label='Next file']")
    viewer(page, "f bytes.bin")
    assert "00 01 02 03" in page.text_content("[data-testid=bytes]")
    check(page, "bytes")

    page.click("[aria-label='Next file']")
    viewer(page, "f document.pdf")
    wait_until(lambda: 1_131 in widths(page), 60, 0.3, "the first page")
    check(page, "document")
    page.evaluate("document.querySelector('[data-testid=document]').scrollTop = 1e9")
    page.wait_for_selector("text=10 of 10", timeout=60_000)

    page.click("[aria-label='Next file']")
    viewer(page, "g film.mp4")
    wait_until(lambda: page.evaluate("document.querySelector('[data-testid=viewer] video')?.readyState ?? 0") >= 2, 120, 0.5, "the film")
    assert page.locator("[aria-label='Next file']").is_disabled()
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-testid=viewer]", state="detached")
    assert "open=" not in page.url


@pytest.mark.browser
def test_the_viewer_goes_by_keyboard_and_has_a_url(stack, page, folder_of_all):
    page.click("[data-entry]:has-text('c tree.json')")
    page.keyboard.press("Enter")
    viewer(page, "c tree.json")
    page.keyboard.press("ArrowRight")
    viewer(page, "d log.txt")
    page.keyboard.press("ArrowLeft")
    viewer(page, "c tree.json")
    page.keyboard.press("ArrowLeft")
    viewer(page, "b table.csv")
    page.reload()
    viewer(page, "b table.csv")
    assert re.search(r"2 of 8", page.text_content("[data-testid=viewer] header"))
    page.set_viewport_size({"width": 375, "height": 740})
    shoot(page, "viewer-phone")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
