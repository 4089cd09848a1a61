"""Amounts as Stripe counts them. Its minor units are not always the currency's own.

Source: https://docs.stripe.com/currencies, "Zero-decimal currencies", "Three-decimal currencies"
and "Special cases". Every other currency has two digits at Stripe, also where CLDR, and so
`platform/money.py`, gives it none (ALL, RSD, LBP), and so have ISK and UGX: 5 krónur are sent as 500.
"""

from __future__ import annotations

from babel.numbers import get_currency_precision

_WITHOUT_DIGITS = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
        *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
_WITH_THREE_DIGITS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
_LAST_DIGIT_ZERO = 10


def to_stripe(amount_minor: int, currency: str) -> int:
    """Minor units as Stripe wants them. Raises ValueError if it can't be charged exactly."""
    numerator, denominator = _factor(currency)
    amount, rest = divmod(amount_minor * numerator, denominator)
    if rest or (currency in _WITH_THREE_DIGITS and amount % _LAST_DIGIT_ZERO):
        raise ValueError(f"Stripe can't charge {amount_minor} minor units of {currency} exactly")
    return amount


def from_stripe(amount: int, currency: str) -> int:
    """Stripe's amount in minor units, to the nearest: only a fee can lie in between."""
    numerator, denominator = _factor(currency)
    return (2 * amount * denominator + numerator) // (2 * numerator)


def _factor(currency: str) -> tuple[int, int]:
    """What minor units are multiplied with and divided by."""
    shift = _digits(currency) - get_currency_precision(currency)
    return 10 ** max(shift, 0), 10 ** max(-shift, 0)


def _digits(currency: str) -> int:
    if currency in _WITHOUT_DIGITS:
        return 0
    return 3 if currency in _WITH_THREE_DIGITS else 2
