"""What a visitor is known by where the business limits how many bookings ahead they may hold."""

from __future__ import annotations

from bookonce.booking.client import Guest
from bookonce.booking.limit_rows import Allowance
from bookonce.booking.phone import phone_digits
from bookonce.business.directory import Directory
from bookonce.business.keyed_hash import keyed_hash


def allowances(
    directory: Directory, guest: Guest, network: str | None, secret_key: str
) -> tuple[Allowance, ...]:
    """One for each limit that applies. Of mail address, number and network only a hash is kept.

    `network` is where the request came from, such as "192.0.2.7" or
    "2001:db8::/64".
    """
    limits = directory.business.protection
    known_by = [
        ("email", guest.email or "", limits.bookings_per_email),
        ("phone", phone_digits(guest.phone or ""), limits.bookings_per_phone),
        ("network", network or "", limits.bookings_per_network),
    ]
    return tuple(
        Allowance(keyed_hash(directory, secret_key, kind, value), most)
        for kind, value, most in known_by
        if value and most is not None
    )
