"""Any sequence of verbs keeps every invariant: a model beside the database (stateful)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bookonce.availability.block import Block, block, unblock
from bookonce.availability.installation import Installation
from bookonce.availability.look import offer
from bookonce.availability.selection import Choice
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.find import Found
from bookonce.booking.move import MoveRequest, move
from bookonce.platform.actor import SYSTEM, VISITOR
from bookonce.platform.database import Database
from bookonce.platform.errors import BlockConflictError, BookingConflictError, StatusConflictError
from tests.factories import (
    ALWAYS,
    a_booking,
    a_business,
    a_service,
    a_staff_member,
    a_visitor,
    new_slug,
)
from tests.races.harness import assert_sound

T = TypeVar("T")
NOW = datetime.now(UTC)
MORNING = (NOW + timedelta(days=2)).replace(hour=6, minute=0, second=0, microsecond=0)
PHASES = [{"duration_min": 15}, {"duration_min": 30, "staff": False}, {"duration_min": 15}]
SERVICES: dict[str, dict[str, Any]] = {
    "short": {"duration_min": 15},
    "cut": {"duration_min": 30, "buffer_after_min": 15},
    "long": {
        "duration_min": 60,
        "buffer_before_min": 15,
        "buffer_after_min": 15,
        "needs": ["chair"],
    },
    "colour": {"duration_min": 60, "phases": PHASES, "needs": ["chair"], "buffer_after_min": 15},
}
STAFF = ("ada", "bob")
CHAIRS = ("c1", "c2")
Starts = st.integers(0, 11).map(lambda n: MORNING + timedelta(minutes=15 * n))
Staff = st.sampled_from(STAFF)
Services = st.sampled_from(sorted(SERVICES))


@dataclass(frozen=True)
class Taken:
    """What the model knows of somebody's or something's time."""

    resource: str
    start: datetime
    end: datetime


def around(service: str, staff: str, start: datetime, chairs: Sequence[str] = ()) -> list[Taken]:
    """What a visit takes, in the model's own reckoning."""

    def piece(resource: str, first_min: int, end_min: int) -> Taken:
        return Taken(
            resource, start + timedelta(minutes=first_min), start + timedelta(minutes=end_min)
        )

    whole = {"short": (0, 15), "cut": (0, 45), "long": (-15, 75), "colour": (0, 75)}[service]
    attended = [(0, 15), (45, 75)] if service == "colour" else [whole]
    return [piece(staff, *part) for part in attended] + [piece(chair, *whole) for chair in chairs]


class Calendar(RuleBasedStateMachine):
    """The verbs on one side, lists of what should be taken on the other."""

    database_url = ""

    @initialize()
    def open(self) -> None:
        self.runner = asyncio.Runner()
        self.database = Database(self.database_url, connections_max=1)
        self.run(self.database.open())
        self.installation = Installation(self.database)
        self.slug = new_slug()
        self.held: dict[UUID, tuple[str, list[Taken]]] = {}
        self.blocks: dict[Any, Taken] = {}
        self.cancelled: list[UUID] = []
        self.apply_hours(ALWAYS)

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.run(self.database.close())
            self.runner.close()

    def run(self, verb: Coroutine[Any, Any, T]) -> T | Exception:
        """Run a verb; refusals are results."""
        try:
            return self.runner.run(verb)
        except (BookingConflictError, BlockConflictError, StatusConflictError) as refusal:
            return refusal

    def apply_hours(self, hours: dict[str, Any]) -> None:
        business = a_business(
            self.slug,
            timezone="UTC",
            staff=[a_staff_member(key, hours=hours) for key in STAFF],
            resource=[{"key": key, "name": key, "kind": "chair"} for key in CHAIRS],
            service=[a_service(key, **more) for key, more in SERVICES.items()],
        )
        self.run(apply_file.apply(self.database, business, now=NOW))

    def is_free(self, wanted: Sequence[Taken], but: UUID | None = None) -> bool:
        visits = [taken for id_, (_, taken) in self.held.items() if id_ != but]
        everything = [*(one for visit in visits for one in visit), *self.blocks.values()]
        return not any(
            taken.resource == one.resource and taken.start < one.end and one.start < taken.end
            for taken in everything
            for one in wanted
        )

    def free(
        self, service: str, able: Sequence[str], start: datetime, but: UUID | None = None
    ) -> list[str]:
        """Who could be booked: who is free, if a chair is where one is needed."""
        if "needs" not in SERVICES[service]:
            return [key for key in able if self.is_free(around(service, key, start), but)]
        return [
            key
            for key in able
            if any(self.is_free(around(service, key, start, [chair]), but) for chair in CHAIRS)
        ]

    @rule(service=Services, staff=st.none() | Staff, start=Starts)
    def book(self, service: str, staff: str | None, start: datetime) -> None:
        request = a_booking(start, service, staff=staff, client=a_visitor("Zoe"))
        result = self.run(book(self.installation, self.slug, request, actor=VISITOR, now=NOW))
        able = [key for key in STAFF if staff in (None, key)]
        free = self.free(service, able, start)
        if isinstance(result, BookingConflictError):
            assert not free, f"a false refusal: {free} could be booked"
        else:
            assert not isinstance(result, Exception)
            assert result.appointment.staff in free
            self.hold(result, service, start)

    def hold(self, result: Found, service: str, start: datetime) -> None:
        """Note what was taken; it must have been free."""
        staff, chairs = result.appointment.staff, result.appointment.resources
        assert len(chairs) == len(SERVICES[service].get("needs", ()))
        taken = around(service, staff, start, chairs)
        assert self.is_free(taken, but=result.appointment.id)
        self.held[result.appointment.id] = (service, taken)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        id_ = list(self.held)[data.draw(st.integers(0, len(self.held) - 1))]
        assert not isinstance(
            self.run(cancel(self.installation, self.slug, id_, actor=VISITOR, now=NOW)), Exception
        )
        del self.held[id_]
        self.cancelled.append(id_)

    @precondition(lambda self: self.cancelled)
    @rule(data=st.data(), start=Starts)
    def a_cancelled_one_stays_cancelled(self, data: st.DataObject, start: datetime) -> None:
        id_ = self.cancelled[data.draw(st.integers(0, len(self.cancelled) - 1))]
        moved = self.run(
            move(self.installation, self.slug, id_, MoveRequest(start), actor=VISITOR, now=NOW)
        )
        assert isinstance(moved, StatusConflictError)
        self.run(cancel(self.installation, self.slug, id_, actor=VISITOR, now=NOW))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), start=Starts, staff=st.sampled_from([None, "any", *STAFF]))
    def move(self, data: st.DataObject, start: datetime, staff: str | None) -> None:
        id_ = list(self.held)[data.draw(st.integers(0, len(self.held) - 1))]
        service, old = self.held[id_]
        result = self.run(
            move(
                self.installation,
                self.slug,
                id_,
                MoveRequest(start, staff),
                actor=VISITOR,
                now=NOW,
            )
        )
        able = list(STAFF) if staff == "any" else [staff or old[0].resource]
        free = self.free(service, able, start, but=id_)
        if isinstance(result, BookingConflictError):
            assert not free, f"a false refusal: {free} could be moved to"
        else:
            assert not isinstance(result, Exception)
            assert result.appointment.staff in free
            self.hold(result, service, start)

    @rule(staff=Staff, start=Starts, quarters=st.integers(1, 6))
    def block(self, staff: str, start: datetime, quarters: int) -> None:
        wanted = Taken(staff, start, start + timedelta(minutes=15 * quarters))
        result = self.run(
            block(
                self.installation, self.slug, staff, wanted.start, wanted.end, actor=SYSTEM, now=NOW
            )
        )
        assert isinstance(result, Block) is self.is_free([wanted])
        if isinstance(result, Block):
            self.blocks[result.id] = wanted

    @precondition(lambda self: self.blocks)
    @rule(data=st.data())
    def unblock(self, data: st.DataObject) -> None:
        chosen = list(self.blocks)[data.draw(st.integers(0, len(self.blocks) - 1))]
        self.run(unblock(self.installation, self.slug, chosen, actor=SYSTEM, now=NOW))
        del self.blocks[chosen]

    @rule(service=Services)
    def what_is_offered_is_what_is_free(self, service: str) -> None:
        day = MORNING.date()
        result = self.run(
            offer(self.installation, self.slug, Choice.of(service), day, day, now=NOW)
        )
        assert not isinstance(result, Exception)
        found = result[1].by_start()
        for minutes in range(0, 24 * 60, 15):
            start = MORNING.replace(hour=0) + timedelta(minutes=minutes)
            free = self.free(service, STAFF, start)
            assert found.get(int(start.timestamp()), []) == free, start

    @invariant()
    def everything_agrees(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(assert_sound(self.database_url))
            stored = self.runner.run(self._stored())
            visits = [one for _, taken in self.held.values() for one in taken]
            expected = [*visits, *self.blocks.values()]
            assert stored == sorted((taken.resource, taken.start, taken.end) for taken in expected)

    async def _stored(self) -> list[tuple[Any, ...]]:
        directory = await self.installation.current(self.slug)
        rows = await self.database.run(
            lambda connection: connection.fetch(
                "SELECT resource_id, lower(during), upper(during) FROM claim WHERE business_id = $1",
                directory.business_id,
            )
        )
        keys = directory.staff_keys | directory.resource_keys
        return sorted((keys[row[0]], row[1], row[2]) for row in rows)


@pytest.mark.timeout(300)  # hundreds of verbs, also on a busy machine
def test_any_sequence_of_verbs_keeps_every_invariant(database_url: str) -> None:
    machine = type("CalendarOfThisTest", (Calendar,), {"database_url": database_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=max(15, int(os.environ.get("TEST_EXAMPLES", "0")) // 20),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
