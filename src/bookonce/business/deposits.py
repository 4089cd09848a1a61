"""Deposits: how much is to be paid before a booking is confirmed, of whom, and what comes back.

Prices include tax, and so does everything here. Amounts are integers in the currency's minor units.
A percentage is rounded half up to the smallest amount that can be charged, once, when the booking is
made or cancelled; what the business keeps and what it gives back always add up to what was paid.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Annotated

import msgspec
from babel.numbers import get_currency_precision
from msgspec import Meta

from bookonce.platform import money

FULL = "full"
HUNDRED = Decimal(100)
DIGITS_CHARGED_MAX = 2
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,2})?) ?%")


class DepositFor(StrEnum):
    """Of whom a deposit is asked, where not of everyone."""

    NEW_CLIENTS = "new_clients"  # who has never been there for a visit
    NO_SHOWS = "no_shows"  # who once did not come


class RefundTier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Until so long before the start, a client who cancels gets so much of the deposit back."""

    until_min: Annotated[int, Meta(ge=0, le=527_040)]
    percent: Annotated[int, Meta(ge=0, le=100)]


class Payments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a business is paid. `hold_min` is how long a time is held for a payment; `attempts_max`
    how often one may be tried. `refunds` absent: everything back for as long as a client may cancel.
    `account` is the business's own at the provider, where an installation serves several.
    """

    provider: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*\Z", max_length=63)] = "stripe"
    hold_min: Annotated[float, Meta(ge=0.01, le=10_080)] = 10
    attempts_max: Annotated[int, Meta(ge=1, le=100)] = 5
    refunds: tuple[RefundTier, ...] | None = None
    account: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]+\Z", max_length=255)] | None = None

    @property
    def hold(self) -> timedelta:
        """How long a time is held for a payment."""
        return timedelta(minutes=self.hold_min)


def charge_step_minor(currency: str) -> int:
    """Of what a charge must be a multiple, in minor units.

    Cards know two decimal digits: of a Kuwaiti dinar's three, the last has to be 0, and Stripe
    refuses 5.124 KWD.
    """
    step_minor: int = 10 ** max(0, get_currency_precision(currency) - DIGITS_CHARGED_MAX)
    return step_minor


def deposit_problem(rule: str, price_minor: int | None, currency: str) -> str | None:
    """What is wrong with a deposit as the business file has it: "20.00", "30%" or "full"."""
    if rule == FULL or _PERCENT.fullmatch(rule):
        if rule != FULL and not 0 < Decimal(rule.rstrip(" %")) <= HUNDRED:
            return f"expected more than 0% and at most 100%, got {rule!r}"
        return None if price_minor else "needs a price to be a part of"
    try:
        fixed_minor = money.minor_units(rule, currency)
    except ValueError:
        example = money.major(2000, currency)
        return f'expected an amount such as "{example}", a share such as "30%", or "{FULL}"'
    if fixed_minor <= 0 or fixed_minor % charge_step_minor(currency):
        smallest = money.major(charge_step_minor(currency), currency)
        return f"can't be charged: expected a multiple of {smallest} {currency}"
    if price_minor is not None and fixed_minor > price_minor:
        return f"is more than the price, {money.major(price_minor, currency)}"
    return None


CARDS = "stripe"
"""The provider that charges cards."""
CHARGE_MIN: dict[str, str] = {
    "AED": "2.00", "AUD": "0.50", "BGN": "1.00", "BRL": "0.50", "CAD": "0.50", "CHF": "0.50",
    "CZK": "15.00", "DKK": "2.50", "EUR": "0.50", "GBP": "0.30", "HKD": "4.00", "HUF": "175.00",
    "INR": "0.50", "JPY": "50", "MXN": "10.00", "MYR": "2.00", "NOK": "3.00", "NZD": "0.50",
    "PLN": "2.00", "RON": "2.00", "SEK": "3.00", "SGD": "0.50", "THB": "10.00", "USD": "0.50",
}  # fmt: skip
"""The least that Stripe charges a card with. Source: https://docs.stripe.com/currencies, "Minimum and
maximum charge amounts". In other currencies it is what these come to in the account's own, which
nobody here knows."""


def below_charge_minimum(rule: str, price_minor: int | None, currency: str) -> str | None:
    """What is wrong with a sound deposit that is too small to be charged to a card."""
    least = CHARGE_MIN.get(currency)
    if least is None or deposit_minor(rule, price_minor, currency) >= money.minor_units(
        least, currency
    ):
        return None
    amount = money.major(deposit_minor(rule, price_minor, currency), currency)
    return f"is {amount} {currency}, and cards can't be charged less than {least} {currency}"


def normal_deposit(rule: str, currency: str) -> str:
    """One spelling of a sound rule: "20.00", "30%" or "full"."""
    if rule == FULL:
        return rule
    if rule.endswith("%"):
        share = Decimal(rule.rstrip(" %"))
        return f"{share.to_integral_value() if share == share.to_integral_value() else share}%"
    return money.major(money.minor_units(rule, currency), currency)


def deposit_minor(rule: str, price_minor: int | None, currency: str) -> int:
    """How much a deposit is. The rule has no `deposit_problem`; never more than the price."""
    if rule != FULL and not rule.endswith("%"):
        return money.minor_units(rule, currency)
    assert price_minor is not None
    step_minor = charge_step_minor(currency)
    if rule == FULL:
        return price_minor - price_minor % step_minor
    share = Decimal(rule.rstrip(" %")) / HUNDRED
    rounded_minor = _half_up(price_minor * share, step_minor)
    return min(rounded_minor, price_minor - price_minor % step_minor)


def refund_percent(
    tiers: Sequence[RefundTier] | None, start: datetime, cancelled_at: datetime
) -> int:
    """How much of a deposit a client gets back who cancels: by the tier that is most generous of
    those whose time hasn't passed.
    """
    if tiers is None:
        return 100
    return max(
        (
            tier.percent
            for tier in tiers
            if cancelled_at <= start - timedelta(minutes=tier.until_min)
        ),
        default=0,
    )


def kept_minor(paid_minor: int, percent_back: int, currency: str) -> int:
    """What the business keeps of a deposit: what was paid less the share that is given back."""
    back_minor = _half_up(Decimal(paid_minor * percent_back) / HUNDRED, charge_step_minor(currency))
    return max(0, paid_minor - back_minor)


def _half_up(amount_minor: Decimal, step_minor: int) -> int:
    steps = (amount_minor / step_minor).quantize(Decimal(1), ROUND_HALF_UP)
    return int(steps) * step_minor
