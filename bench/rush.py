"""A business that can take bookings for a long time: a day of 288 visits, for many people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from bench.load import post
from bookonce.business import tree
from bookonce.business.document import Business
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


def first_start() -> datetime:
    """Midnight, at least a day from now."""
    day = datetime.now(UTC) + timedelta(days=2)
    return day.replace(hour=0, minute=0, second=0, microsecond=0)


def booking(staff: int, visit: int, client: str, key: str | None = None) -> bytes:
    """A request for somebody's nth visit from `first_start` on."""
    body = msgspec.json.encode(
        {
            "service": "quick",
            "staff": f"staff-{staff}",
            "start": first_start() + timedelta(minutes=VISIT_MIN * visit),
            "client": {"name": "Zoe", "email": f"{client}@example.com"},
        }
    )
    return post(PATH, body, **({"Idempotency_Key": key} if key else {}))
