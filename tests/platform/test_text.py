"""Text is kept in every script; only what a database or a page can't hold is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookonce.platform.text import text_problem
from tests.availability.properties import examples


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Zoë",
        "Zoe\u0308",  # a combining character
        "z̷̛͎a̵͝l̶̈́g̴̓o̶̕",
        "👩🏽‍🦱💇‍♀️🏳️‍🌈🇩🇪",
        "\u202emorf\u202c \u200f\u200e\u2066x\u2069",  # marks and overrides of direction
        "نور وسارة",
        "म\u200dक् ม 김 \u3000 龍",
        "𝒵𝑜𝑒 \U0001f9d1",
        "\ufeff\u00ad\u200b\u2028\u2029",
        "\ufffd\ufffe\U0010ffff\ue000",
        "<script>'\"&; DROP TABLE--\\",
    ],
)
def test_any_script_mark_and_emoji_is_accepted(text: str) -> None:
    assert text_problem(text) is None
    assert text_problem(text, lines=False) is None


@pytest.mark.parametrize(
    "code", [0x00, 0x01, 0x07, 0x08, 0x0B, 0x0C, 0x1B, 0x1F, 0x7F, 0x80, 0x85, 0x9F]
)
@pytest.mark.parametrize("lines", [True, False])
def test_a_control_character_is_refused_by_name_wherever_it_stands(code: int, lines: bool) -> None:
    for text in (chr(code), f"Zoe{chr(code)}", f"{chr(code)}Zoe", f"Z{chr(code)}oe"):
        problem = text_problem(text, lines=lines)
        assert problem == f"contains the control character U+{code:04X}"


@pytest.mark.parametrize("code", [0xD800, 0xDBFF, 0xDC00, 0xDFFF])
def test_half_of_a_surrogate_pair_is_refused(code: int) -> None:
    assert text_problem(f"Zoe{chr(code)}") == "contains half of a surrogate pair"


@pytest.mark.parametrize("text", ["two\nlines", "two\r\nlines", "a\ttab"])
def test_line_breaks_and_tabs_are_kept_only_where_lines_are(text: str) -> None:
    assert text_problem(text) is None
    assert "control character" in (text_problem(text, lines=False) or "")


@examples(300)
@given(st.text(st.characters(), max_size=12))
def test_what_is_accepted_can_be_stored_as_utf_8_without_a_nul(text: str) -> None:
    if text_problem(text) is None:
        assert text.encode("utf-8").decode("utf-8") == text
        assert "\0" not in text
