"""What people are told an appointment is, in the names of the day it was booked."""

from __future__ import annotations

from datetime import datetime

from bookonce.booking.appointment import Appointment
from bookonce.platform.zones import comes_twice, pass_name


def title(appointment: Appointment) -> str:
    """Its services, by the names under which they were booked."""
    return ", ".join(part.service_name for part in appointment.parts)


def people(appointment: Appointment) -> str:
    """Those who perform it, each once, by the names of the day it was booked."""
    return ", ".join(dict.fromkeys(part.staff_name for part in appointment.parts))


def timetable(appointment: Appointment) -> list[str]:
    """A line for each part with its times by the location's clock, its service and its performer, if
    there is more than one part; with the date where it isn't the first one's.
    """
    if len(appointment.parts) == 1:
        return []
    zone = appointment.clock
    first_day = appointment.start.astimezone(zone).date()

    def clock(instant: datetime) -> str:
        there = instant.astimezone(zone)
        day = "" if there.date() == first_day else f"{there:%Y-%m-%d} "
        twice = f" {pass_name(there)}" if comes_twice(there) else ""
        return f"{day}{there:%H:%M}{twice}"

    return [
        f"{clock(part.start)}–{clock(part.end)} {part.service_name}, {part.staff_name}"
        for part in appointment.parts
    ]
