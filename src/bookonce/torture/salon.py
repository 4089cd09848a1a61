"""The businesses under load: few people, chairs and rooms, so that everyone wants the same.

Always open and without notice, so that a start is refused for one reason only: somebody has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bookonce.booking import apply_file
from bookonce.business import tree
from bookonce.business.document import Business
from bookonce.business.hours import WEEKDAYS
from bookonce.platform.database import Database
from bookonce.platform.intervals import Interval

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
    {
        "key": "bath",
        "duration_min": 60,
        "price": "80.00",
        "deposit": "full",
        "needs": ["room"],
        "buffer_after_min": 5,
    },
)
HOLD_S = 1
"""How long a time is held for a payment: short, so that many run out."""


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

    def performers(self, service: str) -> tuple[str, ...]:
        """Who performs a service."""
        return self._by_key[service].staff or tuple(each.key for each in self.business.staff)

    def rooms(self, service: str) -> list[tuple[str, ...]]:
        """For each kind of room and equipment that a service needs, those of the kind."""
        return [
            tuple(each.key for each in self.business.resource if each.kind == kind)
            for kind in self._by_key[service].needs
        ]

    def attended(self, service: str, start_s: int) -> list[Interval]:
        """When a visit takes its performer, buffers included."""
        return [
            (start_s + low, start_s + high) for low, high in self._by_key[service].visit.attended
        ]

    def whole(self, service: str, start_s: int) -> Interval:
        """When a visit takes each of its rooms and devices, buffers included."""
        low, high = self._by_key[service].visit.whole
        return start_s + low, start_s + high

    def takes(
        self, service: str, start_s: int, staff: str, resources: tuple[str, ...]
    ) -> list[tuple[str, Interval]]:
        """All that a visit takes: of whom or what, and when."""
        return [
            *((staff, part) for part in self.attended(service, start_s)),
            *((one, self.whole(service, start_s)) for one in resources),
        ]


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
            "staff": [{"key": key, "name": key, "hours": _ALWAYS} for key in _STAFF],
            "resource": [{"key": key, "name": key, "kind": kind} for key, kind in _RESOURCES],
            "service": [{"name": each["key"], **each} for each in _SERVICES],
        }
    )
