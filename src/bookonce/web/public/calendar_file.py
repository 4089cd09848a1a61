"""The calendar file of an appointment, as its own page and its API give it."""

from __future__ import annotations

from datetime import UTC, datetime

from bookonce.booking.calendar_event import MEDIA_TYPE, calendar, method
from bookonce.web.managed import Managed

__all__ = ["MEDIA_TYPE", "calendar_file", "method"]


def calendar_file(held: Managed, manage_url: str) -> bytes:
    """One event, with the link to its manage page."""
    name = held.directory.business.business.name
    return calendar(held.appointment, name, manage_url, datetime.now(UTC))
