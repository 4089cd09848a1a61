"""Who may book, and by which address they are known again."""

from __future__ import annotations

from typing import Any

import pytest
from email_validator import EmailNotValidError
from hypothesis import given
from hypothesis import strategies as st

from bookonce.booking.client import (
    Client,
    Guest,
    client_errors,
    guest_of,
    normal_email,
    normal_notes,
    notes_errors,
)
from tests.availability.properties import examples


def wrong(**particulars: Any) -> list[str]:
    """The places at which a visitor's particulars are wrong."""
    client = Client(**{"name": "Zoe", "email": "zoe@example.com", **particulars})
    return [error.field for error in client_errors(client)]


@pytest.mark.parametrize(
    "name",
    ["Zoe", "Z", "  Zoe  ", "Zoë 👩🏽‍🦱", "Zoe\u0308", "\u202eeoZ\u202c", "نور", "龍", "O'Hara-Smith Jr.",
     "x" * 200, "  " + "x" * 200 + "  ", "<b>Zoe</b>", "Robert'); DROP TABLE client;--"],
)  # fmt: skip
def test_any_name_is_accepted(name: str) -> None:
    assert wrong(name=name) == []


@pytest.mark.parametrize(
    "name",
    ["", "   ", "\t\n", "\u3000", "\u200b\u200d\u2060\ufeff", "\u202e\u202c", "\u3164", "\u2800",
     "\u0301", "\ufe0f", "\u2028", "x" * 201, "👩" * 201, "Zoe\0", "Zoe\x1b[31m", "Zoe\nSmith",
     "Zoe\tSmith", "Zoe\r\nBcc: all@example.com", "Zoe\ud800", "x" * 1_000_000],
)  # fmt: skip
def test_an_empty_overlong_or_broken_name_is_refused(name: str) -> None:
    assert wrong(name=name) == ["client.name"]


def test_everything_that_is_wrong_is_told_at_once_and_in_its_place() -> None:
    client = Client(name=" ", email="zoe", phone="call me")
    errors = list(client_errors(client, "guest"))
    assert [error.field for error in errors] == ["guest.name", "guest.email", "guest.phone"]
    assert all(error.message for error in errors)


@pytest.mark.parametrize(
    "email, normal",
    [
        ("zoe@example.com", "zoe@example.com"),
        ("Zoe@Example.COM", "zoe@example.com"),
        (" zoe@example.com\n", "zoe@example.com"),
        ("zoe+tag@example.com", "zoe+tag@example.com"),
        ("o'hara@example.com", "o'hara@example.com"),
        ("zoe@sub.example.co.uk", "zoe@sub.example.co.uk"),
        ("ZOË@example.com", "zoë@example.com"),
        ("zoe\u0308@example.com", "zoë@example.com"),
        ("zoe@bücher.example.com", "zoe@bücher.example.com"),
        ("zoe@xn--bcher-kva.example.com", "zoe@bücher.example.com"),
        ("zoe@ＥＸＡＭＰＬＥ.com", "zoe@example.com"),
        ("zoe@example。com", "zoe@example.com"),
        ("zoe＠example.com", "zoe@example.com"),
        ("\u202azoe@example.com\u202c", "zoe@example.com"),
        ("\ufeffzoe@\u200bexample.com\u00a0", "zoe@example.com"),
        ("zoe@straße.example", "zoe@straße.example"),
    ],
)
def test_an_address_is_known_again_however_it_is_written(email: str, normal: str) -> None:
    assert normal_email(email) == normal
    assert wrong(email=email) == []


@pytest.mark.parametrize(
    "email",
    ["", " ", "zoe", "@example.com", "zoe@", "zoe@localhost", "zoe@salon", "zoe@@example.com", "zoe@.com",
     "zoe@example..com", "zoe@example.com.", "zoe.@example.com", ".zoe@example.com",
     "z oe@example.com", "zoe@exa mple.com", "zoe@example.com\0", "zo\0e@example.com",
     "zoe@example.com\nBcc: all@example.com", "zoe@[127.0.0.1]", "zoe@exam\rple.com",
     "Zoe <zoe@example.com>", "zoe@example.com, bob@example.com", "zoe\ud800@example.com",
     "zoe\u202e@example.com", '"zoe"@example.com', "zoe@-example.com",
     "z" * 300 + "@example.com", "zoe@" + "x" * 64 + ".com", "zoe@" + "x." * 150 + "com",
     "x" * 1_000_000, "zoe@" + "x" * 1_000_000],
)  # fmt: skip
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(EmailNotValidError):
        normal_email(email)
    assert wrong(email=email) == ["client.email"]


ADDRESS_PART = st.text(
    st.one_of(
        st.characters(categories=["Lu", "Ll", "Lo", "Mn", "Nd"]), st.sampled_from("İΣςſẞKÅ.+_-")
    ),
    min_size=1,
    max_size=12,
)


@examples(300)
@given(ADDRESS_PART, st.sampled_from(["example.com", "BÜCHER.example.com", "ΣΑΣ.example.org"]))
def test_a_normal_address_is_its_own_normal_form(local: str, domain: str) -> None:
    try:
        normal = normal_email(f"{local}@{domain}")
    except EmailNotValidError:
        return
    assert normal_email(normal) == normal


@pytest.mark.parametrize(
    "phone",
    [None, "", "   ", "+49 30 1234567", "030/1234567", "(030) 12-34-56", "030.123.456", "110",
     " +1 (555) 010-9999 ", "+49 30 1234567 ext. 5", "١٢٣٤٥", "１２３４５",
     "\u202a+49\u00a030\u20111234567\u202c", "\u200b"],
)  # fmt: skip
def test_a_phone_number_may_be_left_out_or_written_in_any_common_form(phone: str | None) -> None:
    assert wrong(phone=phone) == []


@pytest.mark.parametrize(
    "phone",
    ["12", "0" * 41, "call me", "++49 30 1234567", "49+301234567", "+49\n301234567",
     "+49\t301234567", "030\0123", "tel:+49301234567", "1;2;3", "<script>", "+", "1" * 60_000,
     "+49 30 1234567 ext.", "x5", "030 1234567 ext. 12345678"],
)  # fmt: skip
def test_what_is_no_phone_number_is_refused(phone: str) -> None:
    assert wrong(phone=phone) == ["client.phone"]


@pytest.mark.parametrize("phone", ["---", "(((", " . / . ", "+---", "1--", "+(1) 2"])
def test_a_phone_number_has_at_least_three_digits(phone: str) -> None:
    assert wrong(phone=phone) == ["client.phone"]


def test_particulars_are_kept_as_people_see_them() -> None:
    typed = Client(
        "\u2068\u00a0Zoe\u2028\u2003 van\u202e Dam\u200b",
        "\u202aZoe@Example.com",
        "\u202a030\u00a01234567\u202c",
    )
    assert list(client_errors(typed, country="DE")) == []
    assert guest_of(typed, "DE") == Guest("Zoe van Dam", "zoe@example.com", "+49301234567")


@pytest.mark.parametrize(
    "name",
    ["Zoë 👩🏽‍🦱", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "Zoe\u0308", "☺\ufe0f",
     "علی\u200cرضا", "क\u094d\u200dष", "นาง\u200bสาว", "李小龍", "\ue000", "Zoe x"],
)  # fmt: skip
def test_what_shapes_the_letters_of_a_name_is_kept(name: str) -> None:
    assert guest_of(Client(name, "zoe@example.com"), None).name == name


@pytest.mark.parametrize(
    "notes, kept",
    [
        (None, None),
        (" \u200b\n\u2028\u3164", None),
        ("a\r\nb\rc\u2028d\u2029e", "a\nb\nc\nd\ne"),
        ("\u202eabc\u202c", "abc"),
        ("two\nlines\tand a tab 👍", "two\nlines\tand a tab 👍"),
    ],
)
def test_a_note_is_kept_as_people_see_it(notes: str | None, kept: str | None) -> None:
    assert normal_notes(notes) == kept


def note_problems(notes: str | None) -> list[str]:
    return [f"{error.field}: {error.message}" for error in notes_errors(notes)]


@pytest.mark.parametrize("notes", [None, "", "two\nlines\tand a tab 👍", "\u202eabc", "x" * 2_000])
def test_a_note_may_have_lines_and_any_script(notes: str | None) -> None:
    assert note_problems(notes) == []


def test_a_note_too_long_or_with_control_characters_is_refused() -> None:
    assert note_problems("x" * 2_001) == ["notes: at most 2000 characters"]
    assert note_problems("a\0b") == ["notes: contains the control character U+0000"]
    assert note_problems("a\udc00b") == ["notes: contains half of a surrogate pair"]
