"""A business that can take bookings for a long time: a day of 288 visits, for many people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from bench.load import post
from bookonce.business import tree
from bookonce.business.document import Business, Service
from bookonce.business.hours import WEEKDAYS

SLUG = "rush"
VISIT_MIN = 5
PATH = f"/api/v1/{SLUG}/book"


def a_rush(staff: int) -> Business:
    """Everybody works round the clock, a year ahead."""
    always = {day: ["00:00-24:00"] for day in WEEKDAYS}
    return tree.from_tree(
        {
            "business": {"slug": SLUG, "name": "Rush", "timezone": "UTC"},
            "policy": {"slot_step_min": VISIT_MIN, "notice_min": 0, "horizon_days": 365},
            "staff": [
                {"key": f"staff-{number}", "name": f"Staff {number}", "hours": always}
                for number in range(staff)
            ],
            "service": [
                {"key": "quick", "name": "Quick", "duration_min": VISIT_MIN, "price": "48.00"},
                {"key": "half-hour", "name": "Half an hour", "duration_min": 30, "price": "48.00"},
            ],
        }
    )


def a_rush_of_visits(staff: int) -> Business:
    """The same, with more services: two that everybody performs, and two that nobody performs both
    of.
    """
    rush = a_rush(staff)
    keys = [each.key for each in rush.staff]
    able = {"second": None, "third": None, "left": tuple(keys[::2]), "right": tuple(keys[1::2])}
    more = [
        Service(key=key, name=key.capitalize(), duration_min=VISIT_MIN, price="48.00", staff=who)
        for key, who in able.items()
    ]
    return msgspec.structs.replace(rush, service=(*rush.service, *more))


def first_start() -> datetime:
    """Midnight, at least a day from now."""
    day = datetime.now(UTC) + timedelta(days=2)
    return day.replace(hour=0, minute=0, second=0, microsecond=0)


def booking(
    staff: int | None,
    visit: int,
    client: str,
    key: str | None = None,
    services: Sequence[str] = ("quick",),
) -> bytes:
    """A request for somebody's nth visit from `first_start` on, or for one with anyone."""
    several = {"services": services} if len(services) > 1 else {"service": services[0]}
    body = msgspec.json.encode(
        several
        | {
            "staff": "any" if staff is None else f"staff-{staff}",
            "start": first_start() + timedelta(minutes=VISIT_MIN * visit),
            "client": {"name": "Zoe", "email": f"{client}@example.com"},
        }
    )
    return post(PATH, body, **({"Idempotency_Key": key} if key else {}))
