"""Every zone of the IANA database, at each change of its clock within the next five years."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bookonce.platform.zones import offset_segments
from tests.availability.oracle import WEEKDAYS, Performer, Situation, starts_on_offer
from tests.availability.test_oracle import offered

YEARS = 5
ALWAYS = {weekday: ["00:00-24:00"] for weekday in WEEKDAYS}
NIGHT = {weekday: ["22:30-03:15"] for weekday in WEEKDAYS}
AROUND = timedelta(hours=4)
ZONES = sorted(zoneinfo.available_timezones())
FIRST_DAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
LAST_DAY = FIRST_DAY + timedelta(days=366 * YEARS)


def changes(zone: ZoneInfo) -> list[datetime]:
    """The instants at which the clock is put forward or back (`test_zones` proves them)."""
    segments = offset_segments(zone, int(FIRST_DAY.timestamp()), int(LAST_DAY.timestamp()))
    return [datetime.fromtimestamp(segment.start_s, UTC) for segment in segments[1:]]


def situation(zone: str, change: datetime, week: dict[str, list[str]], step_min: int) -> Situation:
    """An hour's visit with buffers, somebody else's appointment right at the change."""
    claim = (change - timedelta(minutes=20), change + timedelta(minutes=10))
    return Situation(
        zone=zone,
        performers=[Performer(week), Performer(week, claims=[claim])],
        duration_min=60,
        phases=[(20, True), (25, False), (15, True)],
        buffer_before_min=5,
        buffer_after_min=10,
        step_min=step_min,
        now=change - timedelta(days=30),
        earliest=change - AROUND,
        latest=change + AROUND,
    )


@pytest.mark.parametrize("zone", ZONES)
def test_at_each_change_what_is_offered_is_what_the_rules_allow(zone: str) -> None:
    for number, change in enumerate(changes(ZoneInfo(zone))):
        week, step_min = [(ALWAYS, 15), (NIGHT, 20), (ALWAYS, 60), (NIGHT, 45)][number % 4]
        asked = situation(zone, change, week, step_min)
        assert offered(asked) == starts_on_offer(asked), change


def test_the_table_is_worth_walking() -> None:
    # Many zones don't change their clocks any more; the others do it twice a year.
    found = {zone: len(changes(ZoneInfo(zone))) for zone in ZONES}
    assert len(ZONES) > 500
    assert sum(found.values()) > 1_000
    assert max(found.values()) >= 2 * YEARS
