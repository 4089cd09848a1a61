"""A visitor who sends everything at once holds no more than one who sends it in turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.replay import Booked
from bookonce.business.document import Business
from bookonce.platform.actor import VISITOR
from tests.factories import a_booking, a_business, a_visitor, tomorrow_at
from tests.races.conftest import RACERS
from tests.races.harness import assert_sound, at_once, count

Open = Callable[[Business], Awaitable[str]]
LIMIT = 3
PROTECTION = {
    "bookings_per_email": LIMIT,
    "bookings_per_phone": LIMIT,
    "bookings_per_network": LIMIT,
}


@pytest.mark.parametrize("held_before", [0, LIMIT])
async def test_the_limit_is_exact(
    installation: Installation, open_business: Open, database_url: str, held_before: int
) -> None:
    """Also where all its places are to be taken over from bookings that don't count any more."""
    slug = await open_business(a_business(protection=PROTECTION))

    def wish(number: int) -> partial[Coroutine[Any, Any, Booked]]:
        start = tomorrow_at(0) + timedelta(minutes=30 * number)
        visitor = a_visitor(phone="+49 30 1234567")
        return partial(
            book,
            installation,
            slug,
            a_booking(start, client=visitor),
            actor=VISITOR,
            now=datetime.now(UTC),
            network="192.0.2.1",
        )

    for number in range(held_before):
        held = await wish(number)()
        await cancel(installation, slug, held.appointment.id, actor=VISITOR, now=datetime.now(UTC))

    results = await at_once([wish(number) for number in range(RACERS)])

    assert Counter(type(each).__name__ for each in results) == {
        "Booked": LIMIT,
        "TooManyBookingsError": RACERS - LIMIT,
    }
    assert await count(database_url, "visitor_booking") == 3 * LIMIT
    await assert_sound(database_url)
