"""When clocks are put forward and back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


def next_clock_change(zone: ZoneInfo, *, forward: bool) -> date:
    """The next date, three days from now or later, on which a zone's clocks are put forward or back."""

    def offset(day: date) -> timedelta:
        found = datetime(day.year, day.month, day.day, tzinfo=zone).utcoffset()
        assert found is not None
        return found

    day = datetime.now(zone).date() + timedelta(3)
    while True:
        change = offset(day + timedelta(1)) - offset(day)
        if change > timedelta(0) if forward else change < timedelta(0):
            return day
        day += timedelta(1)
