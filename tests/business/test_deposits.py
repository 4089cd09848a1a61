"""Deposits and what comes back of them: to the smallest unit, in currencies with none, two and
three decimal digits.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookonce.business.deposits import (
    RefundTier,
    charge_step_minor,
    deposit_minor,
    deposit_problem,
    kept_minor,
    normal_deposit,
    refund_percent,
)

START = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
STEPS = {"EUR": 1, "JPY": 1, "KWD": 10}
currencies = st.sampled_from(sorted(STEPS))


@pytest.mark.parametrize(
    "rule, price_minor, currency, expected",
    [
        ("20.00", 4800, "EUR", 2000),
        ("20.00", None, "EUR", 2000),
        ("full", 4800, "EUR", 4800),
        ("30%", 4800, "EUR", 1440),
        ("12.5%", 4804, "EUR", 601),  # 600.5: a half goes up
        ("12.5%", 4803, "EUR", 600),  # 600.375
        ("33.33%", 1000, "EUR", 333),
        ("50%", 1, "EUR", 1),
        ("0.01%", 100, "EUR", 0),  # too little to charge: no deposit
        ("2000", 5000, "JPY", 2000),
        ("50%", 4801, "JPY", 2401),
        ("50%", 4810, "KWD", 2410),  # 2.405 dinar, in steps of 0.010
        ("full", 4805, "KWD", 4800),  # never more than the price
        ("1.500", 4805, "KWD", 1500),
    ],
)
def test_how_much_it_is(rule: str, price_minor: int | None, currency: str, expected: int) -> None:
    assert deposit_problem(rule, price_minor, currency) is None
    assert deposit_minor(rule, price_minor, currency) == expected


@pytest.mark.parametrize(
    "rule, price_minor, currency, words",
    [
        ("", 100, "EUR", "expected an amount"),
        ("half", 100, "EUR", "expected an amount"),
        ("-5.00", 1000, "EUR", "expected an amount"),
        ("0%", 1000, "EUR", "more than 0%"),
        ("100.01%", 1000, "EUR", "at most 100%"),
        ("30%", None, "EUR", "needs a price"),
        ("full", None, "EUR", "needs a price"),
        ("full", 0, "EUR", "needs a price"),
        ("0.00", 1000, "EUR", "can't be charged"),
        ("10.01", 1000, "EUR", "more than the price, 10.00"),
        ("5.5", 1000, "JPY", "expected an amount"),
        ("1.505", 9000, "KWD", "multiple of 0.010"),
    ],
)
def test_what_is_wrong_is_named(rule: str, price_minor: int, currency: str, words: str) -> None:
    assert words in (deposit_problem(rule, price_minor, currency) or "")


@pytest.mark.parametrize(
    "rule, expected", [("20", "20.00"), ("30 %", "30%"), ("12.50%", "12.50%"), ("full", "full")]
)
def test_one_spelling(rule: str, expected: str) -> None:
    assert normal_deposit(rule, "EUR") == expected
    assert normal_deposit(expected, "EUR") == expected


@given(
    price_minor=st.integers(1, 10**9),
    hundredths=st.integers(1, 10_000),
    currency=currencies,
)
def test_a_share_is_within_half_a_step_and_never_more_than_the_price(
    price_minor: int, hundredths: int, currency: str
) -> None:
    rule = f"{hundredths // 100}.{hundredths % 100:02}%"
    found, step = deposit_minor(rule, price_minor, currency), STEPS[currency]
    assert found % step == 0
    assert found <= price_minor
    exact = Fraction(price_minor * hundredths, 10_000)
    assert abs(found - exact) <= Fraction(step, 2) or found == price_minor - price_minor % step


@given(paid=st.integers(0, 10**8), percent=st.integers(0, 100), currency=currencies)
def test_what_is_kept_and_what_comes_back_add_up(paid: int, percent: int, currency: str) -> None:
    step = STEPS[currency]
    paid_minor = paid * step
    kept = kept_minor(paid_minor, percent, currency)
    assert 0 <= kept <= paid_minor
    assert (paid_minor - kept) % step == 0
    assert abs((paid_minor - kept) - Fraction(paid_minor * percent, 100)) <= Fraction(step, 2)
    assert kept_minor(paid_minor, 100, currency) == 0
    assert kept_minor(paid_minor, 0, currency) == paid_minor


TIERS = (RefundTier(2880, 100), RefundTier(1440, 50), RefundTier(60, 10))


@pytest.mark.parametrize(
    "minutes_before, percent",
    [(9999, 100), (2880, 100), (2879, 50), (1440, 50), (1439, 10), (60, 10), (59, 0), (-5, 0)],
)
def test_the_tiers_end_at_their_minute(minutes_before: int, percent: int) -> None:
    at = START - timedelta(minutes=minutes_before)
    assert refund_percent(TIERS, START, at) == percent
    assert refund_percent(TIERS, START, at + timedelta(microseconds=1)) <= percent


def test_without_tiers_everything_and_with_none_nothing_comes_back() -> None:
    assert refund_percent(None, START, START) == 100
    assert refund_percent((), START, START - timedelta(days=30)) == 0


def test_steps_are_those_of_the_card_networks() -> None:
    assert {currency: charge_step_minor(currency) for currency in STEPS} == STEPS
