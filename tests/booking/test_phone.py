"""Telephone numbers: pasted and typed in any way, kept in one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookonce.booking.phone import normal_phone, phone_digits
from tests.availability.properties import examples

BERLIN = "+49301234567"


@pytest.mark.parametrize(
    "phone",
    [
        "+49 30 1234567",
        "0049 30 1234567",
        "030 1234567",
        "(030) 123-45-67",
        "030/1234567",
        "+49 (0)30 1234567",
        "\u202a+49 30 1234567\u202c",
        "\u2068\u200e+49\u00a030\u202f1234567\u2069",
        "+49\u201130\u20111234567",
        "+49\u2010(30)\u20131234\u2014567",
        "030\u22121234567",
        "\ufeff030\u200b1234567\u00ad",
        "+49\u300030\u20091234567",
        "\uff0b\uff14\uff19\uff13\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17",
        "\u0660\u0663\u0660 \u0661\u0662\u0663\u0664\u0665\u0666\u0667",
        "\u06f0\u06f3\u06f0-\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7",
        "\u0966\u0969\u0966 \u0967\u0968\u0969\u096a\u096b\u096c\u096d",
        "\n030 1234567\t",
    ],
)
def test_a_number_is_the_same_however_it_was_written_or_pasted(phone: str) -> None:
    assert normal_phone(phone, "DE") == BERLIN


@pytest.mark.parametrize("country", ["DE", "US", "JP", "BR", None])
@pytest.mark.parametrize("phone", ["+49 30 1234567", "0049 30 1234567"])
def test_a_number_that_says_its_country_needs_none(phone: str, country: str | None) -> None:
    assert normal_phone(phone, country) == BERLIN


@pytest.mark.parametrize(
    "phone, country, kept",
    [
        ("020 7946 0958", "GB", "+442079460958"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("1 415 555 2671", "US", "+14155552671"),
        ("011 49 30 1234567", "US", BERLIN),
        ("06 698 12345", "IT", "+390669812345"),
        ("612 345 678", "ES", "+34612345678"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("050 123 4567", "AE", "+971501234567"),
    ],
)
def test_a_number_is_dialled_in_the_country_of_the_business(
    phone: str, country: str, kept: str
) -> None:
    assert normal_phone(phone, country) == kept


@pytest.mark.parametrize(
    "phone, country, kept",
    [
        ("110", "DE", "110"),
        ("112", "FR", "112"),
        ("123 45 67", "DE", "1234567"),
        ("555-0123", "US", "5550123"),
        ("030 1234567", None, "0301234567"),
        ("030 1234567", "ZZ", "0301234567"),
    ],
)
def test_what_can_be_dialled_only_there_is_kept_as_its_digits(
    phone: str, country: str | None, kept: str
) -> None:
    assert normal_phone(phone, country) == kept


@pytest.mark.parametrize(
    "phone",
    ["+49 30 1234567 ext. 5", "030 1234567 x5", "030/1234567 #5", "+49301234567;ext=5",
     "+49 30 1234567, Ext 5"],
)  # fmt: skip
def test_an_extension_is_kept_and_tells_nobody_apart(phone: str) -> None:
    kept = normal_phone(phone, "DE")
    assert kept == f"{BERLIN};ext=5"
    assert phone_digits(kept) == phone_digits(BERLIN) == "49301234567"


@pytest.mark.parametrize("phone", ["", "  ", "\u200b", "\u202a\u202c"])
def test_nothing_is_no_number(phone: str) -> None:
    assert normal_phone(phone, "DE") == ""


@pytest.mark.parametrize(
    "phone, country",
    [
        ("+999 1234567", None),
        ("+0 30 1234567", None),
        ("+49 30 1234567 1234567", "DE"),
        ("+1 415 555 26711", "DE"),
        ("415 555 26", "US"),
        ("0" * 40, None),
        ("0" * 40, "DE"),
    ],
)
def test_what_no_number_can_be_is_refused_for_that(phone: str, country: str | None) -> None:
    with pytest.raises(ValueError, match="no number has these digits"):
        normal_phone(phone, country)


@examples(300)
@given(
    st.text(st.sampled_from("0123456789 +-/()\u00a0\u2011\u202a\u0660\uff11x;=#."), max_size=24),
    st.sampled_from(["DE", "US", "GB", "JP", "IT", "BR", None]),
)
def test_what_is_kept_is_its_own_form(phone: str, country: str | None) -> None:
    try:
        kept = normal_phone(phone, country)
    except ValueError:
        return
    assert kept.isascii()
    assert normal_phone(kept, country) == kept
