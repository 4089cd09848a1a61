"""Amounts in Stripe's units, and what cards can be charged."""

from __future__ import annotations

import pytest

from bookonce.business.deposits import charge_step_minor
from bookonce.payments.providers.stripe_amounts import from_stripe, to_stripe


@pytest.mark.parametrize(
    "currency, amount_minor, sent",
    [
        ("EUR", 4800, 4800),
        ("JPY", 4800, 4800),
        ("KWD", 5120, 5120),
        ("ISK", 5, 500),
        ("UGX", 5, 500),
        ("RSD", 120, 12000),
        ("HUF", 480000, 480000),
    ],
)
def test_there_and_back(currency: str, amount_minor: int, sent: int) -> None:
    assert to_stripe(amount_minor, currency) == sent
    assert from_stripe(sent, currency) == amount_minor


def test_a_fee_in_fractions_is_told_to_the_nearest() -> None:
    assert [from_stripe(fee, "ISK") for fee in (0, 49, 50, 149, 150)] == [0, 0, 1, 1, 2]


@pytest.mark.parametrize("currency, step", [("EUR", 1), ("JPY", 1), ("ISK", 1), ("KWD", 10)])
def test_every_multiple_of_the_step_can_be_charged_and_nothing_between(
    currency: str, step: int
) -> None:
    assert charge_step_minor(currency) == step
    to_stripe(512 * step, currency)
    for between in range(1, step):
        with pytest.raises(ValueError, match=currency):
            to_stripe(512 * step + between, currency)
