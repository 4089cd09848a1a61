"""The businesses under load: few people, chairs and rooms, so that everyone wants the same.

Always open and without notice, so that a start is refused for one reason only: somebody has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from bookonce.booking import apply_file
from bookonce.business import tree
from bookonce.business.document import Business
from bookonce.business.hours import WEEKDAYS
from bookonce.platform.database import Database
from bookonce.platform.intervals import Interval, merged
from bookonce.torture.history import Part, Place

STEP_MIN = 15
STARTS = 48
"""Starts under load, one a step: twelve hours."""
_ALWAYS = {day: ["00:00-24:00"] for day in WEEKDAYS}
_STAFF = ("ada", "bob", "cy")
_RESOURCES = (
    ("chair-1", "chair"), ("chair-2", "chair"), ("room-1", "room"), ("room-2", "room"),
    ("laser", "laser"),
)  # fmt: skip
_SERVICES: tuple[dict[str, Any], ...] = (
    {"key": "cut", "duration_min": 30},
    {"key": "trim", "duration_min": 15, "buffer_after_min": 10, "staff": ["ada", "bob"]},
    {"key": "shave", "duration_min": 45, "buffer_before_min": 10, "buffer_after_min": 5},
    {
        "key": "colour",
        "duration_min": 90,
        "phases": [
            {"duration_min": 30},
            {"duration_min": 30, "staff": False},
            {"duration_min": 30},
        ],
        "buffer_after_min": 10,
        "needs": ["chair"],
    },
    {
        "key": "peel",
        "duration_min": 60,
        "buffer_after_min": 15,
        "staff": ["bob", "cy"],
        "needs": ["laser", "room"],
    },
    {"key": "course", "duration_min": 120, "needs": ["room"]},
    {"key": "beard", "duration_min": 30, "price": "30.00", "deposit": "30%"},
    {"key": "nails", "duration_min": 15, "buffer_before_min": 5, "staff": ["cy"]},
    {
        "key": "bath",
        "duration_min": 60,
        "price": "80.00",
        "deposit": "full",
        "needs": ["room"],
        "buffer_after_min": 5,
    },
)
"""Who trims does no nails: a visit of both takes two people. Bob can do a trim and a peel."""
HOLD_S = 1
"""How long a time is held for a payment: short, so that many run out."""


Takes = tuple[str, Interval]
"""Time of a person, a room or a device."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing needed: any one of these, free at all of these times."""

    candidates: tuple[str, ...]
    times: list[Interval]


@dataclass(frozen=True)
class Salon:
    """A business under load, and what the judge has to know of it."""

    business: Business
    first_s: int
    """The first start under load, seconds since the epoch."""
    _by_key: dict[str, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_key.update({service.key: service for service in self.business.service})

    @property
    def slug(self) -> str:
        """Its address."""
        return self.business.business.slug

    @property
    def services(self) -> list[str]:
        """What can be booked."""
        return list(self._by_key)

    @property
    def starts_s(self) -> range:
        """The starts under load."""
        return range(self.first_s, self.first_s + STARTS * STEP_MIN * 60, STEP_MIN * 60)

    def performers(self, *services: str) -> tuple[str, ...]:
        """Who performs all of some services."""
        return tuple(
            each.key
            for each in self.business.staff
            if all(each.key in (self._by_key[one].staff or (each.key,)) for one in services)
        )

    def place(
        self,
        services: Sequence[str],
        start_s: int,
        performers: Sequence[str],
        resources: tuple[str, ...] = (),
    ) -> Place:
        """Where a visit is that begins then: its parts without a gap between them."""
        parts = []
        for service, staff in zip(services, performers, strict=True):
            end_s = start_s + self._by_key[service].duration_min * 60
            parts.append(Part(service, staff, start_s, end_s))
            start_s = end_s
        return Place(tuple(parts), resources)

    def needs(
        self, services: Sequence[str], start_s: int, able: Sequence[tuple[str, ...]]
    ) -> Iterator[Need]:
        """Everything that a visit needs, part by part; `able`: who may perform each."""
        for part, candidates in zip(
            self.place(services, start_s, services).parts, able, strict=True
        ):
            yield Need(candidates, self._attended(part))
            for kind in self._by_key[part.service].needs:
                yield Need(self._of_kind(kind), [self._whole(part)])

    def possibly_takes(self, place: Place) -> list[Takes]:
        """All that an appointment may take: of whom or what, and when."""
        return list(dict.fromkeys(one for way in self.ways_to_take(place) for one in way))

    def certainly_takes(self, place: Place) -> list[Takes]:
        """What an appointment takes however its rooms are shared out among its parts."""
        first, *others = self.ways_to_take(place) or [[]]
        return [one for one in first if all(one in way for way in others)]

    def ways_to_take(self, place: Place) -> list[list[Takes]]:
        """What an appointment takes, once for each way to share its rooms out among its parts.

        None if it has rooms that it doesn't need, or lacks some that it does.
        """
        performing: defaultdict[str, list[Interval]] = defaultdict(list)
        rooms_needed: list[tuple[str, Interval]] = []
        for part in place.parts:
            performing[part.staff] += self._attended(part)
            rooms_needed += [(kind, self._whole(part)) for kind in self._by_key[part.service].needs]
        found = []
        for rooms in product(
            *(set(self._of_kind(kind)) & set(place.resources) for kind, _ in rooms_needed)
        ):
            if set(rooms) == set(place.resources):
                taken = performing.copy()
                for room, (_, time) in zip(rooms, rooms_needed, strict=True):
                    taken[room] = [*taken[room], time]
                way = sorted((one, time) for one, times in taken.items() for time in merged(times))
                found += [way] if way not in found else []
        return found

    def _of_kind(self, kind: str) -> tuple[str, ...]:
        return tuple(each.key for each in self.business.resource if each.kind == kind)

    def _attended(self, part: Part) -> list[Interval]:
        """When a part takes its performer, buffers included."""
        visit = self._by_key[part.service].visit
        return [(part.start_s + low, part.start_s + high) for low, high in visit.attended]

    def _whole(self, part: Part) -> Interval:
        """When a part takes each of its rooms and devices, buffers included."""
        low, high = self._by_key[part.service].visit.whole
        return part.start_s + low, part.start_s + high


def salons(now: datetime) -> list[Salon]:
    """Two businesses whose people have the same keys, so that mixing them up would show."""
    day = now.astimezone(UTC).replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=2)
    return [
        Salon(_business(slug, zone), int(day.timestamp()))
        for slug, zone in (
            ("torture-north", "Europe/Berlin"),
            ("torture-south", "America/Santiago"),
        )
    ]


async def open_salons(url: str, opening: list[Salon]) -> None:
    """Write the businesses into a database that has the schema."""
    database = Database(url, connections_max=1)
    await database.open()
    try:
        for salon in opening:
            await apply_file.apply(database, salon.business, now=datetime.now(UTC))
    finally:
        await database.close()


def _business(slug: str, zone: str) -> Business:
    return tree.from_tree(
        {
            "business": {"slug": slug, "name": slug, "timezone": zone},
            "policy": {"slot_step_min": STEP_MIN, "notice_min": 0, "cancel_until_min": 0},
            "payments": {"provider": "on_site", "hold_min": HOLD_S / 60},
            "staff": [
                {"key": key, "name": key, "hours": _ALWAYS, "email": f"{key}@{slug}.example"}
                for key in _STAFF
            ],
            "resource": [{"key": key, "name": key, "kind": kind} for key, kind in _RESOURCES],
            "service": [{"name": each["key"], **each} for each in _SERVICES],
        }
    )
