"""What types can't say of a business: keys that must be unique or exist, zones, amounts, overlaps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from email_validator import EmailNotValidError, validate_email

from bookonce.business.deposits import CARDS, below_charge_minimum, deposit_problem
from bookonce.business.document import (
    ANYONE,
    STAFF_KIND,
    Business,
    DateHours,
    Location,
    Resource,
    Service,
    Staff,
    TimeOff,
    WeeklyHours,
)
from bookonce.business.face_checks import face_errors, repeated
from bookonce.business.hours import WEEKDAYS, Span, overlapping
from bookonce.business.messages import Messages, problems
from bookonce.business.question_checks import question_errors
from bookonce.business.visits import PHASES_MAX
from bookonce.platform import money
from bookonce.platform.errors import FieldError
from bookonce.platform.languages import LANGUAGES
from bookonce.platform.zones import is_zone

TABLES = ("location", "staff", "resource", "category", "service", "question")
RESERVED_SLUGS = frozenset(
    {
        "account",
        "api",
        "calendar",
        "embed",
        "healthz",
        "invitation",
        "link",
        "mcp",
        "metrics",
        "office",
        "readyz",
        "schema",
        "static",
        "webhooks",
    }
)
"""What the paths of the product begin with, or will, there and within the office; tests/web/test_routes.py
compares them.
"""


def rule_errors(business: Business, wrong_places: list[str]) -> Iterator[FieldError]:
    """What is wrong with a business whose types are right, but for what is at `wrong_places`."""
    profile = business.business
    zone = ZoneInfo(profile.timezone if is_zone(profile.timezone) else "UTC")
    if not is_zone(profile.timezone):
        yield FieldError("business.timezone", f"no such IANA time zone: {profile.timezone!r}")
    if profile.slug in RESERVED_SLUGS:
        yield FieldError("business.slug", f"{profile.slug!r} is reserved; choose another")
    if not money.is_currency(profile.currency):
        yield FieldError(
            "business.currency", f"expected an ISO 4217 code such as EUR, got {profile.currency!r}"
        )
    try:
        Locale.parse(profile.locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        yield FieldError("business.locale", f"expected a locale such as de, got {profile.locale!r}")
    yield from _email_errors("business.email", profile.email)
    for table in TABLES:
        yield from repeated(table, [each.key for each in getattr(business, table)])
    yield from face_errors(business)
    yield from repeated(
        "payments.refunds", [str(tier.until_min) for tier in business.payments.refunds or ()]
    )
    yield from _message_errors(business.messages)
    known = _Known.of(business, wrong_places)
    for index, location in enumerate(business.location):
        yield from _location_errors(f"location[{index}]", location)
    for index, staff in enumerate(business.staff):
        yield from _staff_errors(f"staff[{index}]", staff, known)
        yield from _time_off_errors(f"staff[{index}].time_off", staff.time_off, zone)
    for index, resource in enumerate(business.resource):
        yield from _resource_errors(f"resource[{index}]", resource, known)
        yield from _time_off_errors(f"resource[{index}].time_off", resource.time_off, zone)
    for index, service in enumerate(business.service):
        yield from _service_errors(f"service[{index}]", service, known, profile.currency)
        yield from _charge_errors(f"service[{index}]", service, business)
    for index, question in enumerate(business.question):
        yield from question_errors(f"question[{index}]", question, known.services)


def is_within(place: str, other: str) -> bool:
    """Whether a place is another, or lies in it."""
    return place == other or place.startswith((f"{other}.", f"{other}["))


def _message_errors(messages: Messages) -> Iterator[FieldError]:
    yield from _email_errors("messages.reply_to", messages.reply_to)
    yield from repeated("messages.owner_copy", messages.owner_copy)
    for index, email in enumerate(messages.owner_copy):
        yield from _email_errors(f"messages.owner_copy[{index}]", email)
    yield from repeated("messages.reminders", messages.reminders)
    written = [f"{each.kind} in {each.language}" for each in messages.template]
    yield from repeated("messages.template", written)
    for place, problem in problems(messages, LANGUAGES):
        yield FieldError(f"messages.{place}", problem)


@dataclass(frozen=True, slots=True)
class _Known:
    """What may be referred to; None where it can't be told who is meant."""

    locations: list[str] | None
    staff: list[str] | None
    kinds: list[str] | None
    categories: list[str] | None
    services: list[str] | None
    wrong_places: list[str]

    @classmethod
    def of(cls, business: Business, wrong_places: list[str]) -> _Known:
        def found(table: str, name: str) -> list[str] | None:
            place = re.compile(rf"{table}(\[\d+\](\.{name})?)?$")
            if any(place.match(wrong) for wrong in wrong_places):
                return None
            return [getattr(each, name) for each in getattr(business, table)]

        return cls(
            found("location", "key"),
            found("staff", "key"),
            found("resource", "kind"),
            found("category", "key"),
            found("service", "key"),
            wrong_places,
        )

    def is_sound(self, place: str) -> bool:
        """Whether nothing is wrong at a place or in it, so that rules can be told of it."""
        return not any(is_within(wrong, place) for wrong in self.wrong_places)


def _unknown(place: str, what: str, key: str, known: list[str] | None) -> Iterator[FieldError]:
    if known is not None and key not in known:
        yield FieldError(place, f"no {what} {key!r}")


def _location_errors(place: str, location: Location) -> Iterator[FieldError]:
    if location.timezone is not None and not is_zone(location.timezone):
        yield FieldError(f"{place}.timezone", f"no such IANA time zone: {location.timezone!r}")
    yield from _hours_errors(place, location.hours or WeeklyHours(), location.dates)


def _email_errors(place: str, address: str | None) -> Iterator[FieldError]:
    if address is None:
        return
    try:
        validate_email(address, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        yield FieldError(place, str(error))


def _staff_errors(place: str, staff: Staff, known: _Known) -> Iterator[FieldError]:
    if staff.key == ANYONE:
        yield FieldError(f"{place}.key", f"{ANYONE!r} stands for anyone; choose another")
    yield from _email_errors(f"{place}.email", staff.email)
    yield from _hours_errors(place, staff.hours, staff.dates)
    yield from repeated(f"{place}.at", [each.location for each in staff.at])
    for index, each in enumerate(staff.at):
        there = f"{place}.at[{index}]"
        yield from _unknown(
            f"{there}.location", "location has the key", each.location, known.locations
        )
        yield from _hours_errors(there, each.hours, each.dates)
        has_plain = staff.hours != WeeklyHours() or staff.dates
        if has_plain and known.locations and each.location == known.locations[0]:
            yield FieldError(
                f"{there}.location",
                f"{place}.hours and dates are those at {each.location!r} already, the first location",
            )


def _hours_errors(
    place: str, weekly: WeeklyHours, dates: tuple[DateHours, ...]
) -> Iterator[FieldError]:
    for weekday in WEEKDAYS:
        yield from _overlap_errors(f"{place}.hours.{weekday}", getattr(weekly, weekday))
    yield from repeated(f"{place}.dates", [day.date for day in dates])
    for index, day in enumerate(dates):
        yield from _overlap_errors(f"{place}.dates[{index}].hours", day.hours)


def _resource_errors(place: str, resource: Resource, known: _Known) -> Iterator[FieldError]:
    if resource.kind == STAFF_KIND:
        yield FieldError(f"{place}.kind", f"{STAFF_KIND!r} stands for people; choose another")
    if resource.location is not None:
        yield from _unknown(
            f"{place}.location", "location has the key", resource.location, known.locations
        )
    elif known.locations and len(known.locations) > 1:
        yield FieldError(f"{place}.location", f"is required: one of {', '.join(known.locations)}")


def _time_off_errors(
    place: str, time_off: tuple[TimeOff, ...], zone: ZoneInfo
) -> Iterator[FieldError]:
    """Absences that end before they start, or overlap, as instants."""
    absences = [absence for absence in time_off if absence.start and absence.end]
    for absence in absences:
        if absence.start.instant(zone) >= absence.end.instant(zone):
            yield FieldError(place, f"from {absence.start:%Y-%m-%dT%H:%M} must be before to")
    absences.sort(key=lambda absence: absence.start.instant(zone))
    for earlier, later in pairwise(absences):
        if later.start.instant(zone) < earlier.end.instant(zone):
            yield FieldError(
                place,
                f"absences overlap: {earlier.start:%Y-%m-%dT%H:%M} and "
                f"{later.start:%Y-%m-%dT%H:%M}",
            )


def _service_errors(
    place: str, service: Service, known: _Known, currency: str
) -> Iterator[FieldError]:
    if service.phases:
        together_min = sum(phase.duration_min for phase in service.phases)
        are_sound = known.is_sound(f"{place}.phases") and known.is_sound(f"{place}.duration_min")
        if are_sound and together_min != service.duration_min:
            yield FieldError(
                f"{place}.phases",
                f"last {together_min} minutes together, but duration_min is {service.duration_min}",
            )
        if are_sound and not any(phase.staff for phase in service.phases):
            yield FieldError(f"{place}.phases", "at least one must be with staff")
    if len(service.phases) > PHASES_MAX:
        yield FieldError(f"{place}.phases", f"at most {PHASES_MAX}")
    for name, what, keys, of in (
        ("staff", "staff has the key", service.staff, known.staff),
        ("needs", "resource is of the kind", service.needs, known.kinds),
        ("locations", "location has the key", service.locations, known.locations),
    ):
        for index, key in enumerate(keys or ()):
            yield from _unknown(f"{place}.{name}[{index}]", what, key, of)
        yield from repeated(f"{place}.{name}", keys or ())
    if service.category is not None:
        yield from _unknown(
            f"{place}.category", "category has the key", service.category, known.categories
        )
    price_minor = None
    if service.price is not None and money.is_currency(currency):
        try:
            price_minor = money.minor_units(service.price, currency)
        except ValueError as error:
            yield FieldError(f"{place}.price", str(error))
            return
    if service.deposit is not None and money.is_currency(currency):
        if problem := deposit_problem(service.deposit, price_minor, currency):
            yield FieldError(f"{place}.deposit", problem)
    elif service.deposit_for:
        yield FieldError(f"{place}.deposit_for", "needs a deposit")
    yield from repeated(f"{place}.deposit_for", service.deposit_for)


def _charge_errors(place: str, service: Service, business: Business) -> Iterator[FieldError]:
    """A sound deposit that can't be charged to a card for being too small."""
    currency = business.business.currency
    if service.deposit is None or business.payments.provider != CARDS:
        return
    try:
        price_minor = service.price and money.minor_units(service.price, currency)
        if deposit_problem(service.deposit, price_minor or None, currency):
            return
    except (ValueError, LookupError):
        return  # told already
    if problem := below_charge_minimum(service.deposit, price_minor or None, currency):
        yield FieldError(f"{place}.deposit", problem)


def _overlap_errors(place: str, spans: tuple[Span, ...]) -> Iterator[FieldError]:
    if pair := overlapping(spans):
        yield FieldError(place, f"spans overlap: {pair[0]} and {pair[1]}")
