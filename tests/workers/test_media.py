"""Films and pictures through the real pipeline, and sources that lie."""

import io
import re
import struct
import zlib

import httpx
import pytest
from PIL import Image

from tests.harness import ASSETS, ffmpeg, wait_until
from tests.hls_rules import violations

FILM = ASSETS / "bigbuckbunny.mp4"


def playlists(stack, client, file_id):
    """(master text, {name: playlist text})."""
    url = client.post(f"/files/{file_id}/playback").json()["master_url"]
    master = httpx.get(f"{stack.base}{url}")
    assert master.headers["content-type"].startswith("application/vnd.apple.mpegurl")
    names = {
        line.rpartition('URI="')[2].rstrip('"') if "URI=" in line else line
        for line in master.text.splitlines()
        if line.endswith((".m3u8", '.m3u8"'))
    }
    return master.text, {name: httpx.get(f"{stack.base}{url.replace('master.m3u8', name)}").text for name in names}


def fetch_rendition(text):
    """All bytes of a rendition as a player would fetch them: init, then each byte range."""
    lines = text.splitlines()
    init = next(line for line in lines if line.startswith("#EXT-X-MAP")).partition('URI="')[2].rstrip('"')
    body = httpx.get(init).content
    for number, line in enumerate(lines):
        if line.startswith("#EXT-X-BYTERANGE:"):
            count, _, offset = line.partition(":")[2].partition("@")
            start, size = int(offset), int(count)
            answer = httpx.get(lines[number + 1], headers={"Range": f"bytes={start}-{start + size - 1}"})
            assert answer.status_code == 206
            body += answer.content
    return body


def count_frames(body):
    import av

    with av.open(io.BytesIO(body)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_a_film_becomes_a_ladder_that_decodes_frame_for_frame(stack, client, project):
    file = client.processed(client.upload_file(project, FILM, "video/mp4")["id"])
    assert file["preview"] | {"thumbnail_url": None, "placeholder": None} == {
        "kind": "video",
        "state": "ready",
        "reason": None,
        "thumbnail_url": None,
        "placeholder": None,
        "width": 1280,
        "height": 720,
        "duration_s": 5.28,
    }
    master, media = playlists(stack, client, file["id"])
    assert {"720.m3u8", "480.m3u8", "360.m3u8", "240.m3u8", "audio0.m3u8", "iframes-240.m3u8"} == set(media)
    assert "1080" not in master
    for name in ("720.m3u8", "240.m3u8"):
        assert media[name].rstrip().endswith("#EXT-X-ENDLIST")
        assert count_frames(fetch_rendition(media[name])) == 132
    assert media["720.m3u8"] == playlists(stack, client, file["id"])[1]["720.m3u8"], "segment URLs are cache-stable"
    picture = wait_until(lambda: client.get(f"/files/{file['id']}").json()["preview"]["thumbnail_url"], 30, 0.3, "a poster")
    assert Image.open(io.BytesIO(httpx.get(picture).content)).format == "WEBP"


def test_chunks_join_without_a_seam(stack, client, project, tmp_path):
    """40 s: three short chunks and one long one; decoded timestamps must be evenly spaced across every join."""
    import av

    film = tmp_path / "forty.mp4"
    ffmpeg("-stream_loop", 7, "-i", FILM, "-c", "copy", film)
    file = client.processed(client.upload_file(project, film, "video/mp4")["id"], 240)
    assert file["preview"]["state"] == "ready", file
    _, media = playlists(stack, client, file["id"])
    with av.open(io.BytesIO(fetch_rendition(media["240.m3u8"]))) as container:
        times = sorted(frame.pts * frame.time_base for frame in container.decode(video=0))
    gaps = {times[number + 1] - times[number] for number in range(len(times) - 1)}
    assert gaps == {1 / times[0].__class__(25)}, gaps
    assert abs(len(times) - file["preview"]["duration_s"] * 25) <= 2


def test_rotated_and_portrait_films_stand_upright(stack, client, project, tmp_path):
    rotated = tmp_path / "rotated.mp4"
    ffmpeg("-display_rotation", 90, "-i", FILM, "-c", "copy", "-t", 2, rotated)
    file = client.processed(client.upload_file(project, rotated, "video/quicktime", "rotated.mov")["id"])
    assert (file["preview"]["width"], file["preview"]["height"]) == (720, 1280)
    master, _ = playlists(stack, client, file["id"])
    assert "RESOLUTION=720x1280" in master


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("sound.mp3", ("-vn", "-c:a", "libmp3lame")),
        ("silent.mkv", ("-an", "-c:v", "copy")),
        ("ntsc.ts", ("-r", "30000/1001", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")),
    ],
)
def test_other_containers_and_single_tracks_play(stack, client, project, tmp_path, name, arguments):
    ffmpeg("-i", FILM, *arguments, tmp_path / name)
    file = client.processed(client.upload_file(project, tmp_path / name, "application/octet-stream")["id"])
    assert file["preview"]["state"] == "ready", file
    master, media = playlists(stack, client, file["id"])
    assert ("audio0.m3u8" in media) == (name != "silent.mkv")
    assert ("RESOLUTION" in master) == (name != "sound.mp3")
    assert violations(stack, client, file["id"]) == []
    if name == "sound.mp3":
        # Sound alone comes in two rates.
        peaks = [int(one) for one in re.findall(r"#EXT-X-STREAM-INF:BANDWIDTH=(\d+)", master)]
        assert len(peaks) == 2
        assert 64_000 <= peaks[1] < 90_000 < peaks[0]


def png_bomb():
    """30,000 by 30,000 pixels in a few hundred kilobytes."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer = zlib.compressobj(9)
    row = b"\0" * (30_000 // 8 + 1)
    data = b"".join(packer.compress(row) for _ in range(30_000)) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0))
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


LIES = {
    "playlist.mp4": (b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:1/secret.ts\n", "video/mp4", "playlist"),
    "noise.mp4": (bytes(range(256)) * 400, "video/mp4", "not a film"),
    "empty-moov.mp4": (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00\x00\x00\x08moov", "video/mp4", ""),
    "bomb.png": (None, "image/png", "too large"),
    "noise.jpg": (b"\xff\xd8\xff\xe0" + b"\x11" * 5_000, "image/jpeg", "not a picture"),
    "concat.mov": (b"ffconcat version 1.0\nfile /etc/passwd\n", "video/quicktime", "playlist"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_source_that_lies_ends_failed_with_a_reason_and_the_worker_lives(stack, client, project, name):
    body, media_type, expected = LIES[name]
    before = stack.pid("worker-io"), stack.pid("worker-cpu")
    url = client.upload(project, body or png_bomb(), filename=name, filetype=media_type)
    preview = client.processed(client.file_of(url)["id"], 60)["preview"]
    assert preview["state"] == "failed"
    assert expected in preview["reason"]
    assert len(preview["reason"]) > 15
    assert (stack.pid("worker-io"), stack.pid("worker-cpu")) == before


def test_a_truncated_film_says_so_instead_of_pretending(stack, client, project, tmp_path):
    whole = tmp_path / "whole.mp4"
    ffmpeg("-stream_loop", 5, "-i", FILM, "-c", "copy", "-movflags", "+faststart", whole)
    body = whole.read_bytes()
    file = client.file_of(client.upload(project, body[: len(body) // 2], filename="cut.mp4", filetype="video/mp4"))
    found = client.processed(file["id"], 240)["preview"]
    assert found["state"] == "failed"
    assert found["reason"]


def test_pictures_get_previews_upright_and_without_metadata(client, project):
    image = Image.new("RGB", (3000, 1500), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (52.0, 0.0, 0.0)}
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    file = client.processed(client.file_of(client.upload(project, buffer.getvalue(), filename="p.jpg", filetype="image/jpeg"))["id"])
    assert (file["preview"]["kind"], file["preview"]["width"], file["preview"]["height"]) == ("image", 1500, 3000)
    items = client.get(f"/files/{file['id']}/derivatives").json()["items"]
    assert set(items[0]["urls"]) == {"256", "512", "1024", "2048"}
    shown = Image.open(io.BytesIO(httpx.get(items[0]["urls"]["1024"]).content))
    assert shown.size == (512, 1024)
    assert not shown.getexif()


def test_playback_tickets_are_checked(stack, client, stranger, project):
    file = client.processed(client.upload_file(project, FILM, "video/mp4")["id"])
    assert stranger.post(f"/files/{file['id']}/playback").status_code == 404
    url = client.post(f"/files/{file['id']}/playback").json()["master_url"]
    assert httpx.get(f"{stack.base}{url.replace('/hls/', '/hls/x')}").status_code == 403
    assert httpx.get(f"{stack.base}{url.replace('master.m3u8', '999.m3u8')}").status_code == 409


def test_a_page_from_another_machine_is_given_proxied_urls(stack, client, project):
    """The embedded store listens on loopback: a browser that came by another name can't reach it."""
    file = client.processed(client.upload_file(project, FILM, "video/mp4")["id"])
    url = client.post(f"/files/{file['id']}/playback").json()["master_url"].replace("master.m3u8", "240.m3u8")
    text = httpx.get(f"{stack.base}{url}", headers={"Host": "films.example"}).text
    segment = next(line for line in text.splitlines() if line.startswith("/api/v1/content/"))
    answer = httpx.get(f"{stack.base}{segment}", headers={"Range": "bytes=0-99"})
    assert (answer.status_code, len(answer.content)) == (206, 100)


def test_an_empty_file_is_no_failure_unless_it_claims_to_be_media(client, project):
    empty = client.create(project, 0, filename="nothing.bin").headers["location"]
    assert client.processed(client.file_of(empty)["id"])["preview"]["state"] == "none"
    film = client.create(project, 0, filename="nothing.mp4", filetype="video/mp4").headers["location"]
    assert "empty" in client.processed(client.file_of(film)["id"])["preview"]["reason"]
