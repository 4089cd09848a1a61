"""A message as it would be sent now."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bookonce.business.directory import Directory
from bookonce.messages.lane_rows import Told
from bookonce.messages.letter import Letter
from bookonce.messages.mail import Calendar


@dataclass(frozen=True, slots=True)
class Composed:
    """What is to be sent. `told` has the address, empty if there is none."""

    directory: Directory
    letter: Letter
    told: Told
    event: Calendar | None = None
    unsubscribe_url: str = ""
    zone: ZoneInfo | None = None
    """That of the appointment's clock; None if it is about none."""
