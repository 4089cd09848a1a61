"""A time zone's rules as an iCalendar file carries them (RFC 5545, 3.6.5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

from bookonce.platform.zones import OffsetSegment, offset_segments


def zone_rules(zone: ZoneInfo, first: datetime, last: datetime) -> Timezone:
    """What the zone's clock does between two instants, each change written out.

    Not `Timezone.from_tzid`: icalendar 7.3 tells a change by the clock after it, where the
    standard wants the clock before it, so every change forward comes an hour late.
    """
    rules = Timezone()
    rules.add("tzid", zone.key)
    segments = offset_segments(zone, int(first.timestamp()), int(last.timestamp()))
    for before, segment in zip((segments[0], *segments), segments, strict=False):
        rules.add_component(_observance(zone, before, segment))
    return rules


def _observance(
    zone: ZoneInfo, before: OffsetSegment, segment: OffsetSegment
) -> TimezoneStandard | TimezoneDaylight:
    onset = datetime.fromtimestamp(segment.start_s, UTC)
    saving_before = (
        timedelta(0) if before is segment else _saving(zone, onset - timedelta(seconds=1))
    )
    # Where winter is what is saved (Dublin, Casablanca), few programs know what to make of it;
    # told like this it is a summer time like any other, with the same offsets.
    put_forward = _saving(zone, onset) > saving_before
    observance = TimezoneDaylight() if put_forward else TimezoneStandard()
    observance.DTSTART = (onset + timedelta(seconds=before.offset_s)).replace(tzinfo=None)
    observance.TZOFFSETFROM = timedelta(seconds=before.offset_s)
    observance.TZOFFSETTO = timedelta(seconds=segment.offset_s)
    observance.add("tzname", onset.astimezone(zone).tzname())
    return observance


def _saving(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).dst() or timedelta(0)
