"""Hostile files, made here: bombs, lies, loops, cut-off and overlapping things. `files(url)` puts `url` where an SSRF would be."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib

from tests.harness import ASSETS, pdf_of, zip_of

FILM = ASSETS / "bigbuckbunny.mp4"


def box(kind, body=b"", size=None):
    return struct.pack(">I4s", len(body) + 8 if size is None else size, kind) + body


def png(width, height, *chunks, ihdr=None):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = ihdr or struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunk(kind, body) for kind, body in chunks) + chunk(b"IEND", b"")


def zeros(count):
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(count >> 20)) + packer.flush()


def pictures():
    tiff_loop = b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + struct.pack("<HHII", 256, 4, 1, 10) + struct.pack("<I", 8)
    jpeg = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    return {
        "bomb.png": (png(30_000, 30_000, (b"IDAT", zeros(100 << 20))), "image/png"),
        "text-bomb.png": (png(8, 8, (b"zTXt", b"k\0\0" + zeros(200 << 20)), (b"IDAT", zlib.compress(bytes(16)))), "image/png"),
        "icc-bomb.png": (png(8, 8, (b"iCCP", b"p\0\0" + zeros(200 << 20)), (b"IDAT", zlib.compress(bytes(16)))), "image/png"),
        "flat.png": (png(0, 0), "image/png"),
        "minus.png": (png(1, 1, ihdr=struct.pack(">IIBBBBB", 1 << 31, 1, 8, 6, 0, 0, 0)), "image/png"),
        "cut.png": (png(64, 64, (b"IDAT", zlib.compress(bytes(600))[:10])), "image/png"),
        "huge.gif": (b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\xf7\0\0" + bytes(768) + b",\0\0\0\0\xff\xff\xff\xff\0\x08\x01\0\0;", "image/gif"),
        "loop.gif": (b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff" + b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0" + b"!\xf9\x04\0\0\0\0\0" * 50_000, "image/gif"),
        "huge.jpg": (jpeg + b"\xff\xc0\x00\x11\x08\xff\xdc\xff\xdc\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01" + b"\xff\xda" + bytes(900), "image/jpeg"),
        "noise.jpg": (jpeg + bytes(range(256)) * 200, "image/jpeg"),
        "loop.tif": (tiff_loop, "image/tiff"),
        "strips.tif": (b"II*\0\x08\0\0\0" + struct.pack("<H", 3) + struct.pack("<HHII", 256, 4, 1, 1 << 30) + struct.pack("<HHII", 257, 4, 1, 1 << 30) + struct.pack("<HHII", 273, 4, 0xFFFFFFFF, 8) + bytes(4), "image/tiff"),
        "huge.bmp": (b"BM" + struct.pack("<IHHIIiiHHIIiiII", 100, 0, 0, 54, 40, 2_000_000, 2_000_000, 1, 24, 0, 0, 0, 0, 0, 0), "image/bmp"),
        "cut.webp": (b"RIFF\xff\xff\xff\x7fWEBPVP8 \xff\xff\xff\x7f" + bytes(50), "image/webp"),
        "noise.heic": (box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta", bytes(range(256)) * 4), "image/heic"),
        "deep.avif": (box(b"ftyp", b"avif\0\0\0\0mif1avif") + nested(b"meta", 500), "image/avif"),
        "entities.svg": (b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaaaaaaaa">' + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12)) + b"]><svg>&m;</svg>", "image/svg+xml"),
        "script.svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>', "image/svg+xml"),
    }  # fmt: skip


def nested(kind, depth):
    body = b""
    for _ in range(depth):
        body = box(kind, body)
    return body


def films(url):
    whole = FILM.read_bytes()
    address = url.encode()
    reference = box(b"dref", struct.pack(">II", 0, 1) + box(b"url ", bytes(4) + address + b"\0"))
    return {
        "playlist.mp4": (b"#EXTM3U\n#EXTINF:10,\n" + address + b"\n", "video/mp4"),
        "file-playlist.mp4": (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "video/mp4"),
        "late-playlist.ts": (bytes(188) + b"#EXTM3U\n" + address, "video/mp2t"),
        "concat.mov": (b"ffconcat version 1.0\nfile /etc/passwd\n", "video/quicktime"),
        "manifest.mp4": (b'<?xml version="1.0"?><MPD><BaseURL>' + address + b"</BaseURL></MPD>", "video/mp4"),
        "session.mp4": (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n", "video/mp4"),
        "redirect.mp4": (box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"moov", box(b"rmra", box(b"rmda", box(b"rdrf", bytes(4) + b"url " + struct.pack(">I", len(address)) + address)))), "video/quicktime"),
        "elsewhere.mov": (whole.replace(b"dref", b"dref", 1)[: whole.find(b"moov") - 4] + box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"dinf", reference))))), "video/quicktime"),
        "half.mp4": (whole[: len(whole) // 3], "video/mp4"),
        "no-index.mp4": (box(b"ftyp", b"isom\0\0\2\0isomiso2") + box(b"mdat", whole[5_000:60_000]), "video/mp4"),
        "zero-box.mp4": (box(b"ftyp", b"isom\0\0\2\0isom") + box(b"moov", b"", 0), "video/mp4"),
        "giant-box.mp4": (box(b"ftyp", b"isom\0\0\2\0isom") + struct.pack(">I4sQ", 1, b"moov", (1 << 63) - 1), "video/mp4"),
        "tiny-box.mp4": (box(b"ftyp", b"isom\0\0\2\0isom") + struct.pack(">I4s", 4, b"moov") * 2_000, "video/mp4"),
        "deep.mp4": (box(b"ftyp", b"isom\0\0\2\0isom") + nested(b"moov", 3_000), "video/mp4"),
        "many-tracks.mp4": (box(b"ftyp", b"isom\0\0\2\0isom") + box(b"moov", box(b"trak", box(b"tkhd", bytes(84))) * 20_000), "video/mp4"),
        "samples.mp4": (box(b"ftyp", b"isom\0\0\2\0isom") + box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", box(b"stsz", struct.pack(">III", 0, 0, 0xFFFFFFFF))))))), "video/mp4"),
        "endless.mkv": (b"\x1aE\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff" * 2_000, "video/x-matroska"),
        "cut.mkv": (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x88matroska\x18S\x80g\x01\xff\xff\xff", "video/x-matroska"),
        "index.avi": (b"RIFF\xff\xff\xff\xffAVI LIST\xff\xff\xff\x7fhdrlavih\x38\0\0\0" + bytes(56) + b"idx1\xff\xff\xff\x7f", "video/x-msvideo"),
        "noise.ts": ((b"\x47" + bytes(range(187))) * 3_000, "video/mp2t"),
        "cut.flv": (b"FLV\x01\x05\0\0\0\x09\0\0\0\0\x09\xff\xff\xff" + bytes(20), "video/x-flv"),
        "noise.wmv": (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + b"\xff" * 500, "video/x-ms-wmv"),
        "giant.wav": (b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\xff\xff\xff\xff\xff\x7f\xff\xff\xff\x7f\xff\xff\x20\0data\xff\xff\xff\xff", "audio/wav"),
        "tagged.mp3": (b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(5_000), "audio/mpeg"),
        "cut.flac": (b"fLaC\0\0\0\x22" + b"\xff" * 20, "audio/flac"),
        "loop.ogg": (b"OggS\0\x02" + bytes(20) + b"\xff" + b"\xff" * 255 + b"OggS" * 500, "audio/ogg"),
    }  # fmt: skip


def tar_with(*members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for member, body in members:
            tar.addfile(member, io.BytesIO(body))
    return buffer.getvalue()


def member(name, **changes):
    made = tarfile.TarInfo(name)
    for attribute, value in changes.items():
        setattr(made, attribute, value)
    return made


def archives():
    plain = zip_of({"a.txt": b"a" * 1_000, "b.txt": b"b" * 1_000})
    overlapping = plain.replace(struct.pack("<I", plain.rfind(b"PK\x03\x04")), struct.pack("<I", 0))
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        made.writestr("zeros", bytes(100 << 20))
    many = plain[:-22] + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFE, 0xFFFE, 100, len(plain) - 122, 0)
    sparse = bytearray(tar_with((member("big", size=0), b"")))
    sparse[124:136] = b"77777777777\0"
    rar = (ASSETS / "archives" / "rar5-subdirs.rar").read_bytes()
    return {
        "overlapping.zip": (overlapping, "application/zip"),
        "bomb.zip": (bomb.getvalue(), "application/zip"),
        "up.zip": (zip_of({"../../../etc/passwd": b"x", "/absolute": b"x", "C:\\windows": b"x"}), "application/zip"),
        "many.zip": (many, "application/zip"),
        "cut.zip": (plain[: len(plain) // 2], "application/zip"),
        "end-only.zip": (b"PK\5\6" + b"\xff" * 18, "application/zip"),
        "two-ends.zip": (plain + b"PK\5\6" + bytes(18) + plain[-22:], "application/zip"),
        "self.zip": (zip_of({"self.zip": plain, "deep/" * 300 + "x": b"x"}), "application/zip"),
        "up.tar": (tar_with((member("../../x", size=1), b"x"), (member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"), b"")), "application/x-tar"),
        "giant.tar": (bytes(sparse), "application/x-tar"),
        "bomb.tar.gz": (gzip.compress(bytes(150 << 20), 9), "application/gzip"),
        "bomb.tar.bz2": (bz2.compress(bytes(100 << 20), 9), "application/x-bzip2"),
        "bomb.tar.xz": (lzma.compress(bytes(100 << 20), preset=1), "application/x-xz"),
        "window.tar.zst": (b"\x28\xb5\x2f\xfd\x00\xff" + b"\xff" * 40, "application/zstd"),
        "noise.7z": (b"7z\xbc\xaf\x27\x1c\0\4" + b"\xff" * 24 + bytes(100), "application/x-7z-compressed"),
        "evil-link.rar": ((ASSETS / "archives" / "rar5-evil-symlink-traversal.rar").read_bytes(), "application/vnd.rar"),
        "cut.rar": (rar[: len(rar) // 2], "application/vnd.rar"),
    }  # fmt: skip


def documents(url):
    pdf = pdf_of(2)
    kids = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[2 0 R]/Count 1>>endobj\ntrailer<</Root 1 0 R>>"
    launch = b"/OpenAction<</S/URI/URI(" + url.encode() + b")>>"
    return {
        "loop.pdf": (kids, "application/pdf"),
        "cut.pdf": (pdf[: len(pdf) // 2], "application/pdf"),
        "huge-page.pdf": (pdf.replace(b"/MediaBox", b"/MediaBox[0 0 9999999 9999999]/Old"), "application/pdf"),
        "action.pdf": (pdf.replace(b"/Type /Catalog", b"/Type /Catalog " + launch).replace(b"/Type/Catalog", b"/Type/Catalog" + launch), "application/pdf"),
        "many.pdf": (b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 2147483647>>endobj\ntrailer<</Root 1 0 R>>", "application/pdf"),
        "polyglot.pdf": (pdf + zip_of({"a.txt": b"a"}), "application/pdf"),
        "entities.xml": (b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 1_000 + b'">]><x>' + b"&a;" * 10_000 + b"</x>", "text/xml"),
        "deep.json": (b"[" * 100_000 + b"]" * 100_000, "application/json"),
        "wide.csv": (b"a," * 3_000_000, "text/csv"),
        "page.html": (b"<script>alert(document.cookie)</script>", "text/html"),
    }  # fmt: skip


def files(url):
    """{name: (bytes, claimed type)}."""
    return pictures() | films(url) | archives() | documents(url)
