"""Time zones as pieces of constant offset.

Between two changes a zone is a plain shift, so every question about wall clocks (gaps, folds,
days that don't exist) becomes arithmetic on shifted integers. Instants are seconds since
1970-01-01T00:00Z; wall time is the same count read off the local clock.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bookonce.platform import zone_database  # noqa: F401 it chooses the rules before a zone is read

DAY_S = 86_400
FIRST_YEAR, LAST_YEAR = 1971, 8999
"""Nothing is on offer outside these years; within them no zone's offset leads out of the calendar."""
_PROBE_S = 43_200  # no zone changes its clock twice within half a day
_EPOCH = date(1970, 1, 1)


class OffsetSegment(NamedTuple):
    """The half-open piece of time [start_s, end_s) in which wall = instant + offset_s."""

    start_s: int
    end_s: int
    offset_s: int


def is_zone(name: str) -> bool:
    """Whether `name` is a zone of the IANA database."""
    return name in zoneinfo.available_timezones()


def wall(zone: ZoneInfo, instant: datetime) -> datetime:
    """What a zone's clock shows at an instant: a local time without an offset."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def promised(zone: ZoneInfo, wall_start: datetime, near: datetime) -> datetime | None:
    """The instant, in UTC, at which a zone's clock shows a local time; None if it is skipped.

    Of the two of a repeated hour it is the one closer to `near`.
    """
    found = {wall_start.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    shown = [instant for instant in found if wall(zone, instant) == wall_start]
    return min(shown, key=lambda instant: (abs(instant - near), instant), default=None)


@lru_cache(maxsize=4096)
def fingerprint(zones: frozenset[str]) -> str:
    """What tells whether two versions of the rules say the same of some zones from 2025 to 2040."""
    start_s, end_s = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2025, 2040))
    digest = sha256()
    for name in sorted(zones):
        digest.update(repr((name, offset_segments(ZoneInfo(name), start_s, end_s))).encode())
    return digest.hexdigest()[:32]


def is_in_calendar(moment: datetime) -> bool:
    """Whether a moment can be shown by the clocks of any zone, and a day before and after it, too."""
    return FIRST_YEAR <= moment.year <= LAST_YEAR


def comes_twice(local: datetime) -> bool:
    """Whether the clock shows this time twice; a local time made from an instant is never skipped."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def pass_name(local: datetime) -> str:
    """What tells a time that comes twice from its double: "CEST", or "UTC+10:30" where the zone's
    abbreviation is a number or the same for both.
    """
    name = local.tzname() or ""
    if name.isalpha() and name != local.replace(fold=1 - local.fold).tzname():
        return name
    return f"UTC{local.isoformat()[-6:]}"


def offset_s(zone: ZoneInfo, instant_s: int) -> int:
    """The zone's offset from UTC at an instant, in seconds."""
    offset = datetime.fromtimestamp(instant_s, zone).utcoffset()
    assert offset is not None
    return offset // timedelta(seconds=1)


def offset_segments(zone: ZoneInfo, start_s: int, end_s: int) -> list[OffsetSegment]:
    """Cut [start_s, end_s) where the zone's offset changes."""
    if start_s >= end_s:
        return []
    segments: list[OffsetSegment] = []
    for year in range(
        datetime.fromtimestamp(start_s, UTC).year, datetime.fromtimestamp(end_s - 1, UTC).year + 1
    ):
        for piece in _segments_of_year(zone, year):
            low, high = max(piece.start_s, start_s), min(piece.end_s, end_s)
            if low >= high:
                continue
            if segments and segments[-1].offset_s == piece.offset_s:
                segments[-1] = segments[-1]._replace(end_s=high)
            else:
                segments.append(OffsetSegment(low, high, piece.offset_s))
    return segments


@lru_cache(maxsize=4096)
def _segments_of_year(zone: ZoneInfo, year: int) -> tuple[OffsetSegment, ...]:
    start_s = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    end_s = start_s + (date(year, 12, 31).timetuple().tm_yday) * DAY_S
    segments: list[OffsetSegment] = []
    piece_start, offset = start_s, offset_s(zone, start_s)
    probe = start_s
    while probe < end_s:
        ahead = min(probe + _PROBE_S, end_s)
        new_offset = offset_s(zone, ahead) if ahead < end_s else offset_s(zone, end_s - 1)
        if new_offset != offset:
            low, high = probe, min(ahead, end_s - 1)  # offset holds at low, not at high
            while high - low > 1:
                middle = (low + high) // 2
                if offset_s(zone, middle) == offset:
                    low = middle
                else:
                    high = middle
            segments.append(OffsetSegment(piece_start, high, offset))
            piece_start, offset = high, new_offset
        probe = ahead
    segments.append(OffsetSegment(piece_start, end_s, offset))
    return tuple(segments)


def day_number(day: date) -> int:
    """Days since 1970-01-01, the unit in which wall-clock dates are counted here."""
    return (day - _EPOCH).days


def date_of(number: int) -> date:
    """The date that `day_number` counts."""
    return _EPOCH + timedelta(days=number)


def wall_start_of_day_s(zone: ZoneInfo, day: date) -> int:
    """The first instant whose wall-clock date is `day` or later, in seconds since the epoch.

    On a day whose midnight is skipped this is the first instant after the gap.
    """
    midnight_wall_s = day_number(day) * DAY_S
    for segment in offset_segments(zone, midnight_wall_s - 2 * DAY_S, midnight_wall_s + 2 * DAY_S):
        if segment.end_s + segment.offset_s > midnight_wall_s:
            return max(segment.start_s, midnight_wall_s - segment.offset_s)
    raise AssertionError("a zone's offset is less than a day")
