"""Whose clock times are told by, besides the place's: the zones that visitors choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from bookonce.platform.languages import Language

ZONES = (
    "Pacific/Pago_Pago", "Pacific/Honolulu", "America/Adak", "Pacific/Marquesas",
    "America/Anchorage", "Pacific/Gambier", "America/Los_Angeles", "Pacific/Pitcairn",
    "America/Phoenix", "America/Denver", "America/Mexico_City", "America/Chicago",
    "Pacific/Easter", "America/Bogota", "America/Havana", "America/New_York", "America/Caracas",
    "America/Santiago", "America/Halifax", "America/St_Johns", "America/Sao_Paulo",
    "America/Miquelon", "America/Nuuk", "America/Noronha", "Atlantic/Azores",
    "Atlantic/Cape_Verde", "Africa/Abidjan", "Europe/London", "Antarctica/Troll",
    "Africa/Casablanca", "Africa/Lagos", "Europe/Berlin", "Africa/Johannesburg", "Africa/Cairo",
    "Europe/Athens", "Asia/Beirut", "Asia/Jerusalem",
    "Europe/Istanbul", "Asia/Tehran", "Asia/Dubai", "Asia/Kabul", "Asia/Karachi", "Asia/Kolkata",
    "Asia/Kathmandu", "Asia/Dhaka", "Asia/Yangon", "Asia/Bangkok", "Asia/Shanghai",
    "Australia/Eucla", "Asia/Tokyo", "Australia/Darwin", "Australia/Adelaide",
    "Australia/Brisbane", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Noumea",
    "Pacific/Norfolk", "Pacific/Fiji", "Pacific/Auckland", "Pacific/Tongatapu", "Pacific/Chatham",
    "Pacific/Kiritimati",
)  # fmt: skip
"""One for each way in which clocks go, in a place that many know."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """The choice of a zone: the form's address, what else it carries, and the zones by their keys
    with what they are called.
    """

    place: str
    yours: str
    """The visitor's zone; empty if the address names none that there is."""
    action: str
    carried: Mapping[str, str]
    zones: list[tuple[str, str]]

    @property
    def chosen(self) -> str:
        """The zone that is chosen, if only by default."""
        return self.yours or self.place


def clocks(
    place: ZoneInfo,
    yours: ZoneInfo | None,
    action: str,
    carried: Mapping[str, str],
    language: Language,
    moment: datetime,
) -> Clocks:
    """The zones to choose from, from west to east by their clocks at a moment."""
    keys = dict.fromkeys((*ZONES, place.key, *((yours.key,) if yours else ())))

    def offset_s(key: str) -> float:
        offset = moment.astimezone(_zone(key)).utcoffset()
        assert offset is not None
        return offset.total_seconds()

    named = [(offset_s(key), language.city(key), key) for key in keys]
    return Clocks(
        place.key,
        yours.key if yours else "",
        action,
        {name: value for name, value in carried.items() if name != "tz"},
        [(key, f"{_offset(of_s)} {city}") for of_s, city, key in sorted(named)],
    )


@lru_cache(1024)
def _zone(key: str) -> ZoneInfo:
    """Python itself keeps eight at hand, and reads the others from their files each time."""
    return ZoneInfo(key)


def _offset(seconds: float) -> str:
    hours, minutes = divmod(abs(round(seconds / 60)), 60)
    sign = "−" if seconds < 0 else "+"
    return f"UTC{sign}{hours}{f':{minutes:02}' if minutes else ''}"
