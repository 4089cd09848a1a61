"""The business file: reading it with every mistake named, writing it, and telling two apart."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
import tomlkit
from babel import Locale, UnknownLocaleError
from email_validator import EmailNotValidError, validate_email

from bookonce.business.convert import ERRORS_MAX, convert, encode_custom, salvaged
from bookonce.business.deposits import (
    CARDS,
    DepositFor,
    below_charge_minimum,
    deposit_problem,
    normal_deposit,
)
from bookonce.business.document import (
    ANYONE,
    SITE_PATTERN,
    STAFF_KIND,
    Business,
    DateHours,
    HoursAt,
    LocalTime,
    Location,
    Page,
    Resource,
    Service,
    Staff,
    TimeOff,
    WeeklyHours,
)
from bookonce.business.hours import WEEKDAYS, Span, overlapping
from bookonce.business.logos import Logo
from bookonce.business.visits import PHASES_MAX
from bookonce.platform import money
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.text import text_problem
from bookonce.platform.zones import is_zone

FILE_BYTES_MAX = 4 * 1024 * 1024
SHOWN_LENGTH_MAX = 300
TABLES = ("location", "staff", "resource", "service")
RESERVED_SLUGS = frozenset(
    {
        "api",
        "calendar",
        "embed",
        "healthz",
        "mcp",
        "metrics",
        "office",
        "readyz",
        "schema",
        "static",
        "webhooks",
    }
)
"""What the paths of the product begin with, or will; tests/web/test_routes.py compares them."""


def parse(text: str) -> Business:
    """Read a business file. Raises ValidationError naming every place that is wrong."""
    try:
        return from_tree(_tables(text))
    except RecursionError:
        raise ValidationError([FieldError("", "nested too deeply")]) from None


def _tables(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValidationError([FieldError("", f"not valid TOML: {error}")]) from None
    except ValueError:  # Python reads no number of thousands of digits
        raise ValidationError([FieldError("", "not valid TOML: a number is too long")]) from None


def from_tree(tree: dict[str, Any]) -> Business:
    """The business that a file's tables describe. Raises ValidationError as `parse` does.

    A mistake of one kind doesn't hide one of another: rules are tried on what can be salvaged.
    """
    errors = list(_text_errors(tree, ""))
    try:
        business = convert(tree, Business)
    except ValidationError as wrong:
        errors += wrong.errors
        business = salvaged(tree, Business)
    wrong_places = [error.field for error in errors]
    errors += [
        error
        for error in _rule_errors(business, wrong_places)
        if not any(_is_within(error.field, place) for place in wrong_places)
    ]
    if errors:
        raise ValidationError(errors[:ERRORS_MAX])
    return _normal(business)


def _is_within(place: str, other: str) -> bool:
    """Whether a place is another, or lies in it."""
    return place == other or place.startswith((f"{other}.", f"{other}["))


def render(business: Business) -> str:
    """Write the file that describes a business; `parse` reads the same business back."""
    document = tomlkit.document()
    tree = as_tree(business)
    for staff in tree.get("staff", ()):
        if "at" in staff and not staff["hours"]:
            del staff["hours"]  # an empty table would read as if there were no hours
    for name, value in tree.items():
        document[name] = value
    return tomlkit.dumps(document)


def as_tree(business: Business) -> dict[str, Any]:
    """The business as plain dicts, lists and scalars, absent options left out."""
    tree: dict[str, Any] = msgspec.to_builtins(business, enc_hook=encode_custom)
    for table in ("page", "protection", "payments", *TABLES):
        if not tree[table]:
            del tree[table]
    return tree


def changes(before: Business | None, after: Business) -> list[str]:
    """What `after` says differently, a line each; empty when nothing is."""
    if before is None:
        return [f"business {after.business.slug}: created"]
    old, new = _by_key(as_tree(before)), _by_key(as_tree(after))
    return list(_differences(old, new, ""))


def _rule_errors(business: Business, wrong_places: list[str]) -> Iterator[FieldError]:
    """What types can't say: keys that must be unique or exist, zones, amounts, overlaps."""
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
    for table in TABLES:
        yield from _repeated(table, [each.key for each in getattr(business, table)])
    yield from _page_errors(business.page)
    yield from _repeated(
        "payments.refunds", [str(tier.until_min) for tier in business.payments.refunds or ()]
    )
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


def _page_errors(page: Page) -> Iterator[FieldError]:
    if page.logo is not None:
        try:
            Logo.parse(page.logo)
        except ValueError as error:
            yield FieldError("page.logo", str(error))
    yield from _repeated("page.sites", page.sites)
    for index, site in enumerate(page.sites):
        if not re.match(SITE_PATTERN, site):
            yield FieldError(
                f"page.sites[{index}]",
                f'expected a site such as "https://www.example.com", without a path, got {site!r}',
            )


@dataclass(frozen=True, slots=True)
class _Known:
    """What may be referred to; None where it can't be told who is meant."""

    locations: list[str] | None
    staff: list[str] | None
    kinds: list[str] | None
    wrong_places: list[str]

    @classmethod
    def of(cls, business: Business, wrong_places: list[str]) -> _Known:
        def found(table: str, name: str) -> list[str] | None:
            place = re.compile(rf"{table}(\[\d+\](\.{name})?)?$")
            if any(place.match(wrong) for wrong in wrong_places):
                return None
            return [getattr(each, name) for each in getattr(business, table)]

        return cls(
            found("location", "key"), found("staff", "key"), found("resource", "kind"), wrong_places
        )

    def is_sound(self, place: str) -> bool:
        """Whether nothing is wrong at a place or in it, so that rules can be told of it."""
        return not any(_is_within(wrong, place) for wrong in self.wrong_places)


def _unknown(place: str, what: str, key: str, known: list[str] | None) -> Iterator[FieldError]:
    if known is not None and key not in known:
        yield FieldError(place, f"no {what} {key!r}")


def _location_errors(place: str, location: Location) -> Iterator[FieldError]:
    if location.timezone is not None and not is_zone(location.timezone):
        yield FieldError(f"{place}.timezone", f"no such IANA time zone: {location.timezone!r}")
    yield from _hours_errors(place, location.hours or WeeklyHours(), location.dates)


def _staff_errors(place: str, staff: Staff, known: _Known) -> Iterator[FieldError]:
    if staff.key == ANYONE:
        yield FieldError(f"{place}.key", f"{ANYONE!r} stands for anyone; choose another")
    if staff.email is not None:
        try:
            validate_email(staff.email, check_deliverability=False, globally_deliverable=False)
        except EmailNotValidError as error:
            yield FieldError(f"{place}.email", str(error))
    yield from _hours_errors(place, staff.hours, staff.dates)
    yield from _repeated(f"{place}.at", [each.location for each in staff.at])
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
    yield from _repeated(f"{place}.dates", [day.date for day in dates])
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
        yield from _repeated(f"{place}.{name}", keys or ())
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
    yield from _repeated(f"{place}.deposit_for", service.deposit_for)


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


def _repeated(place: str, keys: Iterable[str | date]) -> Iterator[FieldError]:
    for key, count in Counter(keys).items():
        if count > 1:
            yield FieldError(place, f"{str(key)!r} stands here {count} times; once is enough")


def _text_errors(value: Any, place: str) -> Iterator[FieldError]:
    """Strings that no database or page could keep, wherever they stand."""
    if isinstance(value, str):
        if problem := text_problem(value):
            yield FieldError(place, problem)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _text_errors(item, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _text_errors(item, f"{place}[{index}]")


def _normal(business: Business) -> Business:
    """One spelling of the same business: spans, dates and absences in order, amounts in full."""
    currency = business.business.currency
    zone = ZoneInfo(business.business.timezone)
    locations = [each.key for each in business.location]
    staff = [each.key for each in business.staff]
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
    )


def _in_order(keys: tuple[str, ...] | None, order: list[str]) -> tuple[str, ...] | None:
    return None if keys is None else tuple(key for key in order if key in keys)


HasHours = TypeVar("HasHours", Location, Staff, HoursAt)


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


def _by_key(value: Any) -> Any:
    """Lists of keyed tables as dicts, so that order and position don't count as a change."""
    if isinstance(value, dict):
        return {name: _by_key(item) for name, item in value.items()}
    if isinstance(value, list | tuple) and value and all(isinstance(item, dict) for item in value):
        keyed = {}
        for index, item in enumerate(value):
            name = next((name for name in ("key", "date", "from", "location") if name in item), "")
            keyed[item.get(name, index)] = {
                other: _by_key(v) for other, v in item.items() if other != name
            }
        return keyed
    return value


def _differences(old: Any, new: Any, place: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in {**old, **new}:
            inner = f"{place}.{name}" if place else str(name)
            if name not in old:
                yield f"{inner}: added{_shown(new[name])}"
            elif name not in new:
                yield f"{inner}: removed{_shown(old[name])}"
            else:
                yield from _differences(old[name], new[name], inner)
    elif old != new:
        yield f"{place}: {_plain(old)} → {_plain(new)}"


def _shown(value: Any) -> str:
    return "" if isinstance(value, dict) else f" {_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, str) and len(value) > SHOWN_LENGTH_MAX:
        return f"{value[:SHOWN_LENGTH_MAX]}…"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "none"
    return str(value)
