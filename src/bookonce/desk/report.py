"""Reports: a period of a business in figures, against the one before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.availability.installation import Installation
from bookonce.business.directory import Directory
from bookonce.business.hours import open_intervals
from bookonce.desk import agenda_rows, report_rows
from bookonce.desk.agenda import days_between
from bookonce.desk.report_rows import DayCount, Share, Totals
from bookonce.platform.connection import Connection
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.intervals import Interval, merged
from bookonce.platform.zones import FIRST_YEAR, LAST_YEAR

DAYS_MAX = 366


@dataclass(frozen=True, slots=True)
class Period:
    """Dates of the business's clock, both included."""

    first: date
    last: date

    @classmethod
    def of(cls, first: date, last: date) -> Period:
        """Raises ValidationError unless it can be reported."""
        if last < first:
            raise ValidationError([FieldError("to", "must not be before from")])
        if (last - first).days >= DAYS_MAX:
            raise ValidationError([FieldError("to", f"at most {DAYS_MAX} days")])
        if first.year <= FIRST_YEAR + 1 or last.year >= LAST_YEAR:
            raise ValidationError([FieldError("from", "expected a date of this age")])
        return cls(first, last)

    @property
    def days(self) -> list[date]:
        """Its dates."""
        return [self.first + timedelta(n) for n in range((self.last - self.first).days + 1)]

    @property
    def before(self) -> Period:
        """As many days, just before it."""
        length = timedelta(len(self.days))
        return Period(self.first - length, self.last - length)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a period comes to. `open_min`: how long each staff member could be booked, by key, blocked
    time and absences taken off.
    """

    totals: Totals
    amounts: dict[str, int]
    services: Sequence[Share]
    staff: Sequence[Share]
    sources: Sequence[Share]
    open_min: dict[str, int]


@dataclass(frozen=True, slots=True)
class Report:
    """A period, the one before it, and each day of the period."""

    period: Period
    now: Figures
    before: Figures
    by_day: Sequence[DayCount]


async def report(
    installation: Installation, directory: Directory, period: Period, *, access: Access
) -> Report:
    """The figures of a period. Raises ForbiddenError."""
    access.require(Right.MONEY)
    start, end = days_between(directory.zone, period.first, period.last)
    profile = directory.business.business

    async def read(connection: Connection) -> Report:
        counted = {
            each.day: each
            for each in await report_rows.by_day(
                connection,
                directory.business_id,
                start,
                end,
                directory.zone.key,
                profile.currency,
            )
        }
        return Report(
            period,
            await _figures(connection, directory, period),
            await _figures(connection, directory, period.before),
            [counted.get(day) or DayCount(day, 0, 0) for day in period.days],
        )

    return await installation.database.run(read)


async def _figures(connection: Connection, directory: Directory, period: Period) -> Figures:
    start, end = days_between(directory.zone, period.first, period.last)
    business_id, currency = directory.business_id, directory.business.business.currency
    services, staff, sources = await report_rows.shares(
        connection, business_id, start, end, currency
    )
    blocks = await agenda_rows.blocks(
        connection, business_id, list(directory.staff_ids.values()), start, end
    )
    blocked: dict[str, list[Interval]] = {}
    for block in blocks:
        span = (int(block.start.timestamp()), int(block.end.timestamp()))
        blocked.setdefault(block.resource, []).append(span)
    return Figures(
        totals=await report_rows.totals(connection, business_id, start, end),
        amounts=await report_rows.amounts(connection, business_id, start, end),
        services=services,
        staff=staff,
        sources=sources,
        open_min={
            key: _open_min(directory, key, start, end, blocked.get(key, []))
            for key in directory.staff_ids
        },
    )


def _open_min(
    directory: Directory, key: str, start: datetime, end: datetime, blocked: Iterable[Interval]
) -> int:
    """How many minutes somebody could be booked, wherever they work."""
    low, high = int(start.timestamp()), int(end.timestamp())
    pieces: list[Interval] = []
    for place in directory.places.values():
        spans: list[Interval] | None = None
        for hours in place.hours.get(key, ()):
            opened = open_intervals(hours, place.zone, low, high)
            spans = opened if spans is None else _common(spans, opened)
        pieces += spans or []
    opened = merged(pieces)
    taken = _common(opened, merged(blocked))
    return (_length(opened) - _length(taken)) // 60


def _length(intervals: Iterable[Interval]) -> int:
    return sum(high - low for low, high in intervals)


def _common(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    """What is in both of two ascending, disjoint lists."""
    found, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        low, high = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if low < high:
            found.append((low, high))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return found
