"""When a client is reminded: worked out from the start whenever it is asked, so that a move, other
rules of the zone and another setting count at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bookonce.business.messages import lead_min

EVENING = time(18)
BEFORE_QUIET = timedelta(minutes=30)
"""So that what is due in quiet hours is sent before they begin, not while."""
CLOSE = timedelta(hours=4)
"""A reminder that quiet hours move so close to another isn't sent."""
EVENING_AHEAD = timedelta(hours=31)
"""From 18:00 to the end of the next day, and an hour for a clock that is put back."""

Quiet = tuple[time, time]


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder of one start: which lead it is of, when it is due and until when of use. Instants in
    UTC.
    """

    lead: str
    due_at: datetime
    useful_until: datetime


def ahead(leads: Sequence[str], quiet: Quiet | None) -> timedelta:
    """How long before a start the first reminder can be due."""
    longest = max((_lead(lead) or EVENING_AHEAD for lead in leads), default=timedelta(0))
    return longest + (timedelta(days=1, hours=1) if quiet and leads else timedelta(0))


def plan(
    start: datetime, zone: ZoneInfo, leads: Sequence[str], quiet: Quiet | None
) -> list[Reminder]:
    """The reminders of a start, in order. "24h" before is an instant; the evening before and quiet
    hours are by the zone's clock.
    """
    found: list[Reminder] = []
    moved: list[Reminder] = []
    for lead in leads:
        nominal = _nominal(start, zone, lead)
        if quiet is None or not is_quiet(nominal, zone, quiet):
            found.append(_reminder(lead, nominal, start))
        elif (before := _before_quiet(nominal, zone, quiet)) is not None:
            moved.append(_reminder(lead, before, start))
    for one in sorted(moved, key=lambda each: each.due_at, reverse=True):
        if all(abs(one.due_at - other.due_at) >= CLOSE for other in found):
            found.append(one)
    return sorted(found, key=lambda each: each.due_at)


def due(reminders: Sequence[Reminder], now: datetime, settled_at: datetime) -> Reminder | None:
    """The reminder to send now: the last that is due, so that after a pause nobody gets two.

    None before the first, when it is of no use any more, and when it was due before the client had
    this time, at `settled_at`: who books inside a reminder's lead needs none.
    """
    passed = [each for each in reminders if each.due_at <= now]
    if not passed:
        return None
    last = passed[-1]
    return last if last.due_at > settled_at and now < last.useful_until else None


def is_quiet(instant: datetime, zone: ZoneInfo, quiet: Quiet) -> bool:
    """Whether nobody is to be reminded at an instant."""
    shown = instant.astimezone(zone).time()
    start, end = quiet
    return start <= shown < end if start < end else shown >= start or shown < end


def quiet_end(instant: datetime, zone: ZoneInfo, quiet: Quiet) -> datetime:
    """When the quiet hours end in which an instant lies, in UTC."""
    local = instant.astimezone(zone)
    for days in (0, 1):
        end = _at(local + timedelta(days=days), quiet[1], zone)
        if end > instant:
            return end
    return instant + timedelta(days=1)


def _nominal(start: datetime, zone: ZoneInfo, lead: str) -> datetime:
    before = _lead(lead)
    if before is not None:
        return start.astimezone(UTC) - before
    return _at(start.astimezone(zone) - timedelta(days=1), EVENING, zone)


def _lead(lead: str) -> timedelta | None:
    minutes = lead_min(lead)
    return None if minutes is None else timedelta(minutes=minutes)


def _before_quiet(instant: datetime, zone: ZoneInfo, quiet: Quiet) -> datetime | None:
    """Half an hour before the quiet hours in which an instant lies; None if that is quiet, too."""
    for begins in _beginnings(instant, zone, quiet):
        if begins <= instant:
            before = begins - BEFORE_QUIET
            return None if is_quiet(before, zone, quiet) else before
    return None


def _beginnings(instant: datetime, zone: ZoneInfo, quiet: Quiet) -> Iterator[datetime]:
    local = instant.astimezone(zone)
    for days in (0, 1):
        yield _at(local - timedelta(days=days), quiet[0], zone)


def _at(day: datetime, clock: time, zone: ZoneInfo) -> datetime:
    """When a zone's clock shows a time on a day, in UTC: the first of two; if it is skipped, as if
    the clock had not been put forward yet.
    """
    return datetime.combine(day.date(), clock, zone).astimezone(UTC)


def _reminder(lead: str, due_at: datetime, start: datetime) -> Reminder:
    """Of use until half the time to the start is over."""
    return Reminder(lead, due_at, due_at + (start.astimezone(UTC) - due_at) / 2)
