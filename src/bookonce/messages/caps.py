"""How many messages one address gets, so that nobody is flooded by bookings in their name."""

from __future__ import annotations

import hashlib

ADDRESS_MAX_AN_HOUR = 12
"""To a client's address, from all businesses together."""
TEAM_MAX_AN_HOUR = 300
"""To a staff member's or an owner's."""


def address_hash(secret_key: str, address: str) -> bytes:
    """What is kept of an address to count by."""
    key = hashlib.sha256(secret_key.encode()).digest()
    return hashlib.blake2b(address.casefold().encode(), key=key, digest_size=16).digest()
