"""An appointment as iCalendar (RFC 5545): a file to be put into a calendar by hand, or an invitation.

The file has no ORGANIZER, although RFC 5546 wants one with a METHOD: a business has no mail address
that clients are told, and with a made-up one some calendars treat the file as an invitation, ask for
an answer that nobody reads, and keep their owner from changing the event. An invitation is for those
who perform it, whose calendars take it in by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress

from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.calendar_zone import zone_rules
from bookonce.booking.told import people, timetable, title
from bookonce.platform.zones import comes_twice

MEDIA_TYPE = "text/calendar"
OVER = (Status.CANCELLED, Status.EXPIRED)
ZONE_RULES_AROUND = timedelta(days=366)
"""So that the rules still hold when the event is dragged to another season."""


@dataclass(frozen=True, slots=True)
class Invited:
    """Whose calendar an invitation is for, and from whom it comes: names and mail addresses.
    `is_off`: it is theirs no more, whoever has it now.
    """

    name: str
    address: str
    organizer: str
    organizer_address: str
    is_off: bool = False


def method(appointment: Appointment, invited: Invited | None = None) -> str:
    """What a calendar is asked to do with it; its media type has to say the same."""
    if appointment.status in OVER or (invited is not None and invited.is_off):
        return "CANCEL"
    return "PUBLISH" if invited is None else "REQUEST"


def calendar(
    appointment: Appointment,
    business_name: str,
    url: str,
    now: datetime,
    *,
    invited: Invited | None = None,
) -> bytes:
    """One event in the location's time zone, with the zone's rules. `url` is the page that tells of
    it; empty: none.
    """
    zone = appointment.clock
    event = _event(appointment, business_name, url, now)
    if invited is not None:
        _invite(event, invited)
    made = Calendar()
    made.add("prodid", "-//Bookonce//EN")
    made.add("version", "2.0")
    made.add("method", method(appointment, invited))
    if "TZID" in event["dtstart"].params:
        made.add_component(
            zone_rules(
                zone, appointment.start - ZONE_RULES_AROUND, appointment.end + ZONE_RULES_AROUND
            )
        )
    made.add_component(event)
    return bytes(made.to_ical())


def _event(appointment: Appointment, business_name: str, url: str, now: datetime) -> Event:
    start, end = _on_the_clock(appointment, appointment.clock)
    event = Event()
    event.add("uid", f"{appointment.id}@bookonce")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("sequence", appointment.sequence)
    event.add("summary", f"{title(appointment)} · {business_name}")
    told = timetable(appointment) or [f"{title(appointment)}, {people(appointment)}"]
    event.add("description", "\n".join((*told, url) if url else told))
    if appointment.where:
        event.add("location", appointment.where)
    if url:
        event.add("url", url)
    event.add("status", _status(appointment.status))
    return event


def _on_the_clock(appointment: Appointment, zone: ZoneInfo) -> tuple[datetime, datetime]:
    start, end = (instant.astimezone(zone) for instant in (appointment.start, appointment.end))
    if comes_twice(start) or comes_twice(end):
        # By the standard such a local time is the first of the two, but not by every program.
        return start.astimezone(UTC), end.astimezone(UTC)
    return start, end


def _invite(event: Event, invited: Invited) -> None:
    """Put it into somebody's calendar as theirs, without asking for an answer."""
    organizer = vCalAddress(f"mailto:{invited.organizer_address}")
    organizer.params["cn"] = invited.organizer
    event.add("organizer", organizer)
    attendee = vCalAddress(f"mailto:{invited.address}")
    attendee.params["cn"] = invited.name
    attendee.params["partstat"] = "ACCEPTED"
    attendee.params["rsvp"] = "FALSE"
    event.add("attendee", attendee)
    if invited.is_off:
        event["status"] = "CANCELLED"


def _status(status: Status) -> str:
    if status in OVER:
        return "CANCELLED"
    return "TENTATIVE" if status is Status.HELD else "CONFIRMED"
