"""A staff member's appointments as one iCalendar file (RFC 5545, RFC 7986).

Asked for again, it is the same to the byte unless something has changed: each event's stamp is that
of the last thing that happened to it, not the moment of asking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from bookonce.booking.appointment import Status
from bookonce.booking.calendar_event import ZONE_RULES_AROUND
from bookonce.booking.calendar_zone import zone_rules
from bookonce.desk.feed_rows import FeedPart
from bookonce.platform.zones import comes_twice

ASK_EVERY = timedelta(minutes=15)
"""How often a calendar program is to look again."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a feed is called, whether it names clients, and where the office shows an appointment."""

    name: str
    names_clients: bool
    office_url: str


def feed_calendar(parts: Sequence[FeedPart], shown: Shown) -> bytes:
    """An event for each stretch of an appointment that the person performs without a break."""
    made = Calendar()
    made.add("prodid", "-//Bookonce//EN")
    made.add("version", "2.0")
    for name in ("name", "x-wr-calname"):
        made.add(name, shown.name)
    made.add("refresh-interval", ASK_EVERY, parameters={"value": "DURATION"})
    made.add("x-published-ttl", "PT15M")
    events = [_event(stretch, number, shown) for stretch, number in _stretches(parts)]
    for key in sorted({part.zone for part in parts}):
        of_zone = [part for part in parts if part.zone == key]
        made.add_component(
            zone_rules(
                ZoneInfo(key),
                min(part.start for part in of_zone) - ZONE_RULES_AROUND,
                max(part.end for part in of_zone) + ZONE_RULES_AROUND,
            )
        )
    for event in events:
        made.add_component(event)
    return bytes(made.to_ical())


def _stretches(parts: Iterable[FeedPart]) -> Iterator[tuple[list[FeedPart], int]]:
    """The parts of an appointment that follow each other, and which stretch of it they are."""
    by_appointment: dict[str, list[list[FeedPart]]] = {}
    for part in parts:
        stretches = by_appointment.setdefault(str(part.appointment_id), [])
        if stretches and stretches[-1][-1].end == part.start:
            stretches[-1].append(part)
        else:
            stretches.append([part])
    for stretches in by_appointment.values():
        for number, stretch in enumerate(stretches):
            yield stretch, number


def _event(stretch: Sequence[FeedPart], number: int, shown: Shown) -> Event:
    first, last = stretch[0], stretch[-1]
    zone = ZoneInfo(first.zone)
    start, end = (instant.astimezone(zone) for instant in (first.start, last.end))
    if comes_twice(start) or comes_twice(end):
        start, end = start.astimezone(UTC), end.astimezone(UTC)
    event = Event()
    # The first has the UID of the client's file and of the invitation: it is the same appointment.
    suffix = f".{number}" if number else ""
    event.add("uid", f"{first.appointment_id}{suffix}@bookonce")
    for stamp in ("dtstamp", "last-modified"):
        event.add(stamp, _whole_second(first.changed_at))
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("sequence", first.sequence)
    services = ", ".join(part.service_name for part in stretch)
    named = shown.names_clients and first.client_name
    event.add("summary", f"{first.client_name} · {services}" if named else services)
    if where := ", ".join(filter(None, (first.location_name, first.location_address))):
        event.add("location", where)
    event.add("url", f"{shown.office_url}/appointments/{first.appointment_id}")
    event.add("status", _status(first.status))
    if first.status is Status.CANCELLED:
        event.add("transp", "TRANSPARENT")
    return event


def _whole_second(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)


def _status(status: Status) -> str:
    if status is Status.CANCELLED:
        return "CANCELLED"
    return "TENTATIVE" if status is Status.HELD else "CONFIRMED"
