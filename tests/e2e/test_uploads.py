"""People who upload, in a real Chromium: folders of very many files, pauses and outages, parts straight to the store."""

import hashlib
import os
import random

import pytest

from tests.e2e.browsing import open_library, shoot, sign_in
from tests.harness import Stack, wait_until

FILES = int(os.environ.get("STOWAGE_UI_FILES", "1500"))
PER_FOLDER = 100
MIB = 1 << 20
SLOW = {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": 3_000_000}
WATCH_TASKS = """
window.longest = 0; window.gap = 0;
const at = performance.now();
new PerformanceObserver((list) => { for (const task of list.getEntries()) if (task.startTime > at) window.longest = Math.max(window.longest, task.duration); })
  .observe({ type: 'longtask', buffered: true });
let last = performance.now();
const tick = (now) => { window.gap = Math.max(window.gap, now - last); last = now; requestAnimationFrame(tick); };
requestAnimationFrame(tick);
// It may be there for a moment only.
window.saidReading = false;
new MutationObserver(() => { window.saidReading ||= document.querySelector("aside[aria-label='Reading folder']") !== null; }).observe(document.body, { childList: true, subtree: true });
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A stack whose UI sends parts of files above 20 MB straight to the store."""
    env = {
        "STOWAGE_CLIENT_CHUNK_BYTES": "4000000",
        "STOWAGE_DIRECT_UPLOAD_BYTES": "20000000",
        "STOWAGE_EMBEDDED_STORE": os.environ.get("STOWAGE_EMBEDDED_STORE", "swift"),
    }
    running = Stack(tmp_path_factory.mktemp("e2e-uploads"), env).start()
    yield running
    running.stop()


@pytest.fixture
def page(own, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("dialog", lambda dialog: dialog.accept())
    sign_in(opened, own)
    open_library(opened)
    yield opened
    assert errors == []
    context.close()


def slow_down(page, **conditions):
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", {**SLOW, **conditions})
    return wire


def make_file(folder, name, size):
    target = folder / name
    target.write_bytes(random.Random(size).randbytes(size))
    return target


def sha256_of(own, name):
    """Of the file's content as the store has it."""
    with own.client() as client:
        found = own.sql("SELECT id::text FROM files WHERE name = %s AND trashed_at IS NULL", name)
        return hashlib.sha256(client.content(found[0][0])).hexdigest()


def drop(page, path):
    """A file or folder of the disk, dropped on the page as a file manager does it."""
    wire = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        wire.send("Input.dispatchDragEvent", {"type": kind, "x": 640, "y": 400, "data": data})


def wait_done(page, count=1, timeout_s=120):
    page.wait_for_selector(f"aside[aria-label=Uploads] >> text={count:,} upload{'s' if count > 1 else ''} done", timeout=timeout_s * 1000)


@pytest.mark.browser
def test_a_folder_of_very_many_files_leaves_the_page_usable(own, page, tmp_path, capsys):
    root = tmp_path / "scans"
    for number in range(FILES):
        folder = root / f"day {number // PER_FOLDER:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"scan {number:05d}.txt").write_text(f"scan {number}\n" * 20)
    page.evaluate(WATCH_TASKS)
    drop(page, root)
    page.wait_for_selector("aside[aria-label=Uploads] >> text=Uploading", timeout=120_000)
    assert page.evaluate("window.saidReading"), "a dropped folder says how far it is read"
    wait_until(lambda: own.sql("SELECT count(*) FROM files")[0][0] > FILES // 3, 600, 0.5, "a third of the files")
    rows = page.locator("aside[aria-label=Uploads] li").count()
    shoot(page, "folder-uploading")
    wait_done(page, FILES, 900)
    longest, gap = page.evaluate("[window.longest, window.gap]")
    shoot(page, "folder-uploaded")
    assert rows < 30, "only what is seen is drawn"
    assert own.sql("SELECT count(*) FROM files") == [(FILES,)]
    assert own.sql("SELECT count(*) FROM folders WHERE name LIKE 'day %%'") == [(-(-FILES // PER_FOLDER),)]
    where = own.sql(
        "SELECT p.name, d.name FROM files f JOIN folders d ON d.id = f.folder_id JOIN folders p ON p.id = d.parent_id WHERE f.name = %s",
        "scan 00123.txt",
    )
    assert where == [("scans", "day 001")]
    with capsys.disabled():
        print(f"\nfolder of {FILES:,} files: longest task {longest:.0f} ms, longest gap between frames {gap:.0f} ms, {rows} rows drawn")

    # The same folder again: asked once, and skipped.
    page.set_input_files("[data-testid=folder-chooser]", str(root))
    page.wait_for_selector(f"dialog >> text={FILES} of {FILES} files are there already", timeout=60_000)
    shoot(page, "conflict")
    page.click("dialog >> text=Skip")
    page.wait_for_selector(f"aside[aria-label=Uploads] >> text={FILES:,} skipped")
    assert own.sql("SELECT count(*) FROM files") == [(FILES,)]


@pytest.mark.browser
def test_a_taken_name_becomes_a_version_or_another_name(own, page, tmp_path):
    note = make_file(tmp_path, "note.bin", 30_000)
    for number, answer in enumerate((None, "Add as new versions", "Keep both", "Upload nothing")):
        page.set_input_files("[data-testid=file-chooser]", str(note))
        if answer is not None:
            page.wait_for_selector("dialog >> text=That file is there already")
            page.click(f"dialog >> text={answer}")
        if answer != "Upload nothing":
            wait_done(page, number + 1)
    versions = (
        "SELECT f.name, count(*) FROM files f JOIN file_versions v ON v.file_id = f.id WHERE f.name LIKE 'note%%' GROUP BY 1 ORDER BY 1"
    )
    assert own.sql(versions) == [("note (2).bin", 1), ("note.bin", 2)] or own.sql(versions) == [("note (1).bin", 1), ("note.bin", 2)]


@pytest.mark.browser
def test_pause_all_outage_and_limit(own, page, tmp_path):
    film = make_file(tmp_path, "rushes.bin", 18_000_000)
    slow_down(page)
    page.set_input_files("[data-testid=file-chooser]", str(film))
    at = "SELECT offset_bytes FROM uploads WHERE name = 'rushes.bin' ORDER BY id DESC LIMIT 1"
    wait_until(lambda: (own.sql(at) or [(0,)])[0][0] > 0, 60, 0.1, "some bytes")
    page.click("[aria-label='Pause all']")
    page.wait_for_selector("aside[aria-label=Uploads] >> text=1 paused")
    shoot(page, "paused")
    page.click("[aria-label='Resume all']")
    page.wait_for_selector("li[data-state=uploading]")
    page.context.set_offline(True)
    page.wait_for_selector("text=Offline: goes on by itself")
    shoot(page, "offline")
    page.context.set_offline(False)
    slow_down(page, uploadThroughput=-1)
    page.select_option("[aria-label='Bandwidth limit']", label="50 Mbit/s")
    wait_done(page)
    assert sha256_of(own, "rushes.bin") == hashlib.sha256(film.read_bytes()).hexdigest()
    assert own.sql("SELECT count(*) FROM uploads WHERE name = 'rushes.bin'") == [(1,)]
    page.select_option("[aria-label='Bandwidth limit']", label="none")


@pytest.mark.browser
def test_large_files_go_straight_to_the_store_and_resume_there(own, page, tmp_path):
    film = make_file(tmp_path, "straight.bin", 75 * MIB)
    slow_down(page, uploadThroughput=12_000_000)
    parts: list[str] = []
    page.on("requestfinished", lambda request: parts.append(request.url) if request.method == "PUT" else None)
    page.set_input_files("[data-testid=file-chooser]", str(film))
    wait_until(lambda: page.evaluate("1") and parts, 60, 0.2, "a part")
    page.reload()
    page.wait_for_selector("text=Your unfinished uploads")
    shoot(page, "direct-unfinished")
    slow_down(page, uploadThroughput=-1)
    page.set_input_files("[data-testid=file-chooser]", str(film))
    wait_done(page)
    numbers = [url.split("partNumber=")[1].split("&")[0] for url in parts]
    assert all(str(own.port) not in url.split("/")[2] for url in parts), "parts go to the store, not to the API"
    assert set(numbers) == {"1", "2", "3", "4", "5"}
    assert numbers.count("1") == 1, "what the store had was not sent again"
    assert own.sql("SELECT protocol, count(*) FROM uploads WHERE name = 'straight.bin' GROUP BY 1") == [("s3", 1)]
    assert sha256_of(own, "straight.bin") == hashlib.sha256(film.read_bytes()).hexdigest()


@pytest.mark.browser
def test_where_the_store_is_out_of_reach_files_go_through_the_api(own, page, tmp_path):
    film = make_file(tmp_path, "around.bin", 21 * MIB)
    page.route("**/*partNumber=*", lambda route: route.abort() if route.request.method == "PUT" else route.continue_())
    page.set_input_files("[data-testid=file-chooser]", str(film))
    wait_done(page)
    assert sha256_of(own, "around.bin") == hashlib.sha256(film.read_bytes()).hexdigest()
    left = "SELECT protocol, state FROM uploads WHERE name = 'around.bin' ORDER BY protocol"
    wait_until(lambda: own.sql(left) == [("s3", "ABORTED"), ("tus", "COMPLETE")], 30, 0.3, "the end of the first try")


@pytest.mark.browser
def test_an_administrator_sees_open_uploads_and_ends_one(own, page):
    with own.client() as client:
        project = own.sql("SELECT id::text FROM projects WHERE name = 'Library'")[0][0]
        url = client.create(project, 9_000_000, filename="forgotten.mov").headers["location"]
        client.append(url, 0, b"x" * 3_000_000)
    page.click("nav >> text=Open uploads")
    page.wait_for_selector("[data-testid=open-uploads] >> text=forgotten.mov")
    page.wait_for_selector("[data-testid=open-uploads] >> text=3.0 MB of 9.0 MB")
    shoot(page, "open-uploads")
    page.click("[aria-label='End the upload of forgotten.mov']")
    wait_until(lambda: own.sql("SELECT state FROM uploads WHERE name = 'forgotten.mov'") == [("ABORTED",)], 30, 0.3, "the abort")
    page.wait_for_selector("text=No open uploads")
