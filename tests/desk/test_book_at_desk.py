"""Booking at the desk: for whom, which rules can be broken, and by whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bookonce.accounts.roles import Right
from bookonce.availability.installation import Installation
from bookonce.availability.rules import Rule
from bookonce.booking.appointment import Status
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.find import find
from bookonce.business.document import Business
from bookonce.desk.book import book_at_desk
from bookonce.desk.request import DeskClient, Overbook
from bookonce.platform.actor import VISITOR, Role
from bookonce.platform.errors import (
    BookingConflictError,
    ForbiddenError,
    NotOfferedError,
    ValidationError,
)
from tests.desk.cast import a_desk_booking, somebody
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
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TWO = [a_staff_member(key) for key in ("ada", "ben")]


class TestForWhom:
    async def test_somebody_without_a_mail_address_becomes_a_client(
        self, installation: Installation, open_business: Open
    ) -> None:
        slug = await open_business(a_business())
        alice = await somebody(installation, slug)
        new = DeskClient(name=" Zoe\u200b ", phone="030 1234567")
        booked = await book_at_desk(
            installation, slug, a_desk_booking(tomorrow_at(10), client=new), access=alice, now=NOW
        )
        assert booked.appointment.status is Status.CONFIRMED
        found = (await find(installation, slug, booked.appointment.id, now=NOW)).appointment
        assert found.client_name == "Zoe"
        assert found.client_phone == "+49301234567"
        assert found.client_id is not None

    async def test_two_people_may_have_no_mail_address(
        self, installation: Installation, open_business: Open, database_url: str
    ) -> None:
        slug = await open_business(a_business())
        alice = await somebody(installation, slug)
        for hour in (10, 11):
            await book_at_desk(
                installation, slug, a_desk_booking(tomorrow_at(hour)), access=alice, now=NOW
            )
        assert await count(database_url, "client") == 2

    async def test_a_client_is_found_by_id(
        self, installation: Installation, open_business: Open, database_url: str
    ) -> None:
        slug = await open_business(a_business())
        alice = await somebody(installation, slug)
        first = await book_at_desk(
            installation, slug, a_desk_booking(tomorrow_at(10)), access=alice, now=NOW
        )
        known = (await find(installation, slug, first.appointment.id, now=NOW)).appointment
        again = a_desk_booking(tomorrow_at(11), client=DeskClient(id=known.client_id))
        second = await book_at_desk(installation, slug, again, access=alice, now=NOW)
        found = (await find(installation, slug, second.appointment.id, now=NOW)).appointment
        assert (found.client_id, found.client_name) == (known.client_id, "Zoe")
        assert await count(database_url, "client") == 1

    async def test_whoever_has_the_mail_address_is_the_client(
        self, installation: Installation, open_business: Open, database_url: str
    ) -> None:
        slug = await open_business(a_business())
        alice = await somebody(installation, slug)
        await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=NOW)
        client = DeskClient(name="Zoe", email="ZOE@example.com")
        await book_at_desk(
            installation,
            slug,
            a_desk_booking(tomorrow_at(10), client=client),
            access=alice,
            now=NOW,
        )
        assert await count(database_url, "client") == 1

    async def test_a_walk_in_is_nobody(
        self, installation: Installation, open_business: Open, database_url: str
    ) -> None:
        slug = await open_business(a_business())
        alice = await somebody(installation, slug)
        booked = await book_at_desk(
            installation, slug, a_desk_booking(tomorrow_at(10), client=None), access=alice, now=NOW
        )
        found = (await find(installation, slug, booked.appointment.id, now=NOW)).appointment
        assert (found.client_id, found.client_name) == (None, "")
        assert await count(database_url, "client") == 0
        await assert_sound(database_url)

    async def test_the_client_of_another_business_is_none(
        self, installation: Installation, open_business: Open
    ) -> None:
        here, elsewhere = await open_business(a_business()), await open_business(a_business())
        alice, charlie = await somebody(installation, here), await somebody(installation, elsewhere)
        hers = await book_at_desk(
            installation, here, a_desk_booking(tomorrow_at(10)), access=alice, now=NOW
        )
        known = (await find(installation, here, hers.appointment.id, now=NOW)).appointment
        theft = a_desk_booking(tomorrow_at(10), client=DeskClient(id=known.client_id))
        with pytest.raises(ValidationError, match="no such client"):
            await book_at_desk(installation, elsewhere, theft, access=charlie, now=NOW)

    @pytest.mark.parametrize(
        "client, field",
        [
            (DeskClient(), "client.name"),
            (DeskClient(name="\u200b"), "client.name"),
            (DeskClient(name="Zoe", email="zoe"), "client.email"),
            (DeskClient(name="Zoe", phone="12"), "client.phone"),
        ],
    )
    async def test_what_is_wrong_with_somebody_is_named(
        self, installation: Installation, open_business: Open, client: DeskClient, field: str
    ) -> None:
        slug = await open_business(a_business())
        alice = await somebody(installation, slug)
        wish = a_desk_booking(tomorrow_at(10), client=client)
        with pytest.raises(ValidationError) as refused:
            await book_at_desk(installation, slug, wish, access=alice, now=NOW)
        assert [error.field for error in refused.value.errors] == [field]

    async def test_a_repeated_request_books_once(
        self, installation: Installation, open_business: Open, database_url: str
    ) -> None:
        slug = await open_business(a_business())
        alice = await somebody(installation, slug)
        wish = a_desk_booking(tomorrow_at(10))
        once, again = [
            await book_at_desk(
                installation, slug, wish, access=alice, now=NOW, idempotency_key="one"
            )
            for _ in range(2)
        ]
        assert once.appointment.id == again.appointment.id
        assert await count(database_url, "appointment") == 1


BROKEN = {
    Rule.HOURS: tomorrow_at(20),
    Rule.STEP: tomorrow_at(10, 7),
    Rule.NOTICE: NOW.replace(second=0, microsecond=0) - 15 * MINUTE,
    Rule.HORIZON: tomorrow_at(10) + timedelta(days=200),
}


class TestRules:
    @pytest.mark.parametrize("rule", BROKEN)
    async def test_a_rule_holds_until_it_is_broken_by_name(
        self, installation: Installation, open_business: Open, database_url: str, rule: Rule
    ) -> None:
        staff = [a_staff_member("ada", hours=NINE_TO_FIVE)]
        slug = await open_business(a_business(staff=staff, timezone="UTC"))
        alice = await somebody(installation, slug)
        start = BROKEN[rule]
        others = tuple(set(Rule) - {rule, Rule.BUFFER})
        wish = a_desk_booking(start, break_rules=others)
        with pytest.raises(NotOfferedError):
            await book_at_desk(installation, slug, wish, access=alice, now=NOW)
        wish = a_desk_booking(start, break_rules=(rule, Rule.HOURS, Rule.STEP))
        booked = await book_at_desk(installation, slug, wish, access=alice, now=NOW)
        assert booked.appointment.start == start
        await assert_sound(database_url)

    async def test_reception_breaks_none_unless_its_switch_is_on(
        self, installation: Installation, open_business: Open
    ) -> None:
        slug = await open_business(a_business())
        wish = a_desk_booking(tomorrow_at(10, 7), break_rules=(Rule.STEP,))
        bob = await somebody(installation, slug, Role.RECEPTION)
        with pytest.raises(ForbiddenError) as refused:
            await book_at_desk(installation, slug, wish, access=bob, now=NOW)
        assert refused.value.facts["right"] == "break_rules"
        bob = await somebody(
            installation, slug, Role.RECEPTION, switched_on=frozenset({Right.BREAK_RULES})
        )
        await book_at_desk(installation, slug, wish, access=bob, now=NOW)

    async def test_staff_book_for_themselves_only(
        self, installation: Installation, open_business: Open
    ) -> None:
        slug = await open_business(a_business(staff=TWO))
        ben = await somebody(installation, slug, Role.STAFF, "ben")
        for staff in ("ada", "any", None):
            with pytest.raises(ForbiddenError):
                await book_at_desk(
                    installation,
                    slug,
                    a_desk_booking(tomorrow_at(10), staff=staff),
                    access=ben,
                    now=NOW,
                )
        booked = await book_at_desk(
            installation, slug, a_desk_booking(tomorrow_at(10), staff="ben"), access=ben, now=NOW
        )
        assert booked.appointment.staff == "ben"

    async def test_a_taken_time_is_refused_whatever_is_broken(
        self, installation: Installation, open_business: Open
    ) -> None:
        slug = await open_business(a_business())
        alice = await somebody(installation, slug)
        await book(installation, slug, a_booking(tomorrow_at(10)), actor=VISITOR, now=NOW)
        wish = a_desk_booking(tomorrow_at(10), break_rules=tuple(Rule))
        with pytest.raises(BookingConflictError):
            await book_at_desk(installation, slug, wish, access=alice, now=NOW)


class TestBuffers:
    SERVICE = a_service(buffer_before_min=10, buffer_after_min=15)

    async def test_neighbours_buffers_give_way(
        self, installation: Installation, open_business: Open, database_url: str
    ) -> None:
        slug = await open_business(a_business(service=[self.SERVICE], policy={"slot_step_min": 5}))
        alice = await somebody(installation, slug)
        for minute in (0, 60):
            await book(
                installation,
                slug,
                a_booking(tomorrow_at(10) + minute * MINUTE, client=a_visitor(f"V{minute}")),
                actor=VISITOR,
                now=NOW,
            )
        between = tomorrow_at(10, 30)
        with pytest.raises(BookingConflictError):
            await book_at_desk(installation, slug, a_desk_booking(between), access=alice, now=NOW)
        wish = a_desk_booking(between, break_rules=(Rule.BUFFER,))
        booked = await book_at_desk(installation, slug, wish, access=alice, now=NOW)
        assert booked.appointment.start == between
        await assert_sound(database_url)

    async def test_what_somebody_does_never_gives_way(
        self, installation: Installation, open_business: Open, database_url: str
    ) -> None:
        slug = await open_business(a_business(service=[self.SERVICE], policy={"slot_step_min": 5}))
        alice = await somebody(installation, slug)
        await book(installation, slug, a_booking(tomorrow_at(10)), actor=VISITOR, now=NOW)
        claims = await count(database_url, "claim WHERE upper(during) - lower(during) = '55 min'")
        wish = a_desk_booking(tomorrow_at(10, 25), break_rules=(Rule.BUFFER,))
        with pytest.raises(BookingConflictError):
            await book_at_desk(installation, slug, wish, access=alice, now=NOW)
        kept = await count(database_url, "claim WHERE upper(during) - lower(during) = '55 min'")
        assert claims == kept == 1

    async def test_whose_buffer_gives_way_is_named(
        self, installation: Installation, open_business: Open
    ) -> None:
        slug = await open_business(a_business(staff=TWO, service=[self.SERVICE]))
        alice = await somebody(installation, slug)
        wish = a_desk_booking(tomorrow_at(10), staff=None, break_rules=(Rule.BUFFER,))
        with pytest.raises(ValidationError, match="name the person"):
            await book_at_desk(installation, slug, wish, access=alice, now=NOW)


OVER = Overbook(reason="Her wedding")


class TestOverbooking:
    async def test_it_takes_a_right(self, installation: Installation, open_business: Open) -> None:
        slug = await open_business(a_business())
        bob = await somebody(installation, slug, Role.RECEPTION)
        with pytest.raises(ForbiddenError) as refused:
            await book_at_desk(
                installation,
                slug,
                a_desk_booking(tomorrow_at(10), overbook=OVER),
                access=bob,
                now=NOW,
            )
        assert refused.value.facts["right"] == "overbook"

    async def test_it_takes_a_reason(self, installation: Installation, open_business: Open) -> None:
        slug = await open_business(a_business())
        alice = await somebody(installation, slug)
        wish = a_desk_booking(tomorrow_at(10), overbook=Overbook(reason=" \u200b"))
        with pytest.raises(ValidationError, match=r"overbook\.reason"):
            await book_at_desk(installation, slug, wish, access=alice, now=NOW)

    async def test_only_what_lies_over_another_is_on_the_second_lane(
        self, installation: Installation, open_business: Open, database_url: str
    ) -> None:
        slug = await open_business(a_business())
        alice = await somebody(installation, slug)
        await book(installation, slug, a_booking(tomorrow_at(10)), actor=VISITOR, now=NOW)
        wish = a_desk_booking(tomorrow_at(10, 15), overbook=OVER)
        booked = await book_at_desk(installation, slug, wish, access=alice, now=NOW)
        found = (await find(installation, slug, booked.appointment.id, now=NOW)).appointment
        assert found.overbooked == "Her wedding"
        assert found.staff == "ada"
        assert found.resources == ()
        lanes = "claim JOIN resource USING (business_id, resource_id) WHERE lane_of IS NOT NULL"
        assert await count(database_url, lanes) == 1
        await assert_sound(database_url)
        # The rest is the person's own time: nobody else gets it.
        with pytest.raises(BookingConflictError):
            await book(
                installation,
                slug,
                a_booking(tomorrow_at(10, 30), client=a_visitor("Max")),
                actor=VISITOR,
                now=NOW,
            )

    async def test_what_is_below_gives_its_time_to_what_is_above(
        self, installation: Installation, open_business: Open, database_url: str
    ) -> None:
        slug = await open_business(a_business())
        alice = await somebody(installation, slug)
        below = await book(installation, slug, a_booking(tomorrow_at(10)), actor=VISITOR, now=NOW)
        wish = a_desk_booking(tomorrow_at(10), overbook=OVER)
        above = await book_at_desk(installation, slug, wish, access=alice, now=NOW)
        await cancel(installation, slug, below.appointment.id, actor=VISITOR, now=NOW)
        lanes = "claim JOIN resource USING (business_id, resource_id) WHERE lane_of IS NOT NULL"
        assert await count(database_url, lanes) == 0
        with pytest.raises(BookingConflictError):
            await book(
                installation,
                slug,
                a_booking(tomorrow_at(10), client=a_visitor("Max")),
                actor=VISITOR,
                now=NOW,
            )
        await assert_sound(database_url)
        await cancel(installation, slug, above.appointment.id, actor=alice.actor, now=NOW)
        assert await count(database_url, "claim") == 0

    async def test_each_piece_rises_by_itself(
        self, installation: Installation, open_business: Open, database_url: str
    ) -> None:
        slug = await open_business(
            a_business(service=[a_service(), a_service("long", duration_min=90)])
        )
        alice = await somebody(installation, slug)
        below = [
            await book(
                installation,
                slug,
                a_booking(tomorrow_at(10, minute), client=a_visitor(f"V{minute}")),
                actor=VISITOR,
                now=NOW,
            )
            for minute in (0, 30)
        ]
        wish = a_desk_booking(tomorrow_at(10), "long", overbook=OVER)
        await book_at_desk(installation, slug, wish, access=alice, now=NOW)
        lanes = "claim JOIN resource USING (business_id, resource_id) WHERE lane_of IS NOT NULL"
        for left, gone in zip((2, 1, 0), (None, *below), strict=True):
            if gone is not None:
                await cancel(installation, slug, gone.appointment.id, actor=VISITOR, now=NOW)
            assert await count(database_url, lanes) == left
            await assert_sound(database_url)

    async def test_several_may_lie_over_one_but_not_any_number(
        self, installation: Installation, open_business: Open, database_url: str
    ) -> None:
        slug = await open_business(a_business())
        alice = await somebody(installation, slug)
        wish = a_desk_booking(tomorrow_at(10), overbook=OVER)
        for _ in range(5):
            await book_at_desk(installation, slug, wish, access=alice, now=NOW)
        with pytest.raises(BookingConflictError):
            await book_at_desk(installation, slug, wish, access=alice, now=NOW)
        assert await count(database_url, "appointment") == 5
        await assert_sound(database_url)

    async def test_a_room_is_never_taken_twice(
        self, installation: Installation, open_business: Open
    ) -> None:
        room = {"key": "room", "name": "Room", "kind": "room"}
        slug = await open_business(
            a_business(staff=TWO, resource=[room], service=[a_service(needs=["room"])])
        )
        alice = await somebody(installation, slug)
        await book(
            installation, slug, a_booking(tomorrow_at(10), staff="ben"), actor=VISITOR, now=NOW
        )
        wish = a_desk_booking(tomorrow_at(10), overbook=OVER)
        with pytest.raises(BookingConflictError):
            await book_at_desk(installation, slug, wish, access=alice, now=NOW)

    async def test_applying_the_file_again_keeps_lanes(
        self, installation: Installation, open_business: Open, database_url: str
    ) -> None:
        business = a_business()
        slug = await open_business(business)
        alice = await somebody(installation, slug)
        for _ in range(2):
            await book_at_desk(
                installation,
                slug,
                a_desk_booking(tomorrow_at(10), overbook=OVER),
                access=alice,
                now=NOW,
            )
        await open_business(business)
        assert await count(database_url, "resource WHERE lane_of IS NOT NULL AND active") == 1
