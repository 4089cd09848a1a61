"""What a visitor is known by where the business limits how many bookings ahead they may hold."""

from __future__ import annotations

import ipaddress

from bookonce.booking.client import Guest
from bookonce.booking.limit_rows import Allowance
from bookonce.booking.phone import phone_digits
from bookonce.business.directory import Directory
from bookonce.business.keyed_hash import keyed_hash

UNPAID_PER_EMAIL, UNPAID_PER_NETWORK = 3, 6
"""Times that one visitor may hold at a business without having paid, where that is limited."""


def allowances(
    directory: Directory,
    guest: Guest,
    network: str | None,
    secret_key: str,
    *,
    limits_unpaid: bool = False,
) -> tuple[Allowance, ...]:
    """One for each limit that applies. Of mail address, number and network only a hash is kept.

    `network` is where the request came from, such as "192.0.2.7" or "2001:db8::/64".
    `limits_unpaid`: what is asked for is held until it is paid for, and few such times are given
    to one visitor.
    """
    limits = directory.business.protection
    email = folded(guest.email or "")
    known_by = [
        ("email", email, limits.bookings_per_email, False),
        ("phone", phone_digits(guest.phone or ""), limits.bookings_per_phone, False),
        *_networks("network", network, limits.bookings_per_network, is_unpaid=False),
    ]
    if limits_unpaid:
        known_by += [
            ("unpaid email", email, UNPAID_PER_EMAIL, True),
            *_networks("unpaid network", network, UNPAID_PER_NETWORK, is_unpaid=True),
        ]
    return tuple(
        Allowance(keyed_hash(directory, secret_key, kind, value), most, is_unpaid)
        for kind, value, most, is_unpaid in known_by
        if value and most is not None
    )


def folded(email: str) -> str:
    """The mail address without what stands behind a plus sign: "m+1@…" reaches whom "m@…" does."""
    name, at, domain = email.strip().lower().rpartition("@")
    return f"{name.partition('+')[0] or name}{at}{domain}"


def _networks(
    kind: str, network: str | None, most: int | None, *, is_unpaid: bool
) -> list[tuple[str, str, int | None, bool]]:
    """The network and, of IPv6, those around it that one customer of a provider may have."""
    found: list[tuple[str, str, int | None, bool]] = [(kind, network or "", most, is_unpaid)]
    if most is None or not network or not network.endswith("::/64"):
        return found
    whole = ipaddress.ip_network(network)
    return found + [
        (f"{kind}/{length}", str(whole.supernet(new_prefix=length)), most * times, is_unpaid)
        for length, times in ((56, 2), (48, 4))
    ]
