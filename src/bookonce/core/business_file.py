"""The business file: reading it with every mistake named, writing it, and telling two apart."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import tomlkit
from babel import Locale, UnknownLocaleError
from email_validator import EmailNotValidError, validate_email

from bookonce.core import money
from bookonce.core.business import (
    ANYONE,
    Business,
    DateHours,
    LocalTime,
    Service,
    Staff,
    TimeOff,
)
from bookonce.core.convert import ERRORS_MAX, convert, encode_custom, salvaged
from bookonce.core.errors import FieldError, ValidationError
from bookonce.core.hours import WEEKDAYS, Span, overlapping
from bookonce.core.text import text_problem
from bookonce.core.zones import is_zone

FILE_BYTES_MAX = 4 * 1024 * 1024
_STAFF_KEYS = re.compile(r"staff(\[\d+\](\.key)?)?$")
RESERVED_SLUGS = frozenset({"api", "schema", "healthz", "readyz", "metrics", "static", "embed"})


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
    for name, value in as_tree(business).items():
        document[name] = value
    return tomlkit.dumps(document)


def as_tree(business: Business) -> dict[str, Any]:
    """The business as plain dicts, lists and scalars, absent options left out."""
    tree: dict[str, Any] = msgspec.to_builtins(business, enc_hook=encode_custom)
    for table in ("staff", "service"):
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
    yield from _repeated("staff", [staff.key for staff in business.staff])
    yield from _repeated("service", [service.key for service in business.service])
    known: set[str] | None = {staff.key for staff in business.staff}
    if any(_STAFF_KEYS.match(place) for place in wrong_places):
        known = None  # who is meant can't be told
    for index, staff in enumerate(business.staff):
        yield from _staff_errors(f"staff[{index}]", staff)
        yield from _time_off_errors(f"staff[{index}].time_off", staff, zone)
    for index, service in enumerate(business.service):
        yield from _service_errors(f"service[{index}]", service, known, profile.currency)


def _staff_errors(place: str, staff: Staff) -> Iterator[FieldError]:
    if staff.key == ANYONE:
        yield FieldError(f"{place}.key", f"{ANYONE!r} stands for anyone; choose another")
    if staff.email is not None:
        try:
            validate_email(staff.email, check_deliverability=False, globally_deliverable=False)
        except EmailNotValidError as error:
            yield FieldError(f"{place}.email", str(error))
    for weekday in WEEKDAYS:
        yield from _overlap_errors(f"{place}.hours.{weekday}", getattr(staff.hours, weekday))
    yield from _repeated(f"{place}.dates", [day.date for day in staff.dates])
    for index, day in enumerate(staff.dates):
        yield from _overlap_errors(f"{place}.dates[{index}].hours", day.hours)


def _time_off_errors(place: str, staff: Staff, zone: ZoneInfo) -> Iterator[FieldError]:
    """Absences that end before they start, or overlap, as instants."""
    absences = [absence for absence in staff.time_off if absence.start and absence.end]
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
    place: str, service: Service, staff: set[str] | None, currency: str
) -> Iterator[FieldError]:
    for index, key in enumerate(service.staff or ()):
        if staff is not None and key not in staff:
            yield FieldError(f"{place}.staff[{index}]", f"no staff has the key {key!r}")
    yield from _repeated(f"{place}.staff", service.staff or ())
    if service.price is not None and money.is_currency(currency):
        try:
            money.minor_units(service.price, currency)
        except ValueError as error:
            yield FieldError(f"{place}.price", str(error))


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
    return msgspec.structs.replace(
        business,
        staff=tuple(_normal_staff(staff, zone) for staff in business.staff),
        service=tuple(
            msgspec.structs.replace(
                service,
                price=service.price
                and money.major(money.minor_units(service.price, currency), currency),
                staff=service.staff
                and tuple(staff.key for staff in business.staff if staff.key in service.staff),
            )
            for service in business.service
        ),
    )


def _normal_staff(staff: Staff, zone: ZoneInfo) -> Staff:
    def by_start(spans: tuple[Span, ...]) -> tuple[Span, ...]:
        return tuple(sorted(spans, key=lambda span: span.start_min))

    def on_the_clock(absence: TimeOff) -> TimeOff:
        """A time that the clock skips is the one it shows instead."""
        return msgspec.structs.replace(
            absence,
            start=LocalTime.at(absence.start.instant(zone), zone),
            end=LocalTime.at(absence.end.instant(zone), zone),
        )

    return msgspec.structs.replace(
        staff,
        hours=type(staff.hours)(**{day: by_start(getattr(staff.hours, day)) for day in WEEKDAYS}),
        dates=tuple(
            DateHours(day.date, by_start(day.hours))
            for day in sorted(staff.dates, key=lambda day: day.date)
        ),
        time_off=tuple(
            sorted(map(on_the_clock, staff.time_off), key=lambda absence: absence.start)
        ),
    )


def _by_key(value: Any) -> Any:
    """Lists of keyed tables as dicts, so that order and position don't count as a change."""
    if isinstance(value, dict):
        return {name: _by_key(item) for name, item in value.items()}
    if isinstance(value, list | tuple) and value and all(isinstance(item, dict) for item in value):
        keyed = {}
        for item in value:
            key = item.get("key") or item.get("date") or item.get("from")
            keyed[key] = {name: _by_key(v) for name, v in item.items() if name != "key"}
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
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "none"
    return str(value)
