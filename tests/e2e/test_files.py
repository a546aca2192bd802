"""The files page as a file manager: by mouse, by keyboard alone, and with very many files."""

import gzip
import os
import re

import pytest

from tests.e2e.browsing import shoot, signed_in
from tests.files.test_tree import folder, put
from tests.harness import ROOT, wait_until

JS_BUDGET = 200_000
ENTRIES = int(os.environ.get("STOWAGE_UI_ENTRIES", "3000"))


@pytest.fixture
def page(stack, browser):
    script = (
        "window.longest = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration) })"
        ".observe({type: 'longtask', buffered: true})"
    )
    with signed_in(browser, stack, script, viewport={"width": 1280, "height": 800}) as opened:
        yield opened


def row(page, name):
    return page.locator(f"[data-testid=file-list] [data-entry]:has-text('{name}')").first


def shown(page):
    return [text.strip() for text in page.locator("[data-testid=file-list] [data-entry] span.text-sm").all_text_contents()]


def toast(page, text):
    page.wait_for_selector(f"[data-sonner-toast]:has-text('{text}')")


@pytest.mark.browser
def test_files_are_managed_by_keyboard_alone(stack, client, project, page):
    folder(client, project, "target")
    for name in ("alpha.txt", "beta.txt", "gamma.txt"):
        put(client, project, name, name.encode())
    page.goto(f"{stack.base}/files/?project={project}")
    row(page, "alpha.txt").wait_for()
    # Tab leads to the list, as to everything else.
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.hasAttribute('data-entry')"):
            break
    assert page.evaluate("document.activeElement.textContent").startswith("target")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("F2")
    page.wait_for_selector("input[aria-label='New name of alpha.txt']:focus")
    page.keyboard.type("renamed")
    page.keyboard.press("Enter")
    toast(page, "Renamed to renamed.txt")
    wait_until(lambda: client.get(f"/projects/{project}/entries", params={"q": "renamed.txt"}).json()["items"], 10)
    row(page, "renamed.txt").wait_for()
    page.keyboard.press("Control+a")
    page.wait_for_selector("text=4 selected")
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.wait_for_selector("text=2 selected")
    shoot(page, "files-selected")
    page.keyboard.press("Delete")
    toast(page, "2 things moved to the trash")
    wait_until(lambda: len(client.get(f"/projects/{project}/trash").json()["items"]) == 2, 10)
    wait_until(lambda: len(shown(page)) == 2, 10)
    page.keyboard.press("Home")
    page.keyboard.press("Shift+F10")
    page.wait_for_selector("[role=menu]")
    shoot(page, "files-menu")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    page.wait_for_selector("[role=menu]", state="detached")
    page.keyboard.press("Enter")
    page.wait_for_url("**folder=**")
    page.wait_for_selector("text=Nothing here yet")


@pytest.mark.browser
def test_files_are_moved_undone_tagged_and_found(stack, client, project, page):
    target = folder(client, project, "target")
    for name in ("one.txt", "two.txt", "three.txt"):
        put(client, project, name, name.encode())
    page.goto(f"{stack.base}/files/?project={project}")
    row(page, "one.txt").drag_to(row(page, "target"))
    toast(page, "1 thing moved")
    wait_until(
        lambda: (
            [item["name"] for item in client.get(f"/projects/{project}/entries", params={"folder": target}).json()["items"]] == ["one.txt"]
        ),
        10,
    )

    row(page, "two.txt").click(button="right")
    page.click("[role=menuitem]:has-text('Delete')")
    toast(page, "1 thing moved to the trash")
    page.click("[data-sonner-toast] button:has-text('Undo')")
    wait_until(lambda: client.get(f"/projects/{project}/trash").json()["items"] == [], 10)
    row(page, "two.txt").wait_for()

    row(page, "three.txt").click()
    row(page, "two.txt").click(modifiers=["Control"])
    page.click("[role=toolbar] button:has-text('Move')")
    page.click("dialog button:has-text('target')")
    page.click("dialog button:has-text('Move here')")
    toast(page, "2 things moved")

    page.goto(f"{stack.base}/files/?project={project}&folder={target}")
    row(page, "two.txt").click()
    page.fill("aside input[aria-label='Add a tag']", "needle")
    page.keyboard.press("Enter")
    page.wait_for_selector("aside >> text=needle")
    page.click("aside [role=tab]:has-text('Activity')")
    page.wait_for_selector("aside >> text=uploaded")
    shoot(page, "files-activity")
    page.click("[aria-label='Search the whole project']")
    page.select_option("[aria-label='Any tag']", "needle")
    page.wait_for_selector("[data-testid=results] >> text=two.txt")
    wait_until(lambda: page.locator("[data-testid=results] tbody tr").count() == 1, 10)
    assert "tag=needle" in page.url
    page.reload()
    page.wait_for_selector("[data-testid=results] >> text=two.txt")
    page.click("[aria-label='Remove the filter Tag needle']")
    page.wait_for_selector("[data-testid=results] >> text=one.txt")


@pytest.mark.browser
def test_what_others_do_is_seen_without_asking(stack, client, project, page):
    put(client, project, "before.txt")
    page.goto(f"{stack.base}/files/?project={project}")
    row(page, "before.txt").wait_for()
    page.wait_for_timeout(1_500)
    put(client, project, "by somebody else.txt")
    row(page, "by somebody else.txt").wait_for(timeout=5_000)
    assert shown(page) == ["before.txt", "by somebody else.txt"]


@pytest.mark.browser
def test_versions_and_trash_are_there_for_people(stack, client, project, page):
    for number in (1, 2):
        file = put(client, project, "versions.txt", b"x" * number, on_conflict="version")
    page.goto(f"{stack.base}/files/?project={project}&file={file['id']}")
    page.click("aside [role=tab]:has-text('Versions')")
    page.click("[aria-label='Make version 1 current']")
    toast(page, "Version 1 is the current one")
    assert client.content(file["id"]) == b"x"
    shoot(page, "files-versions")
    page.click("aside button:has-text('Delete')")
    page.goto(f"{stack.base}/trash/?project={project}")
    page.click("[aria-label='Restore versions.txt']")
    page.wait_for_selector("text=The trash is empty")
    client.delete(f"/files/{file['id']}")
    page.wait_for_selector("[data-testid=trash] >> text=versions.txt", timeout=10_000)
    page.click("[aria-label='Delete versions.txt for good']")
    page.click("dialog button:has-text('Delete for good')")
    page.wait_for_selector("text=The trash is empty")
    assert client.get(f"/files/{file['id']}").status_code == 404


@pytest.mark.browser
def test_very_many_entries_scroll_smoothly(stack, client, project, page):
    """STOWAGE_UI_ENTRIES=100000 is what is promised; fewer here, for time."""
    import psycopg

    from tests.files.test_search import open_fill

    put(client, project, "first.txt")
    ((user,),) = stack.sql("SELECT id FROM users WHERE username = 'admin'")
    with psycopg.connect(stack.database_url()) as connection:
        open_fill()(connection, project, user, files=ENTRIES * 10, folders=20)
    wait_until(lambda: stack.sql("SELECT count(*) FROM folder_changes")[0][0] == 0, 60, 0.5, "totals")
    busiest = max(client.get(f"/projects/{project}/tree").json()["items"], key=lambda item: item["files"])
    page.goto(f"{stack.base}/files/?project={project}&folder={busiest['id']}")
    row(page, "clip 0000000").wait_for()
    page.evaluate("window.longest = 0")
    box = page.locator("[data-testid=file-list] [role=rowgroup]")
    for _ in range(60):
        box.evaluate("(box) => box.scrollBy(0, 3000)")
        page.wait_for_timeout(50)
    longest = page.evaluate("window.longest")
    print(f"\n{busiest['files']} entries: longest task {longest:.0f} ms while scrolling")
    assert page.locator("[data-testid=file-list] [data-entry]").count() < 60
    assert busiest["files"] >= ENTRIES


def test_the_files_page_keeps_to_its_budget_of_scripts():
    html = (ROOT / "frontend/out/files/index.html").read_text()
    # What browsers of today leave out (`nomodule`) is not loaded by them.
    scripts = {found[1] for found in re.finditer(r'<script[^>]+src="(/_next/[^"]+\.js)"[^>]*>', html) if "noModule" not in found[0]}
    assert scripts
    size = sum(len(gzip.compress((ROOT / "frontend/out" / path.lstrip("/")).read_bytes(), 9)) for path in scripts)
    print(f"\n{len(scripts)} scripts, {size / 1_000:.0f} kB gzip")
    assert size <= JS_BUDGET
