"""Amounts: exact, in the currency's own minor units, refused rather than rounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookonce.platform.money import is_currency, major, minor_units
from tests.availability.properties import examples

DIGITS = {"EUR": 2, "USD": 2, "CHF": 2, "JPY": 0, "KRW": 0, "KWD": 3, "BHD": 3, "CLF": 4}


@pytest.mark.parametrize(
    "amount, currency, minor",
    [
        ("48.00", "EUR", 4800),
        ("48", "EUR", 4800),
        ("48.5", "EUR", 4850),
        ("0", "EUR", 0),
        ("0.01", "EUR", 1),
        ("007.70", "EUR", 770),
        ("48.000", "EUR", 4800),
        ("4800.0", "JPY", 4800),
        ("1." + "0" * 3_000, "EUR", 100),
        ("4800", "JPY", 4800),
        ("1.234", "KWD", 1234),
        ("0.001", "KWD", 1),
        ("0.0001", "CLF", 1),
        ("999999999999.99", "EUR", 99_999_999_999_999),
        ("999999999999.9999", "CLF", 9_999_999_999_999_999),
    ],
)
def test_an_amount_is_read_as_minor_units(amount: str, currency: str, minor: int) -> None:
    assert minor_units(amount, currency) == minor


@pytest.mark.parametrize(
    "minor, currency, text",
    [
        (4800, "EUR", "48.00"),
        (5, "EUR", "0.05"),
        (0, "EUR", "0.00"),
        (-5, "EUR", "-0.05"),
        (4800, "JPY", "4800"),
        (0, "JPY", "0"),
        (1234, "KWD", "1.234"),
        (10, "KWD", "0.010"),
        (9_999_999_999_999_999, "CLF", "999999999999.9999"),
        (100_000_000_000_000, "EUR", "1000000000000.00"),
    ],
)
def test_minor_units_are_written_with_all_of_the_currency_s_digits(
    minor: int, currency: str, text: str
) -> None:
    assert major(minor, currency) == text


@examples(300)
@given(st.sampled_from(sorted(DIGITS)), st.integers(0, 10**12 - 1), st.data())
def test_every_amount_is_written_and_read_back_exactly(
    currency: str, whole: int, data: st.DataObject
) -> None:
    digits = DIGITS[currency]
    minor = whole * 10**digits + data.draw(st.integers(0, 10**digits - 1))
    text = major(minor, currency)
    assert len(text.partition(".")[2]) == digits
    assert minor_units(text, currency) == minor
    assert type(minor_units(text, currency)) is int


def test_amounts_that_floats_cannot_hold_are_exact() -> None:
    assert minor_units("0.29", "EUR") == 29
    assert minor_units("1.15", "EUR") == 115
    assert minor_units("90071992547.41", "EUR") == 9_007_199_254_741
    assert minor_units("900719925474.0993", "CLF") == 9_007_199_254_740_993


@pytest.mark.parametrize(
    "amount, currency, digits",
    [
        ("48.001", "EUR", 2),
        ("48.005", "EUR", 2),
        ("0.001", "EUR", 2),
        ("48.5", "JPY", 0),
        ("1.2345", "KWD", 3),
        ("0." + "0" * 40 + "1", "EUR", 2),
        ("1." + "0" * 30 + "1", "EUR", 2),
    ],
)
def test_more_digits_than_the_currency_has_are_refused_not_rounded(
    amount: str, currency: str, digits: int
) -> None:
    with pytest.raises(ValueError, match=f"{currency} has {digits} decimal digits"):
        minor_units(amount, currency)


@pytest.mark.parametrize(
    "amount",
    ["", " ", "-1.00", "+1.00", "48,00", "1.000,00", "1,000.00", "1e3", "0x10", "NaN", "Infinity",
     "-0", "48.", ".50", "48.0.0", " 48.00", "48.00 ", "48.00\n", "€48", "48 EUR", "1_000",
     "1000000000000", "9" * 5_000, "free"],
)  # fmt: skip
def test_what_is_no_plain_amount_is_refused_with_an_example(amount: str) -> None:
    with pytest.raises(ValueError, match=r'expected an amount such as "48\.00"'):
        minor_units(amount, "EUR")


def test_the_example_of_an_amount_has_the_currency_s_digits() -> None:
    with pytest.raises(ValueError, match='such as "4800"'):
        minor_units("free", "JPY")
    with pytest.raises(ValueError, match=r'such as "4\.800"'):
        minor_units("free", "KWD")


def test_digits_of_another_script_are_no_amount() -> None:
    with pytest.raises(ValueError, match="expected an amount"):
        minor_units("٤٨.٠٠", "EUR")


@pytest.mark.parametrize("code", sorted(DIGITS))
def test_a_currency_is_known_by_its_code(code: str) -> None:
    assert is_currency(code)


@pytest.mark.parametrize(
    "code", ["", "eur", "Eur", "EURO", "EU", "€", " EUR", "EUR\n", "ZZZ", "978"]
)
def test_what_is_no_currency_is_not_known(code: str) -> None:
    assert not is_currency(code)
