"""A time that is held for a payment: nobody else gets it, and not a second longer."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest

from bookonce.availability import hold_rows
from bookonce.availability.block import Block, BlockKind, block, block_claim, take_block
from bookonce.availability.installation import Installation
from bookonce.availability.look import offer
from bookonce.availability.selection import Choice
from bookonce.booking import apply_file
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.confirm import confirm
from bookonce.booking.find import find
from bookonce.booking.move import MoveRequest, move
from bookonce.booking.replay import Booked
from bookonce.business.document import Business
from bookonce.payments import open_rows, payment_rows
from bookonce.payments.handed_over import returned
from bookonce.payments.pay import receive
from bookonce.payments.settle import settle
from bookonce.payments.states import Payment, PaymentStatus
from bookonce.platform.actor import SYSTEM, VISITOR
from bookonce.platform.connection import Connection
from bookonce.platform.errors import (
    BlockConflictError,
    BookingConflictError,
    HoldExpiredError,
    PaymentUnavailableError,
    StatusConflictError,
)
from bookonce.platform.ids import new_id
from tests.factories import (
    a_booking,
    a_business,
    a_service,
    a_staff_member,
    a_visitor,
    tomorrow_at,
)
from tests.races.harness import assert_sound

Open = Callable[[Business], Awaitable[str]]
NOW = datetime.now(UTC)
HOLD = timedelta(minutes=10)
TEN = tomorrow_at(10)
ON_SITE = {"provider": "on_site"}


@pytest.fixture
async def slug(open_business: Open) -> str:
    """Ada cuts for 48.00, with 30% in advance; washing is free of that."""
    return await open_business(
        a_business(
            payments=ON_SITE,
            service=[a_service("cut", price="48.00", deposit="30%"), a_service("wash")],
        )
    )


async def hold(installation: Installation, slug: str, **more: Any) -> Booked:
    return await book(installation, slug, a_booking(TEN, **more), actor=VISITOR, now=NOW)


async def now_is(installation: Installation, held: Booked, now: datetime) -> Appointment:
    return (await find(installation, held.directory.slug, held.appointment.id, now=now)).appointment


async def is_free(installation: Installation, slug: str, now: datetime) -> bool:
    _, found = await offer(installation, slug, Choice.of("wash"), TEN.date(), TEN.date(), now=now)
    return int(TEN.timestamp()) in found.by_start()


async def test_a_booking_with_a_deposit_is_held_for_ten_minutes(
    installation: Installation, slug: str
) -> None:
    held = await hold(installation, slug)
    assert held.appointment.status is Status.HELD
    assert held.appointment.deposit_minor == 1440
    assert held.appointment.hold_expires_at == NOW + HOLD
    found = await now_is(installation, held, NOW)
    assert (found.status, found.hold_expires_at) == (Status.HELD, NOW + HOLD)


async def test_a_service_without_a_deposit_is_confirmed_at_once(
    installation: Installation, slug: str
) -> None:
    assert (await hold(installation, slug, service="wash")).appointment.status is Status.CONFIRMED


@pytest.mark.parametrize("staff", ["ada", None])
async def test_nobody_else_gets_a_held_time(
    installation: Installation, slug: str, database_url: str, staff: str | None
) -> None:
    await hold(installation, slug)
    assert not await is_free(installation, slug, NOW)
    with pytest.raises(BookingConflictError):
        await hold(installation, slug, staff=staff)
    last = NOW + HOLD - timedelta(microseconds=1)
    with pytest.raises(BookingConflictError):
        await book(installation, slug, a_booking(TEN, staff=staff), actor=VISITOR, now=last)
    with pytest.raises(BlockConflictError):
        await block(installation, slug, "ada", TEN, TEN + HOLD, actor=SYSTEM, now=last)
    await assert_sound(database_url)


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("staff", ["ada", None])
async def test_from_the_second_it_runs_out_the_time_is_anybodys_swept_or_not(
    installation: Installation, slug: str, database_url: str, staff: str | None, key: str | None
) -> None:
    held = await hold(installation, slug)
    over = NOW + HOLD
    assert not await is_free(installation, slug, NOW)  # known to this process from now on
    assert await is_free(installation, slug, over)
    assert (await now_is(installation, held, over)).status is Status.EXPIRED
    second = await book(
        installation,
        slug,
        a_booking(TEN, "wash", staff=staff),
        actor=VISITOR,
        now=over,
        idempotency_key=key,
    )
    assert second.appointment.status is Status.CONFIRMED
    assert (await now_is(installation, held, over)).status is Status.EXPIRED
    await assert_sound(database_url)


async def test_a_move_and_a_block_pass_a_hold_that_has_run_out(
    installation: Installation, slug: str, database_url: str
) -> None:
    await hold(installation, slug)
    over = NOW + HOLD
    other = await book(
        installation,
        slug,
        a_booking(tomorrow_at(12), "wash", client=a_visitor("Mia")),
        actor=VISITOR,
        now=NOW,
    )
    moved = await move(
        installation, slug, other.appointment.id, MoveRequest(TEN), actor=VISITOR, now=over
    )
    assert moved.appointment.start == TEN
    await cancel(installation, slug, other.appointment.id, actor=VISITOR, now=over)
    await hold(installation, slug)
    assert (
        await block(installation, slug, "ada", TEN, TEN + HOLD, actor=SYSTEM, now=over)
    ).start == TEN
    await assert_sound(database_url)


async def test_what_is_paid_in_time_is_confirmed_and_the_money_kept(
    installation: Installation, slug: str, database_url: str
) -> None:
    held = await hold(installation, slug)
    confirmed = await receive(installation, slug, held.appointment.id, now=NOW)
    assert confirmed.status is Status.CONFIRMED
    assert not await is_free(installation, slug, NOW + 2 * HOLD)
    await settle(installation, held.directory.business_id, held.appointment.id, now=NOW)
    assert await ledger(database_url) == [("authorised", 1440), ("captured", 1440)]
    again = await receive(installation, slug, held.appointment.id, now=NOW)
    assert again.status is Status.CONFIRMED
    assert await ledger(database_url) == [("authorised", 1440), ("captured", 1440)]
    await assert_sound(database_url)


@pytest.mark.parametrize("is_swept", [False, True])
async def test_a_late_payment_confirms_what_nobody_took(
    installation: Installation, slug: str, database_url: str, is_swept: bool
) -> None:
    held = await hold(installation, slug)
    over = NOW + HOLD + timedelta(minutes=1)
    if is_swept:
        await sweep(installation, held, over)
    confirmed = await receive(installation, slug, held.appointment.id, now=over)
    assert confirmed.status is Status.CONFIRMED
    with pytest.raises(BookingConflictError):
        await book(installation, slug, a_booking(TEN, "wash"), actor=VISITOR, now=over)
    await assert_sound(database_url)


async def test_a_late_payment_may_end_in_another_room_and_what_happened_says_so(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(
        a_business(
            payments=ON_SITE,
            service=[a_service("cut", price="48.00", deposit="30%", needs=["room"])],
            resource=[{"key": key, "name": key, "kind": "room"} for key in ("left", "right")],
        )
    )
    held = await hold(installation, slug)
    (room,) = held.appointment.resources
    over = NOW + HOLD
    await close_room(installation, held, room, over)

    confirmed = await receive(installation, slug, held.appointment.id, now=over)

    (other,) = {"left", "right"} - {room}
    assert confirmed.resources == (other,)
    assert await resources_told(database_url, "appointment.confirmed") == [other]
    await assert_sound(database_url)


async def test_a_late_payment_takes_as_long_as_the_service_takes_by_then(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    def shop(duration_min: int) -> Business:
        cut = a_service("cut", price="48.00", deposit="30%", duration_min=duration_min)
        return a_business(slug="shop", payments=ON_SITE, service=[cut, a_service("wash")])

    slug = await open_business(shop(30))
    held = await hold(installation, slug)
    over = NOW + HOLD
    await sweep(installation, held, over)
    await apply_file.apply(installation.database, shop(60), now=over)

    confirmed = await receive(installation, slug, held.appointment.id, now=over)

    assert confirmed.end - confirmed.start == timedelta(hours=1)
    last_minutes = a_booking(TEN + timedelta(minutes=45), "wash")
    with pytest.raises(BookingConflictError):
        await book(installation, slug, last_minutes, actor=VISITOR, now=over)
    await assert_sound(database_url)


async def test_a_late_payment_for_a_time_that_somebody_took_is_to_be_handed_back(
    installation: Installation, slug: str, database_url: str
) -> None:
    held = await hold(installation, slug)
    over = NOW + HOLD
    await book(installation, slug, a_booking(TEN, "wash"), actor=VISITOR, now=over)
    with pytest.raises(BookingConflictError) as refused:
        await receive(installation, slug, held.appointment.id, now=over)
    assert refused.value.facts["alternatives"]
    await settle(installation, held.directory.business_id, held.appointment.id, now=over)
    assert await ledger(database_url) == [("authorised", 1440), ("captured", 1440)]
    at = held.appointment.id
    assert await returned(installation, slug, at, actor=SYSTEM, now=over) == 1
    with pytest.raises(StatusConflictError):  # that was final
        await receive(installation, slug, held.appointment.id, now=over)
    await assert_sound(database_url)


async def test_a_held_time_can_be_given_up_but_not_moved(
    installation: Installation, slug: str, database_url: str
) -> None:
    held = await hold(installation, slug)
    with pytest.raises(StatusConflictError):
        await move(
            installation,
            slug,
            held.appointment.id,
            MoveRequest(tomorrow_at(12)),
            actor=VISITOR,
            now=NOW,
        )
    cancelled = await cancel(installation, slug, held.appointment.id, actor=VISITOR, now=NOW)
    assert cancelled.appointment.status is Status.CANCELLED
    assert await is_free(installation, slug, NOW)
    await assert_sound(database_url)


async def test_the_sweeper_takes_away_what_has_run_out_and_nothing_else(
    installation: Installation, slug: str, database_url: str
) -> None:
    old = await hold(installation, slug)
    young = await book(
        installation,
        slug,
        a_booking(tomorrow_at(12)),
        actor=VISITOR,
        now=NOW + timedelta(minutes=1),
    )
    assert await sweep(installation, old, NOW + HOLD) == 1
    assert await sweep(installation, old, NOW + HOLD) == 0
    assert (await now_is(installation, young, NOW + HOLD)).status is Status.HELD
    await assert_sound(database_url)


async def test_a_repeated_key_is_answered_as_it_was(installation: Installation, slug: str) -> None:
    first = await book(
        installation, slug, a_booking(TEN), actor=VISITOR, now=NOW, idempotency_key="k"
    )
    again = await book(
        installation, slug, a_booking(TEN), actor=VISITOR, now=NOW, idempotency_key="k"
    )
    assert (again.appointment, again.token) == (first.appointment, first.token)


async def test_a_hold_refused_under_a_key_stays_refused(
    installation: Installation, slug: str
) -> None:
    await hold(installation, slug)
    for now in (NOW, NOW + HOLD):
        with pytest.raises(BookingConflictError):
            await book(
                installation, slug, a_booking(TEN), actor=VISITOR, now=now, idempotency_key="k"
            )


async def test_without_the_provider_nothing_that_needs_it_is_booked(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business(service=[a_service(price="48.00", deposit="full")]))
    with pytest.raises(PaymentUnavailableError):
        await hold(installation, slug)
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT count(*) FROM appointment") == 0
    await connection.close()


async def test_only_some_are_asked(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    service = a_service(price="48.00", deposit="10.00", deposit_for=["new_clients", "no_shows"])
    slug = await open_business(
        a_business(payments=ON_SITE, service=[service], staff=[a_staff_member("ada")])
    )
    first = await hold(installation, slug)
    assert first.appointment.deposit_minor == 1000
    await receive(installation, slug, first.appointment.id, now=NOW)
    after = TEN + timedelta(days=1)

    async def asked(day: int, **more: Any) -> int | None:
        request = a_booking(TEN + timedelta(days=day), **more)
        booked = await book(installation, slug, request, actor=VISITOR, now=after)
        return booked.appointment.deposit_minor

    assert await asked(7, again=first.token) is None
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "UPDATE appointment SET status = 'no_show' WHERE appointment_id = $1", first.appointment.id
    )
    await connection.close()
    assert await asked(8, again=first.token) == 1000


class TestWhoeverTypesAnAddress:
    """Everybody can type the address of a client: it tells nothing and spares nothing."""

    @pytest.mark.parametrize("whom", [["new_clients"], ["no_shows"], ["new_clients", "no_shows"]])
    async def test_it_makes_no_difference_whose_it_is(
        self, installation: Installation, open_business: Open, database_url: str, whom: list[str]
    ) -> None:
        service = a_service(price="48.00", deposit="10.00", deposit_for=whom)
        slug = await open_business(
            a_business(payments=ON_SITE, service=[service, a_service("talk")])
        )
        for number, name in enumerate(("Zoe", "Una")):
            request = a_booking(TEN + timedelta(hours=number), "talk", client=a_visitor(name))
            await book(installation, slug, request, actor=SYSTEM, now=NOW)
        connection = await asyncpg.connect(database_url)
        await connection.execute(
            "UPDATE appointment SET status = 'no_show' WHERE client_name = 'Una'"
        )
        await connection.close()
        after, told = TEN + timedelta(days=1), []
        for day, name in enumerate(("Zoe", "Una", "Stranger")):
            request = a_booking(TEN + timedelta(days=7 + day), client=a_visitor(name))
            booked = await book(installation, slug, request, actor=VISITOR, now=after)
            told.append((booked.appointment.status, booked.appointment.deposit_minor))
        assert len(set(told)) == 1
        assert told[0][1] == (1000 if "new_clients" in whom else None)

    @pytest.mark.parametrize(
        "shown", ["nothing", "ahead", "other's", "other business's", "garbage"]
    )
    async def test_only_the_link_of_a_visit_of_theirs_shows_who_was_there(
        self, installation: Installation, open_business: Open, shown: str
    ) -> None:
        service = a_service(price="48.00", deposit="10.00", deposit_for=["new_clients"])
        profile: dict[str, Any] = {"payments": ON_SITE, "service": [service, a_service("talk")]}
        slug, other = [await open_business(a_business(**profile)) for _ in range(2)]
        after, ahead = TEN + timedelta(days=1), TEN + timedelta(days=20)

        async def talk(at: str, start: datetime, name: str) -> str:
            request = a_booking(start, "talk", client=a_visitor(name))
            return (await book(installation, at, request, actor=VISITOR, now=NOW)).token

        await talk(slug, TEN, "Zoe")
        tokens = {
            "nothing": None,
            "ahead": await talk(slug, ahead, "Zoe"),  # a stranger's, with her address
            "other's": await talk(slug, TEN + timedelta(hours=2), "Una"),
            "other business's": await talk(other, TEN, "Zoe"),
            "garbage": "\0" * 43,
        }
        request = a_booking(TEN + timedelta(days=7), again=tokens[shown])
        booked = await book(installation, slug, request, actor=VISITOR, now=after)
        assert booked.appointment.deposit_minor == 1000


async def sweep(installation: Installation, held: Booked, now: datetime) -> int:
    return await installation.database.transaction(
        lambda connection: hold_rows.expire_all(connection, held.directory.business_id, now)
    )


async def close_room(installation: Installation, held: Booked, room: str, now: datetime) -> None:
    """For the hour of the visit, once the hold has run out."""
    directory = held.directory
    (room_id,) = (one for one, key in directory.resource_keys.items() if key == room)
    closed = Block(new_id(), room, TEN, TEN + timedelta(hours=1), BlockKind.BLOCKED, None)
    claim = block_claim(directory.business_id, room_id, closed, directory.zone)

    async def work(connection: Connection) -> None:
        await take_block(connection, claim, now)

    await installation.database.transaction(work)


async def resources_told(url: str, kind: str) -> list[str]:
    """The rooms that the one event of a kind names."""
    connection = await asyncpg.connect(url)
    data = await connection.fetchval("SELECT data FROM event WHERE kind = $1", kind)
    await connection.close()
    told: list[str] = json.loads(data).get("resources")
    return told


async def ledger(url: str) -> list[tuple[str, int]]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT kind, amount_minor FROM ledger_entry ORDER BY at, kind")
    await connection.close()
    return [(row["kind"], row["amount_minor"]) for row in rows]


async def test_what_cannot_be_settled_does_not_keep_the_others_from_it(
    installation: Installation, slug: str
) -> None:
    for hour in (10, 12, 14):
        held = await book(installation, slug, a_booking(tomorrow_at(hour)), actor=VISITOR, now=NOW)
        attempt = Payment(
            id=new_id(),
            appointment_id=held.appointment.id,
            number=1,
            provider="on_site",
            provider_ref=None,
            status=PaymentStatus.STARTED,
            amount_minor=1440,
            currency="EUR",
            problem=None,
            created_at=NOW,
        )
        await installation.database.run(
            partial(payment_rows.start, business_id=held.directory.business_id, payment=attempt)
        )
    seen = set()
    for _ in range(60):
        seen |= set(
            await installation.database.run(open_rows.unfinished, NOW + HOLD, NOW + HOLD, 1)
        )
    assert len(seen) == 3


UNTIL = NOW + timedelta(minutes=15)


async def a_time_held_without_a_deposit(installation: Installation, slug: str) -> Booked:
    return await book(
        installation, slug, a_booking(TEN, "wash"), actor=SYSTEM, now=NOW, hold_until=UNTIL
    )


async def test_a_time_can_be_held_without_a_deposit_and_confirmed(
    installation: Installation, slug: str, database_url: str
) -> None:
    held = await a_time_held_without_a_deposit(installation, slug)
    assert (held.appointment.status, held.appointment.hold_expires_at) == (Status.HELD, UNTIL)
    assert not await is_free(installation, slug, NOW)
    for _ in range(2):
        found = await confirm(
            installation, slug, held.appointment.id, actor=SYSTEM, now=UNTIL - timedelta(seconds=1)
        )
        assert (found.appointment.status, found.appointment.sequence) == (Status.CONFIRMED, 1)
    assert not await is_free(installation, slug, UNTIL + timedelta(minutes=1))
    await assert_sound(database_url)


async def test_an_expired_hold_can_not_be_confirmed(
    installation: Installation, slug: str, database_url: str
) -> None:
    held = await a_time_held_without_a_deposit(installation, slug)
    assert await is_free(installation, slug, UNTIL)
    with pytest.raises(HoldExpiredError):
        await confirm(installation, slug, held.appointment.id, actor=SYSTEM, now=UNTIL)
    await assert_sound(database_url)


async def test_a_hold_for_a_deposit_is_not_confirmed_without_it(
    installation: Installation, slug: str
) -> None:
    held = await hold(installation, slug)
    with pytest.raises(StatusConflictError):
        await confirm(installation, slug, held.appointment.id, actor=SYSTEM, now=NOW)
