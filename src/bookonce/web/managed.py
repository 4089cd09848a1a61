"""An appointment as whoever has its manage token sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bookonce.availability.installation import Installation
from bookonce.booking import told
from bookonce.booking.appointment import Appointment
from bookonce.booking.find import Found, access_by_token, find
from bookonce.business.directory import Directory


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
        return told.title(self.appointment)

    @property
    def people(self) -> str:
        """Those who perform it, each once, by the names of the day it was booked."""
        return told.people(self.appointment)

    def timetable(self) -> list[str]:
        """A line for each part; see `booking/told.py`."""
        return told.timetable(self.appointment)


async def managed(installation: Installation, slug: str, token: str) -> Managed:
    """The appointment that a token opens, as it is now. Raises NotFoundError."""
    access = await access_by_token(installation, slug, token)
    found = await find(installation, slug, access.appointment_id, now=datetime.now(UTC))
    return Managed.of(found, token)
