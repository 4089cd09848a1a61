"""Amounts in a currency's minor units (cents, yen, fils): integers inside, strings outside."""

from __future__ import annotations

import re
from decimal import Decimal

from babel.numbers import get_currency_precision, list_currencies

_AMOUNT = re.compile(r"([0-9]{1,12})(?:\.([0-9]+))?")


def is_currency(code: str) -> bool:
    """Whether `code` is an ISO 4217 currency that Unicode CLDR knows."""
    return code in list_currencies()


def minor_units(amount: str, currency: str) -> int:
    """Read "48.00" as minor units of a currency, exactly; no rounding ever happens here.

    Raises ValueError if it isn't a plain amount or has more digits than the currency.
    """
    digits = get_currency_precision(currency)
    match = _AMOUNT.fullmatch(amount)
    if not match:
        raise ValueError(f'expected an amount such as "{major(4800, currency)}", got {amount!r}')
    fraction = (match[2] or "").rstrip("0")
    if len(fraction) > digits:
        raise ValueError(f"{currency} has {digits} decimal digits, got {amount!r}")
    return int(match[1] + fraction.ljust(digits, "0"))


def major(amount_minor: int, currency: str) -> str:
    """Minor units as a plain decimal string: 4800 EUR is "48.00", 4800 JPY is "4800"."""
    digits = get_currency_precision(currency)
    return f"{Decimal(amount_minor).scaleb(-digits):.{digits}f}"
