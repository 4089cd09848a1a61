"""An appointment as an iCalendar file (RFC 5545), to be put into a calendar by hand.

It has no ORGANIZER, although RFC 5546 wants one with a METHOD: a business has no mail address that
clients are told, and with a made-up one some calendars treat the file as an invitation, ask for an
answer that nobody reads, and keep their owner from changing the event.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from bookonce.booking.appointment import Appointment, Status
from bookonce.platform.zones import comes_twice
from bookonce.web.managed import Managed
from bookonce.web.public.zone_rules import zone_rules

MEDIA_TYPE = "text/calendar"
OVER = (Status.CANCELLED, Status.EXPIRED)
ZONE_RULES_AROUND = timedelta(days=366)
"""So that the rules still hold when the event is dragged to another season."""


def method(appointment: Appointment) -> str:
    """What a calendar is asked to do with the file; its media type has to say the same."""
    return "CANCEL" if appointment.status in OVER else "PUBLISH"


def calendar_file(held: Managed, manage_url: str) -> bytes:
    """One event in the location's time zone, with the zone's rules."""
    appointment = held.appointment
    zone = appointment.clock
    event = _event(held, zone, manage_url)
    calendar = Calendar()
    calendar.add("prodid", "-//Bookonce//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method(appointment))
    if "TZID" in event["dtstart"].params:
        calendar.add_component(
            zone_rules(
                zone, appointment.start - ZONE_RULES_AROUND, appointment.end + ZONE_RULES_AROUND
            )
        )
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _event(held: Managed, zone: ZoneInfo, manage_url: str) -> Event:
    appointment, directory = held.appointment, held.directory
    start, end = (instant.astimezone(zone) for instant in (appointment.start, appointment.end))
    if comes_twice(start) or comes_twice(end):
        # By the standard such a local time is the first of the two, but not by every program.
        start, end = start.astimezone(UTC), end.astimezone(UTC)
    event = Event()
    event.add("uid", f"{appointment.id}@bookonce")
    event.add("dtstamp", datetime.now(UTC))
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("sequence", appointment.sequence)
    event.add("summary", f"{held.title} · {directory.business.business.name}")
    told = held.timetable() or [f"{held.title}, {held.people}"]
    event.add("description", "\n".join((*told, manage_url)))
    if appointment.where:
        event.add("location", appointment.where)
    event.add("url", manage_url)
    event.add("status", _event_status(appointment.status))
    return event


def _event_status(status: Status) -> str:
    if status in OVER:
        return "CANCELLED"
    return "TENTATIVE" if status is Status.HELD else "CONFIRMED"
