"""One spelling of a business, so that the same business is the same value."""

from __future__ import annotations

from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from bookonce.business.deposits import DepositFor, normal_deposit
from bookonce.business.document import (
    Business,
    DateHours,
    HoursAt,
    LocalTime,
    Location,
    Staff,
    TimeOff,
    WeeklyHours,
)
from bookonce.business.hours import WEEKDAYS, Span
from bookonce.platform import money

HasHours = TypeVar("HasHours", Location, Staff, HoursAt)


def normal(business: Business) -> Business:
    """One spelling of the same business: spans, dates and absences in order, amounts in full."""
    currency = business.business.currency
    zone = ZoneInfo(business.business.timezone)
    locations = [each.key for each in business.location]
    staff = [each.key for each in business.staff]
    services = [each.key for each in business.service]
    payments = business.payments
    if payments.refunds:
        tiers = sorted(payments.refunds, key=lambda tier: -tier.until_min)
        payments = msgspec.structs.replace(payments, refunds=tuple(tiers))
    return msgspec.structs.replace(
        business,
        payments=payments,
        location=tuple(_normal_hours(each) for each in business.location),
        staff=tuple(_normal_staff(each, locations, zone) for each in business.staff),
        resource=tuple(
            msgspec.structs.replace(
                each,
                location=each.location or (locations[0] if locations else None),
                time_off=_normal_time_off(each.time_off, zone),
            )
            for each in business.resource
        ),
        service=tuple(
            msgspec.structs.replace(
                each,
                price=each.price and money.major(money.minor_units(each.price, currency), currency),
                deposit=each.deposit and normal_deposit(each.deposit, currency),
                deposit_for=tuple(who for who in DepositFor if who in each.deposit_for),
                staff=_in_order(each.staff, staff),
                locations=_in_order(each.locations, locations),
            )
            for each in business.service
        ),
        question=tuple(
            msgspec.structs.replace(each, services=_in_order(each.services, services))
            for each in business.question
        ),
    )


def _in_order(keys: tuple[str, ...] | None, order: list[str]) -> tuple[str, ...] | None:
    return None if keys is None else tuple(key for key in order if key in keys)


def _normal_hours(owner: HasHours) -> HasHours:
    """Spans by their start, dates in order."""

    def by_start(spans: tuple[Span, ...]) -> tuple[Span, ...]:
        return tuple(sorted(spans, key=lambda span: span.start_min))

    weekly = owner.hours
    return msgspec.structs.replace(
        owner,
        hours=weekly and WeeklyHours(**{day: by_start(getattr(weekly, day)) for day in WEEKDAYS}),
        dates=tuple(
            DateHours(day.date, by_start(day.hours))
            for day in sorted(owner.dates, key=lambda day: day.date)
        ),
    )


def _normal_staff(staff: Staff, locations: list[str], zone: ZoneInfo) -> Staff:
    """With several locations all hours stand under `at`, with one or none directly."""
    staff = _normal_hours(staff)
    at = {each.location: _normal_hours(each) for each in staff.at}
    if locations and locations[0] not in at:
        at[locations[0]] = HoursAt(locations[0], staff.hours, staff.dates)
    if len(locations) > 1:
        worked = (at[key] for key in locations if key in at)
        staff = msgspec.structs.replace(
            staff,
            hours=WeeklyHours(),
            dates=(),
            at=tuple(each for each in worked if each.dates or each.hours != WeeklyHours()),
        )
    elif locations:
        only = at[locations[0]]
        staff = msgspec.structs.replace(staff, hours=only.hours, dates=only.dates, at=())
    return msgspec.structs.replace(staff, time_off=_normal_time_off(staff.time_off, zone))


def _normal_time_off(time_off: tuple[TimeOff, ...], zone: ZoneInfo) -> tuple[TimeOff, ...]:
    def on_the_clock(absence: TimeOff) -> TimeOff:
        """A time that the clock skips is the one it shows instead."""
        return msgspec.structs.replace(
            absence,
            start=LocalTime.at(absence.start.instant(zone), zone),
            end=LocalTime.at(absence.end.instant(zone), zone),
        )

    return tuple(sorted(map(on_the_clock, time_off), key=lambda absence: absence.start))
