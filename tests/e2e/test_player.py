"""The player in real Chromium: storyboard, keys, subtitles and tracks, where one was, across a chunk join, after a long pause."""

import itertools

import pytest

from tests.e2e.browsing import shoot, signed_in
from tests.harness import ASSETS, ffmpeg, wait_until

BUNNY = ASSETS / "bigbuckbunny.mp4"
SRT = "1\n00:00:00,500 --> 00:00:20,000\nA subtitle\n"
CHAPTERS = ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=9000\ntitle=Beginning\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=9000\nEND=26000\ntitle=The rest\n"


@pytest.fixture
def page(stack, browser):
    with signed_in(browser, stack, viewport={"width": 1280, "height": 900}) as opened:
        yield opened


def video(page, what):
    return page.evaluate(f"document.querySelector('video').{what}")


@pytest.fixture
def film(client, project, tmp_path):
    """26 s: two languages, subtitles, chapters; chunks end at 6 and 18 s."""
    (tmp_path / "s.srt").write_text(SRT)
    (tmp_path / "ch.txt").write_text(CHAPTERS)
    path = tmp_path / "film.mkv"
    ffmpeg("-stream_loop", 4, "-i", BUNNY, "-f", "lavfi", "-i", "sine=440:d=26", "-i", tmp_path / "s.srt", "-i", tmp_path / "ch.txt", "-map", "0:v", "-map", "0:a", "-map", "1:a", "-map", "2", "-map_metadata", 3, "-t", 26, "-vf", "scale=426:240", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-ac", 2, "-c:s", "srt", "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu", "-metadata:s:s:0", "language=eng", path)  # fmt: skip
    return client.processed(client.upload_file(project, path, "video/x-matroska", "film.mkv")["id"], 240)


@pytest.mark.browser
def test_a_film_is_watched_as_at_an_editing_desk(stack, client, page, film):
    page.goto(f"{stack.base}/watch/?file={film['id']}")
    page.wait_for_selector("video")
    wait_until(lambda: video(page, "readyState") >= 3, 60, 0.2, "the first picture")
    # A still under the pointer, with the chapter's name.
    bar = page.locator("[data-testid=seek-bar]")
    box = bar.bounding_box()
    places = itertools.cycle((0.5, 0.52))
    wait_until(lambda: page.mouse.move(box["x"] + box["width"] * next(places), box["y"] + 10) or page.locator("[data-testid=seek-preview] div").count(), 30, 0.5, "a still")  # fmt: skip
    assert "The rest" in page.locator("[data-testid=seek-preview]").inner_text()
    shoot(page, "player-storyboard")
    # Keys.
    page.locator("input[type=range][aria-label=Position]").focus()
    page.keyboard.press("l")
    wait_until(lambda: 9.5 < video(page, "currentTime") < 10.5, 10, 0.1, "ten seconds on")
    page.keyboard.press("j")
    wait_until(lambda: video(page, "currentTime") < 0.5, 10, 0.1, "ten seconds back")
    page.keyboard.press(".")
    wait_until(lambda: abs(video(page, "currentTime") - 0.04) < 0.01, 10, 0.1, "one frame on")
    page.keyboard.press(">")
    assert video(page, "playbackRate") == 1.25
    page.keyboard.press("<")
    page.keyboard.press("m")
    assert video(page, "muted") is True
    page.keyboard.press("c")
    wait_until(lambda: page.evaluate("[...document.querySelector('video').textTracks].some(t => t.mode === 'showing' && t.activeCues && t.activeCues.length)") or (page.evaluate("document.querySelector('video').currentTime = 1") and False), 20, 0.5, "a subtitle")  # fmt: skip
    assert page.locator("select[aria-label='Sound track'] option").all_text_contents() == ["eng", "deu"]
    page.select_option("select[aria-label='Sound track']", label="deu")
    shoot(page, "player-captions")
    # Across the join at 6 s: no frame is late by more than two.
    page.evaluate("""() => { const v = document.querySelector('video'); window.seen = []; v.currentTime = 4.5;
        const note = (_, facts) => { window.seen.push(facts.mediaTime); v.requestVideoFrameCallback(note); };
        v.addEventListener('seeked', () => { v.requestVideoFrameCallback(note); void v.play(); }, { once: true }); }""")
    wait_until(lambda: video(page, "currentTime") > 8, 30, 0.2, "the join")
    page.keyboard.press("k")
    assert video(page, "paused") is True
    seen = [at for at in page.evaluate("window.seen") if 4.5 < at < 8]
    assert any(at < 6 for at in seen)
    assert any(at > 6 for at in seen)
    assert max(later - at for at, later in itertools.pairwise(seen)) < 0.4, "no hole at the join"
    # Where one was.
    at = video(page, "currentTime")
    page.reload()
    page.wait_for_selector("video")
    wait_until(lambda: abs(video(page, "currentTime") - at) < 1, 30, 0.2, "the old place")


@pytest.mark.browser
def test_a_pause_longer_than_the_addresses_live_is_survived(stack, client, page, film):
    """The store answers 403 to what was signed before: the player asks for new addresses and goes on where it was."""
    refused, masters, given = [], [], []
    page.on("request", lambda request: masters.append(request.url) if "master.m3u8" in request.url else None)

    def refuse(route):
        given.append(route.request.url)
        if len(given) <= 4 or len(masters) > 1:
            route.continue_()
            return
        refused.append(route.request.url)
        route.fulfill(status=403, headers={"Access-Control-Allow-Origin": "*"})

    page.route("**/*.m4s*", refuse)
    page.goto(f"{stack.base}/watch/?file={film['id']}")
    page.wait_for_selector("video")
    # Routes are answered only while the browser is asked something.
    wait_until(lambda: video(page, "readyState") >= 0 and len(masters) > 1, 60, 0.2, "new addresses")
    assert refused
    wait_until(lambda: video(page, "readyState") >= 2, 30, 0.2, "a picture")
    page.evaluate("document.querySelector('video').muted = true")
    page.evaluate("document.querySelector('video').currentTime = 22")
    page.evaluate("document.querySelector('video').play()")
    wait_until(lambda: video(page, "currentTime") > 23, 40, 0.2, "playing on")


@pytest.mark.browser
def test_sound_shows_its_waveform_and_files_say_what_they_are(stack, client, project, page, tmp_path):
    sound = tmp_path / "song.mp3"
    ffmpeg("-f", "lavfi", "-i", "sine=440:d=3", "-f", "lavfi", "-i", "anullsrc=r=44100", "-filter_complex", "[0][1]concat=v=0:a=1", "-t", 8, "-metadata", "title=A song", "-metadata", "artist=Somebody", sound)  # fmt: skip
    file = client.processed(client.upload_file(project, sound, "audio/mpeg", "song.mp3")["id"], 120)
    peaks = wait_until(lambda: (a.json() if (a := client.get(f"/files/{file['id']}/waveform")).status_code == 200 else None), 30, 0.3, "a waveform")["peaks"]  # fmt: skip
    third = len(peaks) // 2 // 8 * 2
    assert max(peaks[third : 2 * third]) > 8
    assert max(abs(value) for value in peaks[5 * third : 6 * third]) <= 1
    page.goto(f"{stack.base}/files/?project={project}&open={file['id']}")
    page.wait_for_selector("[data-testid=waveform]")
    wait_until(lambda: video(page, "readyState") >= 2, 60, 0.2, "sound")
    page.get_by_role("button", name="What the file says of itself").click()
    page.wait_for_selector("[data-testid=facts] >> text=Somebody")
    shoot(page, "viewer-sound")


@pytest.mark.browser
def test_a_film_that_failed_says_why_and_is_tried_again(stack, client, project, page):
    file = client.processed(client.file_of(client.upload(project, b"\x00\x00\x00\x18ftypmp42" + bytes(3_000), filename="bad.mp4", filetype="video/mp4"))["id"], 60)  # fmt: skip
    page.goto(f"{stack.base}/watch/?file={file['id']}")
    page.wait_for_selector(f"main [role=alert] >> text={file['preview']['reason']}")
    page.get_by_role("button", name="Try again").click()
    wait_until(lambda: len(stack.sql("SELECT 1 FROM jobs WHERE file_id = %s AND tag = 'media.probe'", file["id"])) == 2, 20, 0.3, "a second look")  # fmt: skip
