"""What is offered is what can be booked: on random businesses, by trying it, over HTTP.

A phantom is a start that is offered and can't be booked; a missing one can be booked and isn't
offered. Both rates have to be 0.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from bookonce.business.document import Business
from bookonce.business.hours import WEEKDAYS
from tests.factories import a_business
from tests.web.clocks import next_clock_change
from tests.web.visitors import a_wish, address_of

SEEDS = range(max(10, int(os.environ.get("TEST_EXAMPLES", "0")) // 20))
ZONES = [
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago",
    "America/Havana", "Africa/Cairo", "Asia/Kathmandu", "America/St_Johns", "UTC",
]  # fmt: skip
A_MOMENT = timedelta(minutes=2)
"""Near the limits of notice and horizon the truth changes while one looks."""


class RandomBusiness:
    """A business, the dates to look at, and what visitors have done there already."""

    SERVICES: tuple[str, ...] = ("cut", "dye")

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.zone = ZoneInfo(self.chance.choice(ZONES))
        self.first = self._a_date()
        self.horizon_days = (self.first - datetime.now(UTC).date()).days + 30
        self.locations = self.chance.choice([[], [], ["here"], ["here", "there"]])
        self.staff = ["ada", "bob", "cy"][: self.chance.randint(1, 3)]
        self.step_min = self.chance.choice([15, 20, 30, 45])
        self.business = a_business(
            timezone=self.zone.key,
            policy=self._policy(),
            location=[self._location(key) for key in self.locations],
            staff=[self._staff(key) for key in self.staff],
            resource=[
                {"key": f"{kind}-{number}", "name": kind, "kind": kind}
                | ({"location": self.chance.choice(self.locations)} if self.locations else {})
                for kind in ("chair", "room")
                for number in range(self.chance.randint(1, 2))
            ],
            service=[self._service(key) for key in self.SERVICES],
        )

    def _a_date(self) -> date:
        if self.zone.key == "UTC" or self.chance.random() < 0.4:
            return datetime.now(UTC).date() + timedelta(days=self.chance.randint(1, 5))
        if self.zone.key == "Asia/Kathmandu":  # its clocks don't change
            return datetime.now(UTC).date() + timedelta(days=3)
        change = next_clock_change(self.zone, forward=self.chance.random() < 0.5)
        return change - timedelta(days=self.chance.randint(0, 1))

    def _policy(self) -> dict[str, int]:
        days_ahead = (self.first - datetime.now(UTC).date()).days
        policy = {"slot_step_min": self.step_min, "horizon_days": self.horizon_days}
        if self.chance.random() < 0.3 and days_ahead < 365:
            policy["notice_min"] = days_ahead * 1440 + 300  # falls into the dates looked at
        if self.chance.random() < 0.3:
            policy["horizon_days"] = days_ahead + 1
        return policy

    def _day(self) -> list[str]:
        """Up to three spans, perhaps past midnight."""
        times = sorted(self.chance.sample(range(0, 1440, 15), self.chance.choice([2, 4, 6])))
        clock = [f"{minutes // 60:02}:{minutes % 60:02}" for minutes in times]
        spans = [f"{low}-{high}" for low, high in list(pairwise(clock))[::2]]
        if self.chance.random() < 0.3:
            return [*spans[:-1], f"{clock[-1]}-{clock[0]}"]
        return self.chance.choice([spans, spans, ["00:00-24:00"], []])

    def _hours(self) -> dict[str, Any]:
        dates = [self.first + timedelta(days=self.chance.randint(-1, 2))]
        return {
            "hours": {day: self._day() for day in WEEKDAYS},
            "dates": [
                {"date": day.isoformat(), "hours": self._day()}
                for day in dates
                if self.chance.random() < 0.5
            ],
        }

    def _location(self, key: str) -> dict[str, Any]:
        zone = {"timezone": self.chance.choice(ZONES)} if self.chance.random() < 0.4 else {}
        hours = self._hours() if self.chance.random() < 0.3 else {}
        return {"key": key, "name": key} | zone | hours

    def _staff(self, key: str) -> dict[str, Any]:
        absence = datetime.combine(self.first, datetime.min.time()) + timedelta(
            hours=self.chance.randint(0, 40)
        )
        time_off = {
            "from": f"{absence:%Y-%m-%dT%H:%M}",
            "to": f"{absence + timedelta(hours=5, minutes=self.chance.choice([0, 7])):%Y-%m-%dT%H:%M}",
        }
        person: dict[str, Any] = {"key": key, "name": key}
        person["time_off"] = [time_off] if self.chance.random() < 0.4 else []
        if len(self.locations) < 2:
            return person | self._hours()
        return person | {"at": [{"location": one} | self._hours() for one in self.locations]}

    def _service(self, key: str) -> dict[str, Any]:
        minutes = self.chance.choice([[30], [45], [20, 40, 15], [15, 30, 15], [60], [10, 5, 25]])
        return {
            "key": key,
            "name": key,
            "duration_min": sum(minutes),
            "phases": [
                {"duration_min": length, "staff": number != 1}
                for number, length in enumerate(minutes)
            ],
            "buffer_before_min": self.chance.choice([0, 0, 5, 20]),
            "buffer_after_min": self.chance.choice([0, 0, 10, 25]),
            "needs": self.chance.choice([[], [], ["chair"], ["room", "chair"]]),
        }

    def where(self, key: str | None) -> dict[str, str]:
        """The field or parameter that names a location."""
        return {"location": key} if key else {}


class BusinessOfParts(RandomBusiness):
    """Not everybody performs every service, so that some visits take several people."""

    SERVICES = ("cut", "dye", "wax")

    def _service(self, key: str) -> dict[str, Any]:
        able = self.chance.sample(self.staff, self.chance.randint(1, max(1, len(self.staff) - 1)))
        return super()._service(key) | {"staff": able}

    def _day(self) -> list[str]:
        """More often open for long, also past midnight: two people must be there at once."""
        return self.chance.choice([super()._day(), ["00:00-24:00"], ["20:00-16:00"]])


class Doubter:
    """Tries every start of two days at one business."""

    def __init__(self, visitor: httpx.Client, api: str, salon: RandomBusiness) -> None:
        self.visitor, self.api, self.salon = visitor, api, salon
        self.tried = 0

    def offered(self, service: str, **more: str) -> dict[datetime, list[str]]:
        """Who is on offer, by start."""
        parameters = {
            "service": service,
            "from": self.salon.first.isoformat(),
            "to": (self.salon.first + timedelta(days=1)).isoformat(),
            "include": "staff",
        }
        answer = self.visitor.get(f"{self.api}/availability", params=parameters | more)
        assert answer.status_code == 200, answer.text
        return {
            datetime.fromisoformat(slot["start"]).astimezone(UTC): slot["staff"]
            for day in answer.json()["days"]
            for slot in day["slots"]
        }

    def book(self, start: datetime, service: str, **more: str) -> dict[str, Any] | None:
        """The appointment, or None if it was refused as a start that can't be had. `service` may be
        several, as "cut,dye".
        """
        self.tried += 1
        keys = service.split(",")
        what = {"services": keys} if len(keys) > 1 else {"service": service}
        wish = {key: value for key, value in a_wish(start, **more).items() if key != "service"}
        answer = self.visitor.post(f"{self.api}/book", json=wish | what)
        if answer.status_code == 201:
            return dict(answer.json())
        assert answer.json()["code"] in ("NOT_OFFERED", "BOOKING_CONFLICT"), answer.text
        return None

    def cancel(self, appointment: dict[str, Any]) -> None:
        """Give it back."""
        self.visitor.post(f"{address_of(self.api, appointment)}/cancellation").raise_for_status()

    def live(self, service: str, location: dict[str, str]) -> None:
        """Make some appointments; cancel some of them, move others."""
        chance = self.salon.chance
        for _ in range(6):
            offered = self.offered(service, **location)
            if not offered:
                return
            appointment = self.book(chance.choice(list(offered)), service, **location)
            if appointment is None:
                continue
            fate = chance.random()
            if fate < 0.25:
                self.cancel(appointment)
            elif fate < 0.5:
                start = chance.choice(list(offered)).isoformat()
                self.visitor.post(
                    f"{address_of(self.api, appointment)}/move", json={"start": start}
                )

    def is_settled(self, start: datetime) -> bool:
        """Whether the truth about a start is the same now and in a moment."""
        policy, now = self.salon.business.policy, datetime.now(UTC)
        limits = (
            now + timedelta(minutes=policy.notice_min),
            now + timedelta(days=policy.horizon_days),
        )
        return all(abs(start - limit) > A_MOMENT for limit in limits)

    def compare(self, service: str, zone: ZoneInfo, location: dict[str, str]) -> tuple[Any, Any]:
        """The phantoms and the missing, with anyone and with each by name."""
        offered = self.offered(service, **location)
        for key in self.salon.staff:
            alone = self.offered(service, staff=key, **location)
            assert list(alone) == [start for start, free in offered.items() if key in free]
        phantoms, missing = [], []
        for start in self.grid(zone):
            if not self.is_settled(start):
                continue
            free = offered.get(start, [])
            for staff in ("any", *self.salon.staff):
                is_offered = start in offered if staff == "any" else staff in free
                appointment = self.book(start, service, staff=staff, **location)
                if appointment is None and is_offered:
                    phantoms.append((start, staff))
                if appointment is not None:
                    self.cancel(appointment)
                    if not is_offered:
                        missing.append((start, staff))
        assert offered.keys() <= set(self.grid(zone))
        assert self.offered(service, **location) == offered or not all(
            map(self.is_settled, offered)
        )
        return phantoms, missing

    def grid(self, zone: ZoneInfo) -> list[datetime]:
        """Every start that the step allows on the two dates, found minute by minute."""
        dates = {self.salon.first, self.salon.first + timedelta(days=1)}
        noon = datetime.combine(self.salon.first, datetime.min.time(), UTC)
        minutes = (noon + timedelta(minutes=n) for n in range(-1440, 4 * 1440))
        walls = ((minute, minute.astimezone(zone)) for minute in minutes)
        return [
            minute
            for minute, wall in walls
            if wall.date() in dates and (wall.hour * 60 + wall.minute) % self.salon.step_min == 0
        ]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_offered_can_be_booked_and_what_can_be_booked_is_offered(
    visitor: httpx.Client, serve_business: Callable[[Business], str], seed: int
) -> None:
    salon = RandomBusiness(seed)
    doubter = Doubter(visitor, serve_business(salon.business), salon)
    zones = {
        each.key: ZoneInfo(each.timezone or salon.zone.key) for each in salon.business.location
    }
    places = [(salon.where(key), zones[key]) for key in salon.locations] or [({}, salon.zone)]
    for location, _ in places:
        for service in ("cut", "dye"):
            doubter.live(service, location)
    for location, zone in places:
        assert doubter.compare("cut", zone, location) == ([], [])
    assert doubter.tried > 100


@pytest.mark.parametrize("services", ["cut,dye", "dye,wax,cut"])
@pytest.mark.parametrize("seed", SEEDS[:4] if len(SEEDS) == 10 else SEEDS)
def test_visits_of_several_services_are_offered_exactly_when_they_can_be_booked(
    visitor: httpx.Client, serve_business: Callable[[Business], str], seed: int, services: str
) -> None:
    salon = BusinessOfParts(seed)
    doubter = Doubter(visitor, serve_business(salon.business), salon)
    key = salon.locations[0] if salon.locations else None
    zones = {
        each.key: ZoneInfo(each.timezone or salon.zone.key) for each in salon.business.location
    }
    for each in ("cut", services, "wax"):
        doubter.live(each, salon.where(key))
    assert doubter.compare(services, zones.get(key or "", salon.zone), salon.where(key)) == ([], [])
    assert doubter.tried > 50


def test_some_random_visits_take_several_people_and_some_one(
    visitor: httpx.Client, serve_business: Callable[[Business], str]
) -> None:
    alone, by_several = 0, 0
    for seed in range(10):
        salon = BusinessOfParts(seed)
        doubter = Doubter(visitor, serve_business(salon.business), salon)
        where = salon.where(salon.locations[0] if salon.locations else None)
        for free in doubter.offered("cut,dye", **where).values():
            alone, by_several = alone + bool(free), by_several + (not free)
    assert alone > 20
    assert by_several > 20


def test_the_random_businesses_have_starts_that_are_offered_and_starts_that_are_not(
    visitor: httpx.Client, serve_business: Callable[[Business], str]
) -> None:
    offered, grid = [], []
    for seed in SEEDS[:10]:
        salon = RandomBusiness(seed)
        doubter = Doubter(visitor, serve_business(salon.business), salon)
        where = salon.where(salon.locations[0] if salon.locations else None)
        offered.append(len(doubter.offered("cut", **where)))
        grid.append(len(doubter.grid(salon.zone)))
    assert sum(1 for number in offered if number) >= len(offered) // 2
    assert sum(offered) < sum(grid) // 2
