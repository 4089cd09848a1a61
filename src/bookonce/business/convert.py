"""Untyped input to typed values, with every error named, not only the first."""

from __future__ import annotations

import itertools
import re
import types
import typing
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from bookonce.business.document import (
    KEY_PATTERN,
    PHONE_PATTERN,
    SLUG_PATTERN,
    LocalTime,
)
from bookonce.business.hours import Span
from bookonce.business.messages import LEAD_PATTERN, QUIET_PATTERN
from bookonce.business.page import COLOUR_PATTERN, WEBSITE_PATTERN
from bookonce.business.texts import NOT_BLANK
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.zones import FIRST_YEAR, LAST_YEAR, is_in_calendar

T = TypeVar("T")
_LOCAL_TIME = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<time>[0-9]{2}:[0-9]{2})"
    r"(?P<seconds>:[0-9]{2}(\.[0-9]{1,6})?)? *(?P<zone>[Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
_PLACE = re.compile(r"^(?P<message>.*?)(?: - at `\$(?P<place>.*)`)?$", re.DOTALL)
ERRORS_MAX = 100
_placeholders = itertools.count()


def convert(value: Any, to: type[T], place: str = "") -> T:
    """Build a `to` from plain dicts, lists and scalars.

    Raises ValidationError that names every field that is wrong or unknown, up to `ERRORS_MAX`.
    """
    try:
        return msgspec.convert(value, to, dec_hook=decode_custom)
    except msgspec.ValidationError:
        errors = list(_errors(value, to, place))[:ERRORS_MAX]
        raise ValidationError(errors or [FieldError(place, "is not valid")]) from None


def decode_custom(kind: type, value: Any) -> Any:
    """Read the types that msgspec doesn't know. Raises ValueError saying what was expected."""
    if kind is Span:
        if isinstance(value, str):
            return Span.parse(value)
        raise ValueError(f'expected a span such as "09:00-12:30", got {value!r}')
    if kind is LocalTime:
        return _local_time(value)
    raise NotImplementedError(kind)


def encode_custom(value: Any) -> Any:
    """Write the types that msgspec doesn't know."""
    if isinstance(value, Span):
        return str(value)
    if isinstance(value, LocalTime):
        return value.strftime("%Y-%m-%dT%H:%M")
    raise NotImplementedError(type(value))


def _local_time(value: Any) -> LocalTime:
    if isinstance(value, str) and (match := _LOCAL_TIME.fullmatch(value)):
        if match["zone"]:
            raise ValueError(f"expected a local time without {match['zone']}, got {value!r}")
        is_midnight = match["time"] == "24:00" and not (match["seconds"] or "").strip(":0.")
        # Raises ValueError on a date or a time that doesn't exist.
        value = datetime.fromisoformat(
            f"{match['date']}T{'00:00' if is_midnight else match['time']}{match['seconds'] or ''}"
        )
        if is_midnight and value.year <= LAST_YEAR:
            value += timedelta(days=1)
    if not isinstance(value, datetime):
        raise ValueError(
            f'expected a local date and time such as "2026-12-27T09:00", got {value!r}'
        )
    if value.tzinfo is not None:
        raise ValueError(f"expected a local time without an offset, got {value.isoformat()!r}")
    if value.second or value.microsecond:
        raise ValueError(f"expected a local time to the minute, got {value.isoformat()!r}")
    if not is_in_calendar(value):
        raise ValueError(f"expected a year from {FIRST_YEAR} to {LAST_YEAR}")
    return LocalTime(value.year, value.month, value.day, value.hour, value.minute)


def _errors(value: Any, to: Any, place: str) -> Iterator[FieldError]:
    """What is wrong, walking into structs and sequences so that one error doesn't hide another."""
    to = _without_none(to) if value is not None else to
    if isinstance(to, type) and issubclass(to, msgspec.Struct) and isinstance(value, dict):
        known = {field.encode_name: field for field in msgspec.structs.fields(to)}
        hints = _hints(to)
        for name in sorted(value.keys() - known.keys()):
            yield FieldError(_join(place, str(name)), "is not a known field")
        for name, field in known.items():
            if name in value:
                yield from _errors(value[name], hints[field.name], _join(place, name))
            elif field.required:
                yield FieldError(_join(place, name), "is required")
    elif typing.get_origin(to) is tuple and isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _errors(item, typing.get_args(to)[0], f"{place}[{index}]")
    else:
        try:
            msgspec.convert(value, to, dec_hook=decode_custom)
        except msgspec.ValidationError as error:
            yield _named(str(error), place)


def salvaged(value: Any, to: Any) -> Any:
    """What can be made of a wrong value, so that rules can be told about the rest of it.

    Where something is missing or wrong stands a placeholder unlike any other.
    """
    to = _without_none(to)
    if isinstance(to, type) and issubclass(to, msgspec.Struct):
        given = value if isinstance(value, dict) else {}
        hints = _hints(to)
        return to(
            **{
                field.name: salvaged(given.get(field.encode_name), hints[field.name])
                for field in msgspec.structs.fields(to)
                if field.required or given.get(field.encode_name) is not None
            }
        )
    if typing.get_origin(to) is tuple:
        items = (salvaged(item, typing.get_args(to)[0]) for item in _listed(value))
        return tuple(item for item in items if item is not None)
    try:
        return msgspec.convert(value, to, dec_hook=decode_custom)
    except msgspec.ValidationError:
        return _placeholder(to)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _placeholder(to: Any) -> Any:
    kind = typing.get_args(to)[0] if typing.get_origin(to) is typing.Annotated else to
    number = next(_placeholders)
    if kind is str:
        return f"?{number}"
    if kind is int:
        return 1
    if kind is date:
        return date.min + timedelta(days=number % 100_000)
    return None


@lru_cache
def _hints(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return typing.get_type_hints(struct, include_extras=True)


def _without_none(to: Any) -> Any:
    if isinstance(to, types.UnionType) or typing.get_origin(to) is typing.Union:
        others = [kind for kind in typing.get_args(to) if kind is not type(None)]
        if len(others) == 1:
            return others[0]
    return to


def _named(text: str, place: str) -> FieldError:
    """A msgspec message, its place joined to ours and its wording made ours."""
    match = _PLACE.match(text)
    assert match is not None
    message = match["message"]
    if f"matching regex {NOT_BLANK!r}" in message:
        message = "is blank"
    if f"matching regex {SLUG_PATTERN!r}" in message:
        message = "expected lower-case letters and digits, with single hyphens between them"
    if f"matching regex {KEY_PATTERN!r}" in message:
        message = "expected letters, digits, - and _, a letter or digit first"
    if f"matching regex {PHONE_PATTERN!r}" in message:
        message = 'expected a telephone number such as "+49 30 1234567"'
    if f"matching regex {WEBSITE_PATTERN!r}" in message:
        message = 'expected an address such as "https://www.example.com"'
    if f"matching regex {COLOUR_PATTERN!r}" in message:
        message = 'expected a colour such as "#7a3e9d"'
    if f"matching regex {LEAD_PATTERN!r}" in message:
        message = 'expected how long before the start, such as "24h", "30m" or "2d", or "evening"'
    if f"matching regex {QUIET_PATTERN!r}" in message:
        message = 'expected a stretch of the local day such as "21:00-08:00"'
    if "timezone component" in message:
        message = "expected a time with an offset, such as 2026-12-01T09:00:00+01:00"
    return FieldError(place + (match["place"] or ""), message[:1].lower() + message[1:])


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
