"""Changes at the desk: moved, undone, cancelled, closed, reopened and put right; by whom."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.availability.installation import Installation
from bookonce.availability.rules import Rule
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.book import book
from bookonce.booking.find import find
from bookonce.business.document import Business
from bookonce.desk.book import book_at_desk
from bookonce.desk.change import (
    UNDO_WINDOW,
    DeskEdit,
    attend_at_desk,
    cancel_at_desk,
    edit_at_desk,
    move_at_desk,
    reopen_at_desk,
    undo_at_desk,
)
from bookonce.desk.history_rows import of_appointment
from bookonce.desk.request import DeskChange, DeskClient, DeskMove, Overbook
from bookonce.platform.actor import VISITOR, Role
from bookonce.platform.errors import (
    BookingConflictError,
    ForbiddenError,
    NotFoundError,
    NotOfferedError,
    StatusConflictError,
    TooLateError,
)
from tests.desk.cast import a_desk_booking, somebody
from tests.factories import (
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
TWO = [a_staff_member(key) for key in ("ada", "ben")]
AFTER = tomorrow_at(10) + timedelta(hours=1)


class Desk:
    """A business with Alice at its desk, and Zoe's appointment at ten."""

    def __init__(self, installation: Installation, slug: str, access: Access, zoe: UUID) -> None:
        self.installation, self.slug, self.access, self.zoe = installation, slug, access, zoe

    @classmethod
    async def of(cls, installation: Installation, slug: str) -> Desk:
        """It is a visitor's booking."""
        booked = await book(
            installation, slug, a_booking(tomorrow_at(10), staff="ada"), actor=VISITOR, now=NOW
        )
        alice = await somebody(installation, slug)
        return cls(installation, slug, alice, booked.appointment.id)

    async def zoes(self, now: datetime = NOW) -> Appointment:
        """Zoe's appointment as it is."""
        return (await find(self.installation, self.slug, self.zoe, now=now)).appointment

    async def move(self, start: datetime, now: datetime = NOW, **more: object) -> Appointment:
        """Move it."""
        request = DeskMove(start=start, **more)  # type: ignore[arg-type]
        found = await move_at_desk(
            self.installation, self.slug, self.zoe, request, access=self.access, now=now
        )
        return found.appointment

    async def undo(self, now: datetime = NOW) -> Appointment:
        """Take the move back."""
        found = await undo_at_desk(
            self.installation, self.slug, self.zoe, access=self.access, now=now
        )
        return found.appointment

    async def cancel(self, request: DeskChange | None = None) -> Appointment:
        """Cancel it."""
        found = await cancel_at_desk(
            self.installation,
            self.slug,
            self.zoe,
            request or DeskChange(),
            access=self.access,
            now=NOW,
        )
        return found.appointment

    async def attend(self, outcome: Status, now: datetime = AFTER) -> Appointment:
        """Say what became of it."""
        found = await attend_at_desk(
            self.installation,
            self.slug,
            self.zoe,
            outcome,
            DeskChange(),
            access=self.access,
            now=now,
        )
        return found.appointment

    async def reopen(self) -> Appointment:
        """Confirm it again."""
        found = await reopen_at_desk(
            self.installation, self.slug, self.zoe, DeskChange(), access=self.access, now=NOW
        )
        return found.appointment

    async def visitor_books(self, start: datetime, name: str = "Max") -> None:
        """Somebody else asks for a time."""
        wish = a_booking(start, staff="ada", client=a_visitor(name))
        await book(self.installation, self.slug, wish, actor=VISITOR, now=NOW)


@pytest.fixture
async def desk(installation: Installation, open_business: Open) -> Desk:
    """One where limits hold for clients."""
    business = a_business(staff=TWO, policy={"cancel_until_min": 10_000, "grace_min": 0})
    return await Desk.of(installation, await open_business(business))


class TestMove:
    async def test_no_limit_holds_at_the_desk(self, desk: Desk, database_url: str) -> None:
        moved = await desk.move(tomorrow_at(12))
        assert moved.start == tomorrow_at(12)
        assert (await desk.zoes()).start == tomorrow_at(12)
        await assert_sound(database_url)

    async def test_rules_can_be_broken_by_name(self, desk: Desk) -> None:
        with pytest.raises(NotOfferedError):
            await desk.move(tomorrow_at(12, 7))
        moved = await desk.move(tomorrow_at(12, 7), break_rules=(Rule.STEP,))
        assert moved.start == tomorrow_at(12, 7)

    async def test_a_taken_time_leaves_all_as_it_was(self, desk: Desk) -> None:
        await desk.visitor_books(tomorrow_at(12))
        with pytest.raises(BookingConflictError):
            await desk.move(tomorrow_at(12))
        assert (await desk.zoes()).start == tomorrow_at(10)

    async def test_it_may_lie_over_another_for_a_reason(
        self, desk: Desk, database_url: str
    ) -> None:
        await desk.visitor_books(tomorrow_at(12))
        await desk.move(tomorrow_at(12), overbook=Overbook(reason="Promised"))
        assert (await desk.zoes()).overbooked == "Promised"
        await assert_sound(database_url)
        await desk.move(tomorrow_at(14))
        assert (await desk.zoes()).overbooked is None
        await assert_sound(database_url)


class TestUndo:
    async def test_the_old_time_is_kept_until_then(self, desk: Desk, database_url: str) -> None:
        before = await desk.zoes()
        await desk.move(tomorrow_at(12), staff="ben")
        with pytest.raises(BookingConflictError):
            await desk.visitor_books(tomorrow_at(10))
        back = await desk.undo()
        assert (back.start, back.parts) == (before.start, before.parts)
        found = await desk.zoes()
        assert (found.start, found.parts, found.sequence) == (before.start, before.parts, 2)
        assert await count(database_url, "claim") == 1
        await assert_sound(database_url)
        await desk.visitor_books(tomorrow_at(12))

    async def test_a_move_by_a_little_is_undone_too(self, desk: Desk, database_url: str) -> None:
        await desk.move(tomorrow_at(10, 15))
        assert (await desk.undo()).start == tomorrow_at(10)
        assert await count(database_url, "claim") == 1
        await assert_sound(database_url)

    async def test_after_the_window_the_time_is_anybodys(
        self, desk: Desk, database_url: str
    ) -> None:
        await desk.move(tomorrow_at(12), now=NOW - UNDO_WINDOW)
        with pytest.raises(TooLateError):
            await desk.undo()
        await desk.visitor_books(tomorrow_at(10))
        await assert_sound(database_url)

    async def test_only_the_last_move_is_undone(self, desk: Desk, database_url: str) -> None:
        for hour in (12, 14):
            await desk.move(tomorrow_at(hour))
        await desk.visitor_books(tomorrow_at(10))
        assert (await desk.undo()).start == tomorrow_at(12)
        with pytest.raises(TooLateError):
            await desk.undo()
        await assert_sound(database_url)

    async def test_what_was_changed_since_is_not_undone(self, desk: Desk) -> None:
        await desk.move(tomorrow_at(12))
        await desk.cancel()
        with pytest.raises(TooLateError):
            await desk.undo()
        await desk.visitor_books(tomorrow_at(10))

    async def test_an_overbooking_goes_back_to_its_lane(
        self, desk: Desk, database_url: str
    ) -> None:
        await desk.visitor_books(tomorrow_at(12))
        await desk.move(tomorrow_at(12), overbook=Overbook(reason="Promised"))
        await desk.move(tomorrow_at(15))
        assert (await desk.undo()).start == tomorrow_at(12)
        assert (await desk.zoes()).overbooked == "Promised"
        await assert_sound(database_url)


class TestCancelAndReopen:
    async def test_the_reason_and_whether_to_tell_are_kept(
        self, desk: Desk, database_url: str
    ) -> None:
        cancelled = await desk.cancel(DeskChange(reason="Ada is ill", notify=False))
        assert cancelled.status is Status.CANCELLED
        history = await desk.installation.database.run(
            of_appointment, desk.access.business_id, desk.zoe
        )
        last = history[-1]
        assert (last.kind, last.actor.name) == ("appointment.cancelled", "Alice")
        facts = json.loads(last.facts)
        assert (facts["reason"], facts["notify"]) == ("Ada is ill", False)

    async def test_a_cancelled_one_takes_its_time_again(
        self, desk: Desk, database_url: str
    ) -> None:
        await desk.cancel()
        assert (await desk.reopen()).status is Status.CONFIRMED
        assert (await desk.zoes()).status is Status.CONFIRMED
        with pytest.raises(BookingConflictError):
            await desk.visitor_books(tomorrow_at(10))
        await assert_sound(database_url)
        assert (await desk.cancel()).status is Status.CANCELLED
        await assert_sound(database_url)

    async def test_a_time_that_somebody_has_by_now_stays_theirs(self, desk: Desk) -> None:
        await desk.cancel()
        await desk.visitor_books(tomorrow_at(10))
        with pytest.raises(BookingConflictError):
            await desk.reopen()
        assert (await desk.zoes()).status is Status.CANCELLED

    async def test_a_visitor_can_not_reopen_theirs(self, desk: Desk) -> None:
        await desk.cancel()
        ben = await somebody(desk.installation, desk.slug, Role.STAFF, "ben")
        with pytest.raises(NotFoundError):
            await reopen_at_desk(
                desk.installation, desk.slug, desk.zoe, DeskChange(), access=ben, now=NOW
            )


class TestAttend:
    @pytest.mark.parametrize("outcome", [Status.COMPLETED, Status.NO_SHOW])
    async def test_it_is_said_from_the_start_on(
        self, desk: Desk, database_url: str, outcome: Status
    ) -> None:
        with pytest.raises(StatusConflictError, match="hasn't begun"):
            await desk.attend(outcome, tomorrow_at(10) - timedelta(seconds=1))
        assert (await desk.attend(outcome, tomorrow_at(10))).status is outcome
        assert (await desk.attend(outcome)).sequence == 1
        await assert_sound(database_url)

    async def test_it_is_put_right(self, desk: Desk, database_url: str) -> None:
        for outcome in (Status.COMPLETED, Status.NO_SHOW, Status.COMPLETED):
            assert (await desk.attend(outcome)).status is outcome
        assert (await desk.reopen()).status is Status.CONFIRMED
        await assert_sound(database_url)

    async def test_a_cancelled_one_has_no_outcome(self, desk: Desk) -> None:
        await desk.cancel()
        with pytest.raises(StatusConflictError):
            await desk.attend(Status.COMPLETED)


class TestEdit:
    async def edit(self, desk: Desk, request: DeskEdit) -> Appointment:
        found = await edit_at_desk(
            desk.installation, desk.slug, desk.zoe, request, access=desk.access, now=NOW
        )
        return found.appointment

    async def test_a_note_is_put_right_and_the_rest_stays(
        self, desk: Desk, database_url: str
    ) -> None:
        edited = await self.edit(desk, DeskEdit(notes=" Allergic to nuts "))
        found = await desk.zoes()
        assert found.notes == edited.notes == "Allergic to nuts"
        assert (found.client_name, found.start) == ("Zoe", tomorrow_at(10))
        assert (await self.edit(desk, DeskEdit(notes="Allergic to nuts"))).sequence == 1
        await assert_sound(database_url)

    async def test_it_can_be_for_somebody_else_or_nobody(self, desk: Desk) -> None:
        await self.edit(desk, DeskEdit(client=DeskClient(name="Max", phone="+49301234567")))
        found = await desk.zoes()
        assert (found.client_name, found.client_phone) == ("Max", "+49301234567")
        await self.edit(desk, DeskEdit(client=None))
        found = await desk.zoes()
        assert (found.client_name, found.client_id, found.client_phone) == ("", None, None)


class TestWhoMay:
    async def test_what_may_not_be_seen_is_not_there(self, desk: Desk) -> None:
        ben = await somebody(desk.installation, desk.slug, Role.STAFF, "ben")
        with pytest.raises(NotFoundError):
            await cancel_at_desk(
                desk.installation, desk.slug, desk.zoe, DeskChange(), access=ben, now=NOW
            )

    async def test_seeing_is_not_changing(self, desk: Desk) -> None:
        ben = await somebody(
            desk.installation,
            desk.slug,
            Role.STAFF,
            "ben",
            frozenset({Right.SEE_ALL_CALENDARS}),
        )
        with pytest.raises(ForbiddenError):
            await cancel_at_desk(
                desk.installation, desk.slug, desk.zoe, DeskChange(), access=ben, now=NOW
            )

    async def test_staff_move_nothing_to_others(
        self, desk: Desk, installation: Installation
    ) -> None:
        ada = await somebody(installation, desk.slug, Role.STAFF, "ada")
        with pytest.raises(ForbiddenError):
            await move_at_desk(
                installation,
                desk.slug,
                desk.zoe,
                DeskMove(start=tomorrow_at(12), staff="ben"),
                access=ada,
                now=NOW,
            )


async def test_an_office_booking_of_several_services_moves_as_one(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(
        a_business(staff=TWO, service=[a_service(), a_service("beard", staff=["ben"])])
    )
    alice = await somebody(installation, slug)
    wish = a_desk_booking(tomorrow_at(10), service=None, services=("cut", "beard"), staff=None)  # type: ignore[arg-type]
    booked = await book_at_desk(installation, slug, wish, access=alice, now=NOW)
    moved = await move_at_desk(
        installation,
        slug,
        booked.appointment.id,
        DeskMove(start=tomorrow_at(12)),
        access=alice,
        now=NOW,
    )
    assert [part.start for part in moved.appointment.parts] == [
        tomorrow_at(12),
        tomorrow_at(12, 30),
    ]
    await undo_at_desk(installation, slug, booked.appointment.id, access=alice, now=NOW)
    await assert_sound(database_url)
