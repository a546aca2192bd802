"""Text of any size and encoding, page by page: every character once, lines whole where they can be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.media.texts.decoding import Encoding, NotText, UnknownEncoding, align, detect, named, page

RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю.\n" * 30
JAPANESE = "いろはにほへと ちりぬるを わかよたれそ つねならむ。\n" * 30


def all_text(body, encoding, limit):
    """What a reader of all pages gets."""
    at, found = encoding.bom_bytes, []
    for _ in range(len(body) + 2):
        part = body[at : at + limit]
        text, used = page(part, encoding, is_end=at + len(part) >= len(body))
        found.append(text)
        at += used
        if at >= len(body):
            return "".join(found)
        assert used
    raise AssertionError


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(alphabet=st.sampled_from("aé漢😀\n\r ,"), max_size=200),
    limit=st.integers(16, 64),
    name=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]),
)
def test_every_character_is_read_once_however_it_is_cut(text, limit, name):
    assert all_text(text.encode(name), Encoding(name, is_guess=False), limit & ~1) == text


@pytest.mark.parametrize(
    ("text", "encoding", "found", "is_guess"),
    [
        ("plain\n", "ascii", "utf-8", False),
        (RUSSIAN, "utf-8", "utf-8", False),
        (RUSSIAN, "utf-8-sig", "utf-8", False),
        (RUSSIAN, "utf-16", "utf-16-le", False),
        (RUSSIAN, "cp1251", "cp1251", True),
        (JAPANESE, "shift_jis", "cp932", True),
        ("", "utf-8", "utf-8", False),
    ],
)
def test_encodings_are_told_apart(text, encoding, found, is_guess):
    body = text.encode(encoding)
    known = detect(body, is_whole=True)
    assert (known.name, known.is_guess) == (found, is_guess)
    assert all_text(body, known, 100) == text


def test_a_head_that_ends_in_the_middle_of_a_character_is_utf_8_still():
    assert detect(("x" + "é" * 10).encode()[:-1], is_whole=False).name == "utf-8"


def test_bytes_are_no_text():
    with pytest.raises(NotText):
        detect(b"\x7fELF\0\0\0\1", is_whole=True)


@pytest.mark.parametrize("name", ["no-such", "hex", "rot13", "idna", "unicode_escape", "undefined", "zlib", "\0"])
def test_what_is_no_text_encoding_is_refused(name):
    with pytest.raises(UnknownEncoding):
        named(name)


def test_a_page_ends_with_a_line_and_a_jump_lands_on_a_character():
    assert page(b"one\ntwo\nthr", Encoding("utf-8", is_guess=False), is_end=False) == ("one\ntwo\n", 8)
    assert page(b"no line break", Encoding("utf-8", is_guess=False), is_end=False) == ("no line break", 13)
    assert align("é".encode()[1:] + b"x", Encoding("utf-8", is_guess=False)) == 1
