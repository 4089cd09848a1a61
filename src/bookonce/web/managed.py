"""An appointment as whoever has its manage token sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bookonce.availability.installation import Installation
from bookonce.booking.appointment import Appointment
from bookonce.booking.find import Found, access_by_token, find
from bookonce.business.directory import Directory
from bookonce.platform.zones import comes_twice, pass_name


@dataclass(frozen=True, slots=True)
class Managed:
    """An appointment with the business it is at and the token that opens its manage page."""

    directory: Directory
    appointment: Appointment
    token: str

    @classmethod
    def of(cls, found: Found, token: str) -> Managed:
        """What a verb answered to the holder of a token."""
        return cls(found.directory, found.appointment, token)

    @property
    def title(self) -> str:
        """Its services, by the names under which they were booked."""
        return ", ".join(part.service_name for part in self.appointment.parts)

    @property
    def people(self) -> str:
        """Those who perform it, each once, by the names of the day it was booked."""
        return ", ".join(dict.fromkeys(part.staff_name for part in self.appointment.parts))

    def timetable(self) -> list[str]:
        """A line for each part with its times by the location's clock, its service and its
        performer, if there is more than one part; with the date where it isn't the first one's.
        """
        if len(self.appointment.parts) == 1:
            return []
        zone = self.appointment.clock
        first_day = self.appointment.start.astimezone(zone).date()

        def clock(instant: datetime) -> str:
            there = instant.astimezone(zone)
            day = "" if there.date() == first_day else f"{there:%Y-%m-%d} "
            twice = f" {pass_name(there)}" if comes_twice(there) else ""
            return f"{day}{there:%H:%M}{twice}"

        return [
            f"{clock(part.start)}–{clock(part.end)} {part.service_name}, {part.staff_name}"
            for part in self.appointment.parts
        ]


async def managed(installation: Installation, slug: str, token: str) -> Managed:
    """The appointment that a token opens, as it is now. Raises NotFoundError."""
    access = await access_by_token(installation, slug, token)
    found = await find(installation, slug, access.appointment_id, now=datetime.now(UTC))
    return Managed.of(found, token)
