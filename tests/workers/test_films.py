"""Films of every kind through the real pipeline: each plays by Apple's rules, looks right, and says what it is."""

import io

import httpx
import pytest
from PIL import Image

from tests.harness import ASSETS, ffmpeg, wait_until
from tests.hls_rules import Film, attributes, violations

BUNNY = ASSETS / "bigbuckbunny.mp4"
SRT = "1\n00:00:00,500 --> 00:00:02,000\nHello <b>there</b>\n\n2\n00:00:02,500 --> 00:00:08,000\nSecond & last\n"
CHAPTERS = (
    ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=One\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=5000\ntitle=Two\n"
)
TEST_PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=720x576:r=50:d=3")
TONE = ("-f", "lavfi", "-i", "sine=440:d=3")


def played(client, project, path, patience=240):
    file = client.processed(client.upload_file(project, path, "application/octet-stream")["id"], patience)
    assert file["preview"]["state"] == "ready", file["preview"]["reason"]
    return file


def film_of(stack, client, file):
    return Film(stack.base, client.post(f"/files/{file['id']}/playback").json()["master_url"])


def frames_of(film, name):
    import av

    made = film.renditions[name]
    with av.open(io.BytesIO(made.init + b"".join(made.segments))) as container:
        yield from container.decode(video=0)


KINDS = {
    "interlaced.ts": (*TEST_PICTURE, *TONE, "-vf", "tinterlace=interleave_top,setsar=64/45", "-c:v", "mpeg2video", "-b:v", "6M", "-flags", "+ilme+ildct", "-c:a", "mp2"),
    "vfr.mkv": ("-i", BUNNY, "-t", 4, "-vf", "select='not(between(mod(n,25),3,9))',scale=640:360", "-fps_mode", "vfr", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"),
    "ntsc.avi": ("-i", BUNNY, "-t", 3, "-vf", "scale=352:240,fps=30000/1001", "-c:v", "mpeg4", "-q:v", 5, "-c:a", "libmp3lame"),
    "odd.mkv": ("-i", BUNNY, "-t", 2, "-vf", "scale=321:181", "-c:v", "ffv1", "-pix_fmt", "yuv444p", "-c:a", "flac"),
    "ten-bit.mov": ("-i", BUNNY, "-t", 2, "-vf", "scale=640:360", "-c:v", "prores_ks", "-profile:v", 2, "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s16le"),
    "vp9.webm": ("-i", BUNNY, "-t", 2, "-vf", "scale=426:240", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", 8, "-c:a", "libopus", "-ac", 2),
    "av1.mp4": ("-i", BUNNY, "-t", 2, "-vf", "scale=426:240", "-c:v", "libsvtav1", "-preset", 12, "-an"),
    "fast.flv": ("-i", BUNNY, "-t", 2, "-vf", "scale=640:360,fps=60", "-c:v", "flv", "-c:a", "libmp3lame", "-ar", 44_100),
    "slow.mp4": ("-i", BUNNY, "-t", 4, "-vf", "scale=426:240,fps=5", "-c:v", "libx264", "-preset", "ultrafast", "-an"),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_a_film_of_any_kind_plays_by_apples_rules(stack, client, project, tmp_path, name):
    ffmpeg(*KINDS[name], tmp_path / name)
    file = played(client, project, tmp_path / name)
    film = film_of(stack, client, file)
    assert film.check() == []
    facts = client.get(f"/files/{file['id']}/facts").json()["facts"]
    lowest = film.variants[-1]
    rate = float(lowest[0]["FRAME-RATE"])
    frames = sum(1 for _ in frames_of(film, lowest[1]))
    assert abs(frames / rate - facts["duration_s"]) < 0.3
    if name == "interlaced.ts":
        assert facts["is_interlaced"]
        assert (facts["width"], facts["height"]) == (1024, 576)
    if name == "slow.mp4":
        assert rate == 5


def test_hdr_becomes_bt709_that_looks_like_it(stack, client, project, tmp_path):
    hdr = tmp_path / "hdr.mp4"
    # A grey ramp, as PQ.
    ffmpeg("-f", "lavfi", "-i", "color=0x808080:s=426x240:d=2:r=25", "-vf", "format=yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc", hdr)  # fmt: skip
    file = played(client, project, hdr)
    film = film_of(stack, client, file)
    assert film.check() == []
    assert client.get(f"/files/{file['id']}/facts").json()["facts"]["transfer"] == "smpte2084"
    frame = next(frames_of(film, film.variants[-1][1]))
    assert (int(frame.color_trc), int(frame.color_primaries), int(frame.colorspace)) == (1, 1, 1)
    middle = frame.to_image().convert("L").getpixel((200, 100))
    # Half of PQ's range is 92 nits, close to SDR white: shown as it is, it would be a dull 128.
    assert middle > 145


@pytest.mark.parametrize(
    ("size", "said", "red", "matrix"),
    [
        # What does not say is BT.709 from 720 lines on, as players have it, else BT.601; neither is converted to the other.
        ("1280x720", (), (62, 102, 239), 1),
        ("640x360", (), (62, 102, 239), 6),
        ("640x360", ("-colorspace", "smpte170m", "-color_primaries", "smpte170m", "-color_trc", "smpte170m"), (81, 90, 240), 6),
        ("640x360", ("-colorspace", "bt470bg", "-color_primaries", "bt470bg", "-color_trc", "smpte170m"), (81, 90, 240), 5),
        ("640x360", ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"), (62, 102, 239), 1),
        ("640x360", ("-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", "bt709"), (62, 102, 239), 1),
    ],
)
def test_colours_stay_what_they_are(stack, client, project, tmp_path, size, said, red, matrix):
    path = tmp_path / "red.mp4"
    # As raw planes, so that only what is said here tells how they are meant.
    raw = tmp_path / "red.yuv"
    width, height = map(int, size.split("x"))
    y, u, v = red if said[:2] != ("-colorspace", "bt2020nc") else (74, 97, 240)
    raw.write_bytes((bytes([y]) * width * height + bytes([u]) * (width * height // 4) + bytes([v]) * (width * height // 4)) * 50)
    ffmpeg("-f", "rawvideo", "-s", size, "-r", 25, "-pix_fmt", "yuv420p", "-i", raw, *(("-vf", f"setparams=colorspace={said[1]}:color_primaries={said[3]}:color_trc={said[5]}") if said else ()), "-c:v", "libx264", "-qp", 4, *said, path)  # fmt: skip
    film = film_of(stack, client, played(client, project, path))
    frame = next(frames_of(film, film.variants[-1][1]))
    assert int(frame.colorspace) == matrix
    seen = [bytes(plane)[plane.line_size * 50 + 50] for plane in frame.planes]
    assert all(abs(one - other) <= 3 for one, other in zip(seen, red, strict=True)), seen


def test_the_poster_is_of_a_tenth_of_the_film_and_reads_little_for_it(stack, client, project, tmp_path):
    # Black, then from 4 s on blue; keyframes at 5 and 15 s, so that none lies in what is read from 7 s on.
    path = tmp_path / "sparse.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=black:s=320x240:d=4:r=25", "-f", "lavfi", "-i", "color=blue:s=320x240:d=66:r=25", "-filter_complex", "[0][1]concat,noise=alls=60:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-g", 250, "-force_key_frames", "5", path)  # fmt: skip
    file = played(client, project, path)
    url = wait_until(lambda: client.get(f"/files/{file['id']}").json()["preview"]["thumbnail_url"], 60, 0.3, "a poster")
    red, green, blue = Image.open(io.BytesIO(httpx.get(url).content)).convert("RGB").getpixel((100, 100))
    assert blue > 100 > red + green
    read = stack.sql("SELECT (result ->> 'read_bytes')::bigint FROM jobs WHERE file_id = %s AND tag = 'media.poster'", file["id"])[0][0]
    assert read < path.stat().st_size / 2


def test_tracks_subtitles_and_chapters_are_all_there(stack, client, project, tmp_path):
    (tmp_path / "s.srt").write_text(SRT)
    (tmp_path / "ch.txt").write_text(CHAPTERS)
    film_path = tmp_path / "two.mkv"
    ffmpeg("-i", BUNNY, "-f", "lavfi", "-i", "sine=440:d=5", "-i", tmp_path / "s.srt", "-i", tmp_path / "ch.txt", "-map", "0:v", "-map", "0:a", "-map", "1:a", "-map", "2", "-map_metadata", 3, "-vf", "scale=426:240", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-ac", 2, "-c:s", "srt", "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu", "-metadata:s:a:1", "title=Deutsch", "-metadata:s:s:0", "language=eng", film_path)  # fmt: skip
    file = played(client, project, film_path)
    film = film_of(stack, client, file)
    assert film.check() == []
    assert [(one["TYPE"], one["NAME"], one["LANGUAGE"]) for one in film.media] == [
        ("AUDIO", "eng", "eng"),
        ("AUDIO", "Deutsch", "deu"),
        ("SUBTITLES", "eng", "eng"),
    ]
    text = b"".join(film.renditions["subs0.m3u8"].segments).decode()
    assert "Hello <b>there</b>" in text
    assert "Second & last" in text
    playback = client.post(f"/files/{file['id']}/playback").json()
    assert playback["chapters"] == [{"start_s": 0.0, "title": "One"}, {"start_s": 2.0, "title": "Two"}]


def test_the_storyboard_shows_the_film_by_time(stack, client, project, tmp_path):
    path = tmp_path / "colours.mp4"
    # Red for 8 s, then blue: more than one chunk.
    ffmpeg("-f", "lavfi", "-i", "color=red:s=320x240:r=25:d=8", "-f", "lavfi", "-i", "color=blue:s=320x240:r=25:d=6", "-filter_complex", "[0][1]concat", "-c:v", "libx264", "-preset", "ultrafast", path)  # fmt: skip
    file = played(client, project, path)
    playback = client.post(f"/files/{file['id']}/playback").json()
    answer = httpx.get(f"{stack.base}{playback['storyboard_url']}")
    assert answer.headers["content-type"].startswith("text/vtt")
    cues = [block.splitlines() for block in answer.text.split("\n\n")[1:] if block.strip()]
    assert cues[0][0] == "00:00:00.000 --> 00:00:02.000"
    seen = []
    for timing, place in cues:
        url, _, rectangle = place.partition("#xywh=")
        x, y, width, height = map(int, rectangle.split(","))
        sheet = Image.open(io.BytesIO(httpx.get(url).content)).convert("RGB")
        red, _, blue = sheet.getpixel((x + width // 2, y + height // 2))
        seen.append((timing[:8], "red" if red > blue else "blue"))
    assert seen == [(f"00:00:{second:02}", "red" if second < 8 else "blue") for second in range(0, 14, 2)]


def test_a_picture_that_browsers_play_is_handed_through(stack, client, project, tmp_path):
    path = tmp_path / "phone.mp4"
    ffmpeg("-stream_loop", 3, "-i", BUNNY, "-t", 20, "-vf", "scale=1280:720", "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "main", "-crf", 35, "-g", 25, "-c:a", "aac", "-movflags", "+faststart", path)  # fmt: skip
    file = played(client, project, path)
    film = film_of(stack, client, file)
    assert film.check() == []
    assert [name for _, name in film.variants] == ["source.m3u8", "480.m3u8", "360.m3u8", "240.m3u8"]
    import av

    with av.open(str(path)) as container:
        sizes = [packet.size for packet in container.demux(video=0) if packet.size]
    copied = sum(len(body) for body in film.renditions["source.m3u8"].segments)
    assert 1 <= copied / sum(sizes) < 1.05
    assert sum(1 for _ in frames_of(film, "source.m3u8")) == len(sizes)


def test_chunks_of_a_film_without_an_index_are_the_right_frames(stack, client, project, tmp_path):
    """MPEG-TS with keyframes 10 s apart: a seek lands behind its target. Each second has a brightness of its own."""
    path = tmp_path / "sparse.ts"
    ffmpeg("-f", "lavfi", "-i", "color=black:s=320x240:r=25:d=30", "-vf", "geq=lum='16+7*floor(T)':cb=128:cr=128", "-c:v", "libx264", "-preset", "ultrafast", "-g", 250, "-keyint_min", 250, "-sc_threshold", 0, path)  # fmt: skip
    file = played(client, project, path)
    film = film_of(stack, client, file)
    assert film.check() == []
    shown = [frame.to_image().convert("L").getpixel((160, 120)) for frame in frames_of(film, "240.m3u8")]
    assert len(shown) == 750
    wrong = [number for number, value in enumerate(shown) if abs(value - round(7 * (number // 25) * 255 / 219)) > 4]
    assert wrong == []


def test_a_transcode_is_stopped_and_goes_on_with_what_is_missing(stack, client, stranger, project, tmp_path):
    path = tmp_path / "long.mp4"
    ffmpeg("-stream_loop", 23, "-i", BUNNY, "-c", "copy", path)
    file = client.upload_file(project, path, "video/mp4")
    address = f"/files/{file['id']}/playback"
    wait_until(lambda: client.get(address).json()["is_playable"], 90, 0.1, "a first chunk")
    assert stranger.delete(address).status_code == 404
    assert client.delete(address).status_code == 204
    assert client.delete(address).json()["code"] == "media.not_running"
    stopped = client.get(address).json()
    assert (stopped["state"], stopped["reason"]) == ("cancelled", "Stopped by admin.")
    done = stack.sql("SELECT count(*) FROM transcode_chunks c JOIN transcodes t ON t.id = c.transcode_id WHERE t.file_id = %s AND c.done_at IS NOT NULL", file["id"])[0][0]  # fmt: skip
    assert done
    wait_until(lambda: not stack.sql("SELECT 1 FROM jobs WHERE file_id = %s AND state IN ('queued', 'running') AND tag LIKE 'media.encode%%'", file["id"]), 30, 0.3, "the workers' notice")  # fmt: skip
    states = {item["kind"]: item["state"] for item in client.get(f"/files/{file['id']}/derivatives").json()["items"]}
    assert states["hls"] == "skipped"
    before = stack.sql("SELECT count(*) FROM jobs WHERE file_id = %s AND tag LIKE 'media.encode%%' AND state = 'done'", file["id"])[0][0]
    assert client.post(f"/files/{file['id']}/derivatives", json={"which": "failed", "is_dry_run": True}).json() == {"kinds": ["hls"]}
    assert client.post(f"/files/{file['id']}/derivatives", json={"which": "failed"}).json() == {"kinds": ["hls"]}
    assert client.processed(file["id"], 300)["preview"]["state"] == "ready"
    again = stack.sql("SELECT count(*) FROM jobs WHERE file_id = %s AND tag LIKE 'media.encode%%' AND state = 'done'", file["id"])[0][0]
    chunks = stack.sql("SELECT count(*) FROM transcode_chunks c JOIN transcodes t ON t.id = c.transcode_id WHERE t.file_id = %s AND c.track = 'video'", file["id"])[0][0]  # fmt: skip
    assert again - before <= chunks - 1
    assert violations(stack, client, file["id"]) == []


def test_what_somebody_watches_goes_first_and_what_is_ready_is_not_made_twice(stack, client, project, tmp_path):
    path = tmp_path / "long.mp4"
    ffmpeg("-stream_loop", 23, "-i", BUNNY, "-c", "copy", path)
    file = client.upload_file(project, path, "video/mp4")
    address = f"/files/{file['id']}/playback"
    wait_until(lambda: client.get(address).json()["is_playable"], 120, 0.1, "a first chunk")
    assert wait_until(lambda: client.post(address).status_code == 200, 30, 0.2, "sound")
    left = stack.sql("SELECT DISTINCT priority FROM jobs WHERE file_id = %s AND state = 'queued' AND tag LIKE 'media.encode%%'", file["id"])
    assert left in ([(35,)], [])
    assert client.processed(file["id"], 300)["preview"]["state"] == "ready"
    before = stack.sql("SELECT count(*) FROM jobs WHERE file_id = %s AND tag LIKE 'media.encode%%'", file["id"])
    assert client.post(f"/files/{file['id']}/derivatives", json={"which": "all", "kinds": ["hls"]}).json() == {"kinds": ["hls"]}
    assert client.processed(file["id"], 60)["preview"]["state"] == "ready"
    assert stack.sql("SELECT count(*) FROM jobs WHERE file_id = %s AND tag LIKE 'media.encode%%'", file["id"]) == before


def test_the_rules_refuse_what_breaks_them(stack, client, project):
    """The validator itself: each of Apple's rules that it knows is seen to fail once."""
    file = client.processed(client.upload_file(project, BUNNY, "video/mp4")["id"])
    film = film_of(stack, client, file)
    assert film.check() == []
    lowest = film.renditions["240.m3u8"]
    lowest.segments[0] = lowest.segments[0].replace(
        b"tfdt\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", b"tfdt\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
    )
    lowest.durations[0] += 0.5
    lowest.text = lowest.text.replace("PLAYLIST-TYPE:VOD", "PLAYLIST-TYPE:EVENT").replace("TARGETDURATION:6", "TARGETDURATION:5")
    film.variants[-1][0].update({"BANDWIDTH": "1", "AVERAGE-BANDWIDTH": "1", "CODECS": "avc1.000000"})
    del film.media[0]["LANGUAGE"]
    film.iframes.clear()
    broken = {rule.partition(":")[0] for rule in film.check()}
    assert broken >= {"1.26", "1.27", "6.1", "7.7", "8.1", "8.2", "8.6", "8.10", "8.22", "9.1"}
    assert attributes('#X:A=1,B="a,b",C=2') == {"A": "1", "B": "a,b", "C": "2"}
