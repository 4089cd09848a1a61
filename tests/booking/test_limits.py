"""How many bookings ahead one visitor may hold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.replay import Booked
from bookonce.business.document import Business
from bookonce.platform.actor import VISITOR
from bookonce.platform.database import Database
from bookonce.platform.errors import BookingConflictError, TooManyBookingsError
from tests.factories import (
    a_booking,
    a_business,
    a_service,
    a_staff_member,
    a_visitor,
    tomorrow_at,
)

Open = Callable[[Business], Awaitable[str]]
NOW = datetime.now(UTC)


async def hold(
    installation: Installation, slug: str, hour: int, network: str = "192.0.2.1", **visitor: str
) -> Booked:
    """Book an hour tomorrow as somebody."""
    wish = a_booking(tomorrow_at(hour), client=a_visitor(**visitor))
    return await book(installation, slug, wish, actor=VISITOR, now=NOW, network=network)


async def test_a_held_time_counts_until_its_hold_runs_out(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(
        a_business(
            protection={"bookings_per_email": 1},
            payments={"provider": "on_site"},
            service=[a_service(price="48.00", deposit="full")],
        )
    )
    await hold(installation, slug, 9)
    with pytest.raises(TooManyBookingsError):
        await hold(installation, slug, 11)
    over = NOW + timedelta(minutes=10)
    wish = a_booking(tomorrow_at(11), client=a_visitor())
    assert (
        await book(installation, slug, wish, actor=VISITOR, now=over)
    ).appointment.start == tomorrow_at(11)


@pytest.mark.parametrize(
    ("limit", "same", "other"),
    [
        (
            "bookings_per_email",
            [{"email": "zoe@example.com"}, {"email": "ZOE@example.com", "network": "192.0.2.9"}],
            {"email": "yan@example.com"},
        ),
        (
            "bookings_per_phone",
            [
                {"email": "a@example.com", "phone": "+49 30 1234567"},
                {"email": "b@example.com", "phone": "0049 (30) 123-45-67"},
                {"email": "c@example.com", "phone": "030 1234567 ext. 7"},
            ],
            {"email": "a@example.com", "phone": "+49 30 7654321"},
        ),
        (
            "bookings_per_network",
            [{"email": "a@example.com"}, {"email": "b@example.com"}],
            {"email": "a@example.com", "network": "192.0.2.2"},
        ),
    ],
)
async def test_one_visitor_holds_as_many_as_the_business_allows(
    installation: Installation,
    open_business: Open,
    limit: str,
    same: list[dict[str, str]],
    other: dict[str, str],
) -> None:
    slug = await open_business(a_business(protection={limit: 2}))
    await hold(installation, slug, 8, **same[0])
    await hold(installation, slug, 9, **same[1])
    for each in same:
        with pytest.raises(TooManyBookingsError, match="Cancel one of them, or call"):
            await hold(installation, slug, 10, **each)
    await hold(installation, slug, 10, **other)


async def test_without_a_limit_nothing_is_counted(
    installation: Installation, open_business: Open, database: Database
) -> None:
    slug = await open_business(a_business())
    for hour in range(8, 12):
        await hold(installation, slug, hour)
    counted = await database.run(
        lambda connection: connection.fetchval("SELECT count(*) FROM visitor_booking")
    )
    assert counted == 0


async def test_a_phone_number_counts_only_if_it_is_given(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business(protection={"bookings_per_phone": 1}))
    await hold(installation, slug, 8)
    await hold(installation, slug, 9)


async def test_cancelling_gives_room(installation: Installation, open_business: Open) -> None:
    slug = await open_business(a_business(protection={"bookings_per_email": 1}))
    first = await hold(installation, slug, 8)
    await cancel(installation, slug, first.appointment.id, actor=VISITOR, now=NOW)
    await hold(installation, slug, 9)
    with pytest.raises(TooManyBookingsError):
        await hold(installation, slug, 10)


async def test_what_is_over_does_not_count(installation: Installation, open_business: Open) -> None:
    slug = await open_business(a_business(protection={"bookings_per_email": 1}))
    await hold(installation, slug, 8)
    later = tomorrow_at(9)
    await book(installation, slug, a_booking(later + timedelta(hours=1)), actor=VISITOR, now=later)
    with pytest.raises(TooManyBookingsError):
        await book(
            installation, slug, a_booking(later + timedelta(hours=2)), actor=VISITOR, now=later
        )


async def test_businesses_count_for_themselves(
    installation: Installation, open_business: Open, database: Database
) -> None:
    strict = {"bookings_per_email": 1, "bookings_per_network": 1}
    one = await open_business(a_business(protection=strict))
    other = await open_business(a_business(protection=strict))
    await hold(installation, one, 8)
    await hold(installation, other, 8)
    subjects = await database.run(
        lambda connection: connection.fetch("SELECT DISTINCT subject FROM visitor_booking")
    )
    assert len(subjects) == 4  # the same visitor, and no hash that tells so


async def test_a_key_sent_again_is_answered_at_the_limit_too(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business(protection={"bookings_per_email": 1}))
    wish = a_booking(tomorrow_at(8))
    first = await book(installation, slug, wish, actor=VISITOR, now=NOW, idempotency_key="k")
    again = await book(installation, slug, wish, actor=VISITOR, now=NOW, idempotency_key="k")
    assert again.appointment.id == first.appointment.id


async def test_a_refused_key_may_be_used_again_when_there_is_room(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business(protection={"bookings_per_email": 1}))
    first = await hold(installation, slug, 8)
    wish = a_booking(tomorrow_at(9))
    with pytest.raises(TooManyBookingsError):
        await book(installation, slug, wish, actor=VISITOR, now=NOW, idempotency_key="k")
    await cancel(installation, slug, first.appointment.id, actor=VISITOR, now=NOW)
    await book(installation, slug, wish, actor=VISITOR, now=NOW, idempotency_key="k")


async def test_a_refusal_costs_no_room(installation: Installation, open_business: Open) -> None:
    slug = await open_business(a_business(protection={"bookings_per_email": 1}))
    await hold(installation, slug, 8, email="yan@example.com")
    with pytest.raises(BookingConflictError):
        await hold(installation, slug, 8)
    await hold(installation, slug, 9)


async def test_a_lower_limit_counts_what_was_held_under_the_higher_one(
    installation: Installation, open_business: Open, database: Database
) -> None:
    slug = await open_business(a_business(protection={"bookings_per_email": 3}))
    first, _, _ = [await hold(installation, slug, hour) for hour in (8, 9, 10)]
    await apply_file.apply(
        database, a_business(slug, protection={"bookings_per_email": 2}), now=NOW
    )
    await cancel(installation, slug, first.appointment.id, actor=VISITOR, now=NOW)
    with pytest.raises(TooManyBookingsError):
        await hold(installation, slug, 11)


async def test_the_limit_holds_for_visits_with_rooms_and_anyone(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(
        a_business(
            staff=[a_staff_member("ada"), a_staff_member("bob")],
            resource=[{"key": "chair", "name": "Chair", "kind": "chair"}],
            service=[a_service(needs=["chair"])],
            protection={"bookings_per_email": 1},
        )
    )
    await hold(installation, slug, 8)
    with pytest.raises(TooManyBookingsError):
        await hold(installation, slug, 9)
