"""A real Chromium and the first steps of a person in it."""

import json
import os
import subprocess
import tarfile
import tempfile
from contextlib import contextmanager

from tests.harness import NODE, ROOT

ARGUMENTS = [
    "--no-sandbox",
    "--headless=new",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
SHOTS = os.environ.get("STOWAGE_SHOTS")


def chromium() -> tuple[str, dict[str, str]]:
    """Executable and environment of CHROMIUM_PATH, or of the one in the npm package."""
    if named := os.environ.get("CHROMIUM_PATH"):
        return named, {}

    found = json.loads(
        subprocess.run([NODE, ROOT / "frontend/scripts/chromium.mjs"], capture_output=True, text=True, check=True, timeout=120).stdout
    )
    missing = "not found" in subprocess.run(["ldd", found["executable"]], capture_output=True, text=True, check=False).stdout
    if not missing:
        return found["executable"], {}
    folder = tempfile.mkdtemp()
    with tarfile.open(found["libraries"]) as archive:
        archive.extractall(folder, filter="data")
    return found["executable"], {"LD_LIBRARY_PATH": f"{folder}/lib"}


def shoot(page, name):
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def scroll_to(page, box, last):
    """Down to the end, page by page, until the last thing is there."""
    for _ in range(60):
        page.evaluate("(box) => { document.querySelector(box).scrollTop = 1e9 }", box)
        page.wait_for_timeout(100)
        if page.locator(f"{box} {last}").count():
            return
    raise AssertionError(last)


def sign_in(page, stack):
    page.goto(f"{stack.base}/")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", stack.password)
    page.click("button[type=submit]")
    page.wait_for_selector("text=Recent files")


def open_library(page):
    page.click("nav >> text=Projects")
    page.click("main a >> text=Library")
    page.wait_for_selector("[data-testid=file-chooser]", state="attached")


@contextmanager
def signed_in(browser, stack, script="", **context):
    """A page of an administrator, in a context of its own; `script` runs in it before anything else. No script of ours may fail in it."""
    own, errors = browser.new_context(**context), []
    page = own.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    if script:
        page.add_init_script(script)
    sign_in(page, stack)
    yield page
    assert errors == []
    own.close()
