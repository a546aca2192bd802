"""The main job in a real Chromium: sign in, upload by file chooser, reload in the middle and resume, watch while it is transcoded."""

import subprocess
import time

import imageio_ffmpeg
import pytest

from tests.e2e.browsing import open_library, shoot, sign_in
from tests.harness import ASSETS, Stack, wait_until


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A stack whose UI sends small chunks, so that a reload falls between two of them."""
    running = Stack(tmp_path_factory.mktemp("e2e"), {"STOWAGE_CLIENT_CHUNK_BYTES": "2000000", "STOWAGE_EMBEDDED_STORE": "swift"}).start()
    yield running
    running.stop()


def long_film(folder):
    target = folder / "big buck bunny.mp4"
    subprocess.run(
        [
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-v",
            "error",
            "-y",
            "-stream_loop",
            "16",
            "-i",
            str(ASSETS / "bigbuckbunny.mp4"),
            "-c",
            "copy",
            str(target),
        ],
        check=True,
    )
    return target


def playing(page):
    return page.evaluate(
        "(() => { const v = document.querySelector('video'); const q = v.getVideoPlaybackQuality(); return {at: v.currentTime, length: v.duration, frames: q.totalVideoFrames, ended: v.ended, error: v.error && v.error.message}; })()"
    )


@pytest.mark.browser
def test_the_main_job(own, browser, tmp_path):
    film = long_film(tmp_path)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page, own)
    open_library(page)

    # A slow line, so that there is a middle to reload in.
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    slow = {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": 3_000_000}
    wire.send("Network.emulateNetworkConditions", slow)
    page.set_input_files("[data-testid=file-chooser]", str(film))
    wait_until(lambda: (own.sql("SELECT offset_bytes FROM uploads") or [(0,)])[0][0] > 3_000_000, 60, 0.1, "some bytes")
    shoot(page, "uploading")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.wait_for_selector("text=Your unfinished uploads")
    shoot(page, "unfinished")
    before = own.sql("SELECT id, offset_bytes FROM uploads")
    assert 0 < before[0][1] < film.stat().st_size

    wire.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    sent: list[int] = []
    page.on("request", lambda request: sent.append(int(request.headers["upload-offset"])) if request.method == "PATCH" else None)
    page.set_input_files("[data-testid=file-chooser]", str(film))
    page.wait_for_selector("li[data-state=done]", timeout=60_000)
    assert min(sent) >= before[0][1], "it went on where it was"
    assert own.sql("SELECT count(*) FROM uploads") == [(1,)]

    page.wait_for_selector("[data-testid=file-list] >> text=big buck bunny.mp4")
    page.click("[data-testid=file-list] >> text=big buck bunny.mp4")
    page.click("aside >> text=Play")
    page.wait_for_selector("video")
    wait_until(lambda: page.evaluate("document.querySelector('video').readyState") >= 2, 60, 0.2, "the first picture")
    page.evaluate("document.querySelector('video').play()")
    first = playing(page)
    state = own.sql("SELECT state FROM transcodes")[0][0]
    now = wait_until(lambda: found if (found := playing(page))["at"] > first["at"] + 1.5 else None, 30, 0.2, "the picture moving")
    assert now["frames"] > 0
    assert now["error"] is None
    assert state == "running", "it must play before the transcode has ended"
    shoot(page, "playing-while-transcoding")

    wait_until(lambda: own.sql("SELECT 1 FROM transcodes WHERE state = 'ready'"), 300, 1, "the transcode's end")
    length = wait_until(
        lambda: found["length"] if (found := playing(page))["length"] and found["length"] > 85 else None,
        60,
        0.5,
        "the whole film on the seek bar",
    )
    page.evaluate(f"document.querySelector('video').currentTime = {length - 2}")
    page.evaluate("document.querySelector('video').play()")
    wait_until(lambda: playing(page)["ended"], 40, 0.3, "the end of the film")
    shoot(page, "watched")
    assert errors == []
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_shows_itself(own, browser, scheme):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{own.base}/login/")
    page.wait_for_selector("text=Sign in")
    shoot(page, f"login-{scheme}")
    sign_in(page, own)
    time.sleep(0.5)
    shoot(page, f"overview-{scheme}")
    page.click("nav >> text=Projects")
    page.wait_for_selector("main >> text=Library")
    shoot(page, f"projects-{scheme}")
    page.click("main a >> text=Library")
    page.wait_for_selector("[data-testid=file-chooser]", state="attached")
    page.wait_for_selector("main >> text=Library")
    shoot(page, f"files-{scheme}")
    page.get_by_role("button", name="Folder", exact=True).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Folder", exact=True).click()
    page.fill("input[name=name]", f"Rushes {scheme}")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[data-testid=file-list] >> text=Rushes {scheme}")
    page.goto(f"{own.base}/watch/?file=01a208c5-0000-7000-8000-000000000000")
    page.wait_for_selector("[role=alert]")
    assert page.evaluate("document.documentElement.classList.contains('dark')") == (scheme == "dark")
    page.goto(f"{own.base}/login/")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", "wrong-password")
    page.click("button[type=submit]")
    page.wait_for_selector("[role=alert] >> text=Wrong name or password")
    assert errors == []
    context.close()


@pytest.mark.browser
def test_the_api_can_be_browsed_without_the_internet(own, browser):
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{own.base}/api/v1/docs")
    page.wait_for_selector("text=tus: append bytes at Upload-Offset")
    shoot(page, "docs")
    assert all(url.startswith((own.base, "data:")) for url in asked), asked
    page.close()
