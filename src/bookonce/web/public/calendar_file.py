"""An appointment as an iCalendar file (RFC 5545)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from bookonce.core.appointments import Status
from bookonce.services.book import Held

MEDIA_TYPE = "text/calendar"
ZONE_RULES_AROUND = timedelta(days=366)


def calendar_file(held: Held, manage_url: str) -> bytes:
    """One event in the location's time zone, with the zone's rules."""
    appointment, directory = held.appointment, held.directory
    profile = directory.business.business
    service = directory.service_name(appointment.service)
    staff = directory.staff_name(appointment.staff)
    cancelled = appointment.status is Status.CANCELLED
    event = Event()
    event.add("uid", f"{appointment.id}@bookonce")
    event.add("dtstamp", datetime.now(UTC))
    zone = directory.zone_at(appointment.location)
    start, end = (instant.astimezone(zone) for instant in (appointment.start, appointment.end))
    if start.fold or end.fold:
        # A local time that comes twice means the first; the second can only be said in UTC.
        start, end = start.astimezone(UTC), end.astimezone(UTC)
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("sequence", appointment.sequence)
    event.add("summary", f"{service} · {profile.name}")
    event.add("description", f"{service}, {staff}\n{manage_url}")
    if where := directory.where(appointment.location):
        event.add("location", where)
    event.add("url", manage_url)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    calendar = Calendar()
    calendar.add("prodid", "-//Bookonce//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
    calendar.add_component(event)
    calendar.add_missing_timezones(
        appointment.start.date() - ZONE_RULES_AROUND, appointment.end.date() + ZONE_RULES_AROUND
    )
    return bytes(calendar.to_ical())
