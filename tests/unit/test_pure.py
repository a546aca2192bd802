"""Pure pieces: names, tickets, tokens, plans, playlists, boxes, signatures, redaction."""

import asyncio
import time
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.accounts import tokens
from service.accounts.errors import TokenRefused
from service.app.middleware import Envelope
from service.core.ids import new_id
from service.core.logs import redact
from service.core.names import BadName, clean_name, numbered, safe_name
from service.core.pagination import BadCursor, decode_cursor, encode_cursor
from service.core.settings import AuthSettings, ServerSettings, SettingsError, load
from service.core.tickets import TicketRefused, seal, unseal
from service.files.content import parse_range
from service.files.errors import BadRange
from service.projects.service import slug_of
from service.storage.checksums import crc64nvme, multipart_etag
from service.storage.delivery import content_disposition, is_inline_safe
from service.uploads.append import body as bodies
from service.uploads.append.appender import may_be_short_part, part_size
from service.uploads.append.body import Body, Reason, Source, Stop
from service.uploads.errors import BadHeader
from service.uploads.finish import tiles
from service.uploads.models import Upload, UploadPart
from service.uploads.tus.headers import parse_metadata


@given(st.text(max_size=400))
def test_safe_names_are_clean(text):
    name = safe_name(text)
    assert clean_name(name) == name or name.strip() != name
    assert 0 < len(name.encode("utf-8", "surrogatepass")) <= 255


@pytest.mark.parametrize("bad", ["", " ", ".", "..", "a/b", "a\\b", "a\x00b", "a\u202eb", "x" * 256])
def test_bad_names(bad):
    with pytest.raises(BadName):
        clean_name(bad)


def test_numbered_names():
    assert numbered("a.tar", 1) == "a (1).tar"
    assert numbered("a (1).txt", 2) == "a (2).txt"
    assert numbered("noext", 3) == "noext (3)"
    assert len(numbered("x" * 255, 1).encode()) <= 255


@given(st.text(max_size=300))
def test_metadata_is_parsed_or_refused_but_never_breaks(raw):
    try:
        assert isinstance(parse_metadata(raw), dict)
    except BadHeader:
        return


def test_ids_sort_by_time_and_are_version_7():
    ids = []
    for _ in range(20):
        ids.append(new_id())
        time.sleep(0.001)
    assert ids == sorted(ids)
    assert {identifier.version for identifier in ids} == {7}


class Payload(msgspec.Struct):
    name: str


def test_tickets_are_bound_to_secret_purpose_and_time():
    ticket = seal("s" * 32, "hls", Payload("x"), int(time.time()) + 5)
    assert unseal("s" * 32, "hls", ticket, Payload).name == "x"
    for secret, purpose, text in (
        ("t" * 32, "hls", ticket),
        ("s" * 32, "content", ticket),
        ("s" * 32, "hls", ticket[:-2] + "AA"),
        ("s" * 32, "hls", "é"),
    ):
        with pytest.raises(TicketRefused):
            unseal(secret, purpose, text, Payload)
    with pytest.raises(TicketRefused):
        unseal("s" * 32, "hls", seal("s" * 32, "hls", Payload("x"), int(time.time()) - 1), Payload)


def test_access_tokens_of_other_kinds_are_refused():
    import jwt

    settings = AuthSettings(secret_key="k" * 40)
    good = tokens.issue_access(settings, new_id(), new_id(), 1)
    assert not tokens.read_access(settings, good).is_expired
    claims = jwt.decode(good, options={"verify_signature": False})
    for change, header in (
        ({}, {"typ": "JWT"}),
        ({"aud": "other"}, {"typ": "at+jwt"}),
        ({"exp": claims["exp"] + 10_000}, {"typ": "at+jwt"}),
        ({"iss": "x"}, {"typ": "at+jwt"}),
    ):
        with pytest.raises(TokenRefused):
            tokens.read_access(settings, jwt.encode({**claims, **change}, settings.secret_key, algorithm="HS256", headers=header))
    unsigned = jwt.encode(claims, None, algorithm="none", headers={"typ": "at+jwt"})
    with pytest.raises(TokenRefused):
        tokens.read_access(settings, unsigned)


def test_settings_refuse_weak_secrets_and_nonsense(tmp_path):
    base = {
        "STOWAGE_DATABASE_URL": "postgresql://x",
        "STOWAGE_S3_ENDPOINT": "http://x",
        "STOWAGE_S3_ACCESS_KEY": "a",
        "STOWAGE_S3_SECRET_KEY": "b" * 20,
    }
    with pytest.raises(SettingsError):
        load({**base, "STOWAGE_SECRET_KEY": "short"})
    good = {**base, "STOWAGE_SECRET_KEY": "k" * 32}
    with pytest.raises(SettingsError):
        load({**good, "STOWAGE_S3_SECRET_KEY": "minioadmin"})
    with pytest.raises(SettingsError):
        load({**good, "STOWAGE_PORT": "eighty"})
    with pytest.raises(SettingsError):
        load({name: value for name, value in good.items() if name != "STOWAGE_DATABASE_URL"})
    (tmp_path / "s").write_text("f" * 33 + "\n")
    assert load({**base, "STOWAGE_SECRET_KEY_FILE": str(tmp_path / "s")}).auth.secret_key == "f" * 33


def test_logs_do_not_tell_secrets():
    jwt_like = "eyJhbGciOi.eyJzdWIi.c2ln"
    text = f'Authorization: Bearer {jwt_like} cookie=abc http://u:pw@h/x?X-Amz-Signature=deadbeef&a=b "set-cookie": "s=1" https://s3/x?y=secret {jwt_like}'
    shown = redact(text)
    for secret in ("c2ln", "abc", "deadbeef", "pw@", "secret", "s=1"):
        assert secret not in shown, shown


def test_ranges():
    assert parse_range("bytes=0-4", 10) == (0, 5)
    assert parse_range("bytes=5-", 10) == (5, 10)
    assert parse_range("bytes=-3", 10) == (7, 10)
    assert parse_range("bytes=0-999", 10) == (0, 10)
    assert parse_range("bytes=1-2,4-5", 10) is None
    assert parse_range("items=1-2", 10) is None
    for bad in ("bytes=10-", "bytes=5-4"):
        with pytest.raises(BadRange):
            parse_range(bad, 10)


@given(st.text(min_size=1, max_size=50, alphabet=st.characters(exclude_categories=("Cs", "Cc"))))
def test_content_disposition_is_one_ascii_header(name):
    value = content_disposition(name, inline=False)
    assert value.isascii()
    assert "\n" not in value
    assert value.count('"') == 2


def test_what_a_browser_would_run_is_never_inline():
    for kind in ("text/html", "image/svg+xml", "application/pdf", "application/xml", "text/xml", None, "application/javascript"):
        assert not is_inline_safe(kind)
    assert is_inline_safe("video/mp4")


def test_cursors_refuse_other_shapes():
    assert decode_cursor(encode_cursor(1, "a"), int, str) == (1, "a")
    for bad in ("", "x", encode_cursor("a"), encode_cursor(1, 2)):
        with pytest.raises(BadCursor):
            decode_cursor(bad, int, str)


def test_part_sizes_keep_any_upload_below_ten_thousand_parts():
    assert part_size(50 << 30, 50 << 30) == 16 << 20
    assert part_size(128 << 30, 1) <= 17 << 20
    assert (5 << 40) / part_size(5 << 40, 1) < 10_000


def test_short_parts_only_while_numbers_last():
    upload = Upload(length_bytes=50 << 30, part_bytes=16 << 20)
    assert may_be_short_part(upload, 5 << 20, 2, 50 << 30)
    assert not may_be_short_part(upload, 5 << 20, 7_000, 50 << 30)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.integers(0, 19), st.integers(-1, 1))
def test_tiling_notices_every_gap_and_overlap(sizes, at, shift):
    parts, position = [], 0
    for number, size in enumerate(sizes):
        parts.append(UploadPart(no=number + 1, start_bytes=position, size_bytes=size, etag=""))
        position += size
    assert tiles(parts, position)
    if shift:
        parts[at % len(parts)].start_bytes += shift
        assert not tiles(parts, position)


def test_multipart_etag_and_crc_are_what_stores_compute():
    assert multipart_etag(["d41d8cd98f00b204e9800998ecf8427e"]) == "59adb24ef3cdbe0297f05b395827453f-1"
    assert crc64nvme(b"123456789") == "rosUhgp5mIg="


def test_slugs_of_one_name_differ_even_where_their_ids_end_alike():
    one, two = UUID("01a209ff-cb3a-7645-95af-4b13bf9c3914"), UUID("01a209ff-0000-7645-95af-4b13be9c3914")
    assert slug_of("Test", one) != slug_of("Test", two)
    assert slug_of("Ünï côde!", one) == "uni-code-4b13bf9c3914"


@pytest.fixture
def short_window(monkeypatch):
    monkeypatch.setattr(bodies, "RATE_WINDOW_S", 0.2)


def trickle(chunk):
    async def receive():
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x" * chunk, "more_body": True}

    return Body(Source(receive), idle_s=5, min_rate=100_000)


async def read(body, times):
    return sum([len(await body.next()) for _ in range(times)])


async def test_a_sender_below_the_minimum_rate_is_stopped(short_window):
    with pytest.raises(Stop) as stopped:
        await read(trickle(100), 40)
    assert stopped.value.reason is Reason.STALLED


async def test_a_sender_above_the_minimum_rate_goes_on(short_window):
    assert await read(trickle(100_000), 40) == 4_000_000


async def test_a_server_that_pauses_does_not_blame_the_sender(short_window):
    async def receive():
        return {"type": "http.request", "body": b"x", "more_body": True}

    body = Body(Source(receive), idle_s=5, min_rate=100_000)
    for _ in range(20):
        assert await body.next() == b"x"
        await asyncio.sleep(0.02)


async def test_a_head_ends_a_stream_that_has_no_end():
    sent = []

    async def endless(_scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.ensure_future(receive())
        while not gone.done():
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            await asyncio.sleep(0)
        assert gone.result() == {"type": "http.disconnect"}

    async def send(message):
        sent.append(message["type"])

    async def receive():
        await asyncio.sleep(60)

    scope = {"type": "http", "method": "HEAD", "path": "/api/v1/zips/x", "headers": [], "client": ("127.0.0.1", 1)}
    async with asyncio.timeout(5):
        await Envelope(endless, ServerSettings())(scope, receive, send)
    assert sent[0] == "http.response.start"
