"""What each verb does and refuses, one visitor at a time."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bookonce.availability.block import BlockKind, block, unblock
from bookonce.availability.installation import Installation
from bookonce.booking.appointment import Status
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.client import Client
from bookonce.booking.find import find
from bookonce.booking.move import MoveRequest, move
from bookonce.booking.request import BookingRequest
from bookonce.business.document import Business
from bookonce.events.idempotency import Idempotency
from bookonce.platform.actor import SYSTEM, VISITOR
from bookonce.platform.database import Database
from bookonce.platform.errors import (
    BlockConflictError,
    BookingConflictError,
    IdempotencyMismatchError,
    NotFoundError,
    NotOfferedError,
    StatusConflictError,
    TooLateError,
    TryAgainError,
    ValidationError,
)
from tests.factories import (
    NINE_TO_FIVE,
    a_booking,
    a_business,
    a_service,
    a_staff_member,
    a_visitor,
    tomorrow_at,
)
from tests.races.harness import assert_sound, count

Open = Callable[[Business], Awaitable[str]]
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
THREE = [a_staff_member(key) for key in ("ada", "bob", "cy")]


async def test_anyone_is_the_one_with_least_to_do_that_day(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business(staff=THREE))
    for hour, staff in ((6, "ada"), (7, "ada"), (6, "cy")):
        await book(
            installation, slug, a_booking(tomorrow_at(hour), staff=staff), actor=VISITOR, now=NOW
        )
    held = await book(installation, slug, a_booking(tomorrow_at(12)), actor=VISITOR, now=NOW)
    assert held.appointment.staff == "bob"


async def test_anyone_spreads_evenly(installation: Installation, open_business: Open) -> None:
    slug = await open_business(a_business(staff=THREE))
    chosen = Counter(
        [
            (
                await book(
                    installation, slug, a_booking(tomorrow_at(5 + n)), actor=VISITOR, now=NOW
                )
            ).appointment.staff
            for n in range(12)
        ]
    )
    assert chosen == {"ada": 4, "bob": 4, "cy": 4}


async def test_anyone_who_is_equally_busy_that_day_is_chosen_by_the_days_around(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business(staff=THREE))
    the_day_after = tomorrow_at(9) + timedelta(days=1)
    await book(installation, slug, a_booking(the_day_after, staff="ada"), actor=VISITOR, now=NOW)
    held = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    assert held.appointment.staff == "bob"


async def test_time_off_does_not_count_as_work(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business(staff=THREE[:2]))
    await block(installation, slug, "ada", tomorrow_at(6), tomorrow_at(8), actor=SYSTEM, now=NOW)
    await book(installation, slug, a_booking(tomorrow_at(6), staff="bob"), actor=VISITOR, now=NOW)
    held = await book(installation, slug, a_booking(tomorrow_at(12)), actor=VISITOR, now=NOW)
    assert held.appointment.staff == "ada"


async def test_anyone_is_only_who_works_then_and_performs_it(
    installation: Installation, open_business: Open
) -> None:
    staff = [a_staff_member("ada", hours=NINE_TO_FIVE), a_staff_member("bob"), a_staff_member("cy")]
    service = [a_service(staff=["ada", "bob"])]
    slug = await open_business(a_business(staff=staff, service=service, timezone="UTC"))
    held = await book(installation, slug, a_booking(tomorrow_at(20)), actor=VISITOR, now=NOW)
    assert held.appointment.staff == "bob"
    with pytest.raises(BookingConflictError):
        await book(installation, slug, a_booking(tomorrow_at(20)), actor=VISITOR, now=NOW)


async def test_buffers_are_kept_on_both_sides(
    installation: Installation, open_business: Open
) -> None:
    service = [a_service(buffer_before_min=15, buffer_after_min=30)]
    slug = await open_business(a_business(service=service))
    await book(installation, slug, a_booking(tomorrow_at(12)), actor=VISITOR, now=NOW)
    for minutes in (-60, -45, 45, 60):  # 30 min visit, 45 min of buffers between any two
        start = tomorrow_at(12) + timedelta(minutes=minutes)
        with pytest.raises(BookingConflictError):
            await book(installation, slug, a_booking(start), actor=VISITOR, now=NOW)
    for minutes in (-75, 75):
        await book(
            installation,
            slug,
            a_booking(tomorrow_at(12) + timedelta(minutes=minutes)),
            actor=VISITOR,
            now=NOW,
        )


async def test_a_refusal_offers_what_can_be_booked(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business())
    await book(installation, slug, a_booking(tomorrow_at(12)), actor=VISITOR, now=NOW)
    with pytest.raises(BookingConflictError) as refusal:
        await book(
            installation, slug, a_booking(tomorrow_at(12), staff="ada"), actor=VISITOR, now=NOW
        )
    alternatives = refusal.value.facts["alternatives"]
    assert [abs(start - tomorrow_at(12)) for start, _ in alternatives] == [
        timedelta(minutes=30),
        timedelta(minutes=30),
        timedelta(minutes=45),
    ]
    for start, staff in alternatives[:2]:
        await book(installation, slug, a_booking(start, staff=staff), actor=VISITOR, now=NOW)


async def test_alternatives_go_on_to_the_next_days(
    installation: Installation, open_business: Open
) -> None:
    hours = {day: ["12:00-12:30"] for day in NINE_TO_FIVE}
    business = a_business(staff=[a_staff_member("ada", hours=hours)], timezone="UTC")
    slug = await open_business(business)
    await book(installation, slug, a_booking(tomorrow_at(12)), actor=VISITOR, now=NOW)
    with pytest.raises(BookingConflictError) as refusal:
        await book(installation, slug, a_booking(tomorrow_at(12)), actor=VISITOR, now=NOW)
    assert [start for start, _ in refusal.value.facts["alternatives"]] == [
        tomorrow_at(12) + timedelta(days=days) for days in (1, 2, 3)
    ]


async def test_a_change_of_hours_is_seen_by_every_process_at_once(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    business = a_business(timezone="UTC")
    slug = await open_business(business)
    await installation.current(slug)  # at hand from now on
    closing = a_business(slug, staff=[a_staff_member("ada", hours=NINE_TO_FIVE)], timezone="UTC")
    await open_business(closing)  # by another process, as far as the installation knows
    with pytest.raises(NotOfferedError):
        await book(installation, slug, a_booking(tomorrow_at(20)), actor=VISITOR, now=NOW)
    assert await count(database_url, "appointment") == 0


async def test_a_new_service_can_be_booked_at_once(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business())
    await installation.current(slug)
    await open_business(a_business(slug, service=[a_service(), a_service("shave")]))
    held = await book(
        installation, slug, a_booking(tomorrow_at(9), "shave"), actor=VISITOR, now=NOW
    )
    assert held.appointment.service == "shave"


async def test_a_key_used_with_another_request_is_refused(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business())
    first = await book(
        installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW, idempotency_key="k"
    )
    with pytest.raises(IdempotencyMismatchError):
        await book(
            installation,
            slug,
            a_booking(tomorrow_at(10)),
            actor=VISITOR,
            now=NOW,
            idempotency_key="k",
        )
    again = await book(
        installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW, idempotency_key="k"
    )
    assert (again.token, again.appointment) == (first.token, first.appointment)


async def test_a_refused_key_stays_refused(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    rival = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    request = a_booking(tomorrow_at(9), client=a_visitor("Late"))
    with pytest.raises(BookingConflictError):
        await book(installation, slug, request, actor=VISITOR, now=NOW, idempotency_key="late")
    await cancel(installation, slug, rival.appointment.id, actor=VISITOR, now=NOW)
    with pytest.raises(BookingConflictError) as refusal:
        await book(installation, slug, request, actor=VISITOR, now=NOW, idempotency_key="late")
    assert tomorrow_at(9) not in [start for start, _ in refusal.value.facts["alternatives"]]
    await book(installation, slug, request, actor=VISITOR, now=NOW, idempotency_key="another")
    await assert_sound(database_url)


async def test_a_key_is_answered_after_its_start_is_no_longer_offered(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business())
    request = a_booking(tomorrow_at(9))
    first = await book(installation, slug, request, actor=VISITOR, now=NOW, idempotency_key="k")
    later = tomorrow_at(9) + HOUR
    again = await book(installation, slug, request, actor=VISITOR, now=later, idempotency_key="k")
    assert again.token == first.token
    with pytest.raises(NotOfferedError):
        await book(installation, slug, request, actor=VISITOR, now=later, idempotency_key="new")


async def test_a_refused_booking_leaves_nothing_of_the_visitor(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    with pytest.raises(BookingConflictError):
        await book(
            installation,
            slug,
            a_booking(tomorrow_at(9), client=a_visitor("Late")),
            actor=VISITOR,
            now=NOW,
        )
    assert await count(database_url, "client") == 1


async def test_a_visitor_never_changes_what_is_known_of_a_client(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    impostor = a_visitor("Mallory", email="ZOE@example.com")
    held = await book(
        installation, slug, a_booking(tomorrow_at(10), client=impostor), actor=VISITOR, now=NOW
    )
    assert await count(database_url, "client WHERE name = 'Zoe'") == 1
    found = await find(installation, slug, held.appointment.id, now=NOW)
    assert found.appointment.client_name == "Mallory"


async def test_only_a_hash_of_the_capability_is_stored(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    held = await book(
        installation,
        slug,
        a_booking(tomorrow_at(9)),
        actor=VISITOR,
        now=NOW,
        idempotency_key="secret-key",
    )
    assert len(held.token) == 43  # 256 bits
    for table in ("appointment", "event", "idempotency", "claim", "client"):
        for secret in (held.token, "secret-key"):
            assert await count(database_url, f"{table} t WHERE t::text LIKE '%{secret}%'") == 0
        bits = base64.urlsafe_b64decode(held.token + "=").hex()
        assert await count(database_url, f"{table} t WHERE t::text LIKE '%{bits}%'") == 0


async def test_cancelling_gives_the_time_back_and_again_answers_the_same(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    held = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    first = await cancel(installation, slug, held.appointment.id, actor=VISITOR, now=NOW)
    again = await cancel(
        installation, slug, held.appointment.id, actor=VISITOR, now=NOW + timedelta(days=30)
    )
    assert first.appointment.status is again.appointment.status is Status.CANCELLED
    assert first.appointment.sequence == again.appointment.sequence == 1
    await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    await assert_sound(database_url)


async def test_a_visitor_is_held_to_the_limit_and_the_business_is_not(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business(policy={"cancel_until_min": 60, "grace_min": 0}))
    held = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    late = tomorrow_at(8, 1)
    with pytest.raises(TooLateError):
        await cancel(installation, slug, held.appointment.id, actor=VISITOR, now=late)
    with pytest.raises(TooLateError):
        await move(
            installation,
            slug,
            held.appointment.id,
            MoveRequest(tomorrow_at(20)),
            actor=VISITOR,
            now=late,
        )
    cancelled = await cancel(installation, slug, held.appointment.id, now=late, actor=SYSTEM)
    assert cancelled.appointment.status is Status.CANCELLED


async def test_a_move_may_overlap_its_own_old_time(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    held = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    moved = await move(
        installation,
        slug,
        held.appointment.id,
        MoveRequest(tomorrow_at(9, 15)),
        actor=VISITOR,
        now=NOW,
    )
    assert moved.appointment.start == tomorrow_at(9, 15)
    await assert_sound(database_url)


async def test_a_refused_move_leaves_the_appointment_as_it_was(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    held = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    await book(installation, slug, a_booking(tomorrow_at(12)), actor=VISITOR, now=NOW)
    with pytest.raises(BookingConflictError) as refusal:
        await move(
            installation,
            slug,
            held.appointment.id,
            MoveRequest(tomorrow_at(12)),
            actor=VISITOR,
            now=NOW,
        )
    assert len(refusal.value.facts["alternatives"]) == 3
    with pytest.raises(NotOfferedError):
        await move(
            installation,
            slug,
            held.appointment.id,
            MoveRequest(tomorrow_at(9, 7)),
            actor=VISITOR,
            now=NOW,
        )
    found = await find(installation, slug, held.appointment.id, now=NOW)
    assert (found.appointment.start, found.appointment.sequence) == (tomorrow_at(9), 0)
    await assert_sound(database_url)


async def test_alternatives_to_a_refused_move_are_really_free(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business(staff=THREE[:2]))
    mine = await book(
        installation, slug, a_booking(tomorrow_at(15), staff="ada"), actor=VISITOR, now=NOW
    )
    await book(installation, slug, a_booking(tomorrow_at(15), staff="bob"), actor=VISITOR, now=NOW)
    request = MoveRequest(tomorrow_at(15), "bob")
    with pytest.raises(BookingConflictError) as refusal:
        await move(installation, slug, mine.appointment.id, request, actor=VISITOR, now=NOW)
    alternatives = refusal.value.facts["alternatives"]
    assert [staff for _, staff in alternatives] == ["bob"] * 3
    for start, staff in alternatives:
        moved = await move(
            installation,
            slug,
            mine.appointment.id,
            MoveRequest(start, staff),
            actor=VISITOR,
            now=NOW,
        )
        assert moved.appointment.start == start


async def test_who_was_booked_with_somebody_who_left_moves_to_somebody_else(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business(staff=THREE[:2]))
    held = await book(
        installation, slug, a_booking(tomorrow_at(9), staff="bob"), actor=VISITOR, now=NOW
    )
    await open_business(a_business(slug, staff=THREE[:1]))
    with pytest.raises(NotOfferedError, match="no longer takes"):
        await move(
            installation,
            slug,
            held.appointment.id,
            MoveRequest(tomorrow_at(10)),
            actor=VISITOR,
            now=NOW,
        )
    request = MoveRequest(tomorrow_at(9), "any")
    moved = await move(installation, slug, held.appointment.id, request, actor=VISITOR, now=NOW)
    assert moved.appointment.staff == "ada"


async def test_the_agreed_price_keeps_its_currency(
    installation: Installation, open_business: Open
) -> None:
    service = [a_service(price="48.00")]
    slug = await open_business(a_business(service=service))
    held = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    await open_business(a_business(slug, service=[a_service(price="7000")], currency="JPY"))
    appointment = (await find(installation, slug, held.appointment.id, now=NOW)).appointment
    assert (appointment.price_minor, appointment.currency) == (4800, "EUR")


async def test_a_refused_key_is_answered_so_after_its_start_is_no_longer_offered(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business())
    await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    request = a_booking(tomorrow_at(9), client=a_visitor("Late"))
    for now in (NOW, tomorrow_at(9) + HOUR):
        with pytest.raises(BookingConflictError):
            await book(installation, slug, request, actor=VISITOR, now=now, idempotency_key="late")


async def test_a_moves_key_gives_the_same_answer_and_does_not_move_back(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business())
    held = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    noon, evening = MoveRequest(tomorrow_at(12)), MoveRequest(tomorrow_at(18))
    first = await move(
        installation,
        slug,
        held.appointment.id,
        noon,
        actor=VISITOR,
        now=NOW,
        idempotency=Idempotency.of("noon", "move", str(held.appointment.id), noon),
    )
    await move(
        installation,
        slug,
        held.appointment.id,
        evening,
        actor=VISITOR,
        now=NOW,
        idempotency=Idempotency.of("evening", "move", str(held.appointment.id), evening),
    )
    again = await move(
        installation,
        slug,
        held.appointment.id,
        noon,
        actor=VISITOR,
        now=NOW,
        idempotency=Idempotency.of("noon", "move", str(held.appointment.id), noon),
    )
    assert again.appointment.start == first.appointment.start == tomorrow_at(12)
    found = await find(installation, slug, held.appointment.id, now=NOW)
    assert found.appointment.start == tomorrow_at(18)


async def test_the_key_of_a_move_that_changed_nothing_never_changes_anything(
    installation: Installation, open_business: Open
) -> None:
    """Found by `bookonce torture`: asked again after a rival's move, it moved the appointment."""
    slug = await open_business(a_business())
    held = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    stay = MoveRequest(tomorrow_at(9))
    await move(
        installation,
        slug,
        held.appointment.id,
        stay,
        actor=VISITOR,
        now=NOW,
        idempotency=Idempotency.of("stay", "move", str(held.appointment.id), stay),
    )
    await move(
        installation,
        slug,
        held.appointment.id,
        MoveRequest(tomorrow_at(18)),
        actor=VISITOR,
        now=NOW,
    )
    again = await move(
        installation,
        slug,
        held.appointment.id,
        stay,
        actor=VISITOR,
        now=NOW,
        idempotency=Idempotency.of("stay", "move", str(held.appointment.id), stay),
    )
    assert again.appointment.start == tomorrow_at(9)
    assert (
        await find(installation, slug, held.appointment.id, now=NOW)
    ).appointment.start == tomorrow_at(18)
    await cancel(installation, slug, held.appointment.id, actor=VISITOR, now=NOW)
    await move(
        installation,
        slug,
        held.appointment.id,
        stay,
        actor=VISITOR,
        now=NOW,
        idempotency=Idempotency.of("stay", "move", str(held.appointment.id), stay),
    )


async def test_a_cancelled_appointment_can_not_be_moved(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business())
    held = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    await cancel(installation, slug, held.appointment.id, actor=VISITOR, now=NOW)
    with pytest.raises(StatusConflictError):
        await move(
            installation,
            slug,
            held.appointment.id,
            MoveRequest(tomorrow_at(12)),
            actor=VISITOR,
            now=NOW,
        )


async def test_a_block_is_refused_with_the_appointments_in_the_way(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
    await book(installation, slug, a_booking(tomorrow_at(11)), actor=VISITOR, now=NOW)
    with pytest.raises(BlockConflictError) as refusal:
        await block(
            installation, slug, "ada", tomorrow_at(8), tomorrow_at(12), actor=SYSTEM, now=NOW
        )
    assert [one["start"] for one in refusal.value.facts["appointments"]] == [
        tomorrow_at(9),
        tomorrow_at(11),
    ]
    assert await count(database_url, "claim WHERE kind <> 'appointment'") == 0


async def test_blocked_time_is_taken_until_it_is_given_back(
    installation: Installation, open_business: Open
) -> None:
    slug = await open_business(a_business())
    made = await block(
        installation,
        slug,
        "ada",
        tomorrow_at(9),
        tomorrow_at(10),
        actor=SYSTEM,
        now=NOW,
        kind=BlockKind.TIME_OFF,
    )
    with pytest.raises(BookingConflictError):
        await book(installation, slug, a_booking(tomorrow_at(9, 30)), actor=VISITOR, now=NOW)
    await unblock(installation, slug, made.id, actor=SYSTEM, now=NOW)
    await book(installation, slug, a_booking(tomorrow_at(9, 30)), actor=VISITOR, now=NOW)
    with pytest.raises(NotFoundError):
        await unblock(installation, slug, made.id, actor=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (tomorrow_at(10), tomorrow_at(9)),
        (tomorrow_at(10), tomorrow_at(10)),
        (tomorrow_at(10).replace(tzinfo=None), tomorrow_at(11)),
        (tomorrow_at(10).replace(second=1), tomorrow_at(11)),
    ],
)
async def test_a_block_that_makes_no_sense_is_refused(
    installation: Installation, open_business: Open, start: datetime, end: datetime
) -> None:
    slug = await open_business(a_business())
    with pytest.raises(ValidationError):
        await block(installation, slug, "ada", start, end, actor=SYSTEM, now=NOW)


async def test_with_a_secret_a_key_alone_does_not_open_what_was_stored(
    database: Database, open_business: Open
) -> None:
    slug = await open_business(a_business())
    ours, thief = Installation(database, "s" * 32), Installation(database, "")
    request = a_booking(tomorrow_at(9))
    held = await book(ours, slug, request, actor=VISITOR, now=NOW, idempotency_key="1")
    again = await book(ours, slug, request, actor=VISITOR, now=NOW, idempotency_key="1")
    assert again.token == held.token
    with pytest.raises(TryAgainError):
        await book(thief, slug, request, actor=VISITOR, now=NOW, idempotency_key="1")


def test_a_request_hashes_as_it_did_in_the_first_version() -> None:
    # Keys outlive upgrades: these are the bytes that 0.1's first servers hashed.
    start = datetime(2026, 12, 1, 9, tzinfo=UTC)
    booking = BookingRequest(service="cut", start=start, client=Client("Zoe", "zoe@example.com"))
    told = (
        b'["book",{"service":"cut","start":"2026-12-01T09:00:00Z","client":{"name":"Zoe",'
        b'"email":"zoe@example.com","phone":null},"staff":null,"notes":null}]'
    )
    assert Idempotency.of("k", "book", booking).request_hash == hashlib.sha256(told).digest()
    moved = b'["move","token",{"start":"2026-12-01T09:00:00Z","staff":null}]'
    assert (
        Idempotency.of("k", "move", "token", MoveRequest(start)).request_hash
        == hashlib.sha256(moved).digest()
    )
    elsewhere = MoveRequest(start, location="mitte")
    assert (
        Idempotency.of("k", "move", "token", elsewhere).request_hash
        != hashlib.sha256(moved).digest()
    )
