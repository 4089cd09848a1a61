"""A business as plain dicts, lists and scalars, which the file, the API and the database share:
read with every mistake named, and written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from bookonce.business.checks import TABLES, is_within, rule_errors
from bookonce.business.convert import ERRORS_MAX, convert, encode_custom, salvaged
from bookonce.business.document import Business
from bookonce.business.normal import normal
from bookonce.business.picture_fields import with_pictures_kept
from bookonce.business.spoken import text_errors, with_own_words
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.text import clean_address, clean_line, clean_lines, text_problem

_CLEANING = {
    "name": clean_line,
    "reason": clean_line,
    "address": clean_lines,
    "email": clean_address,
    "from_name": clean_line,
    "reply_to": clean_address,
    "body": clean_lines,
    "role": clean_line,
    "description": clean_line,
    "details": clean_lines,
    "preparation": clean_lines,
    "welcome": clean_lines,
    "announcement": clean_lines,
}
"""How what people write is cleaned before it is judged, by the name of its field."""


def from_tree(tree: dict[str, Any]) -> Business:
    """The business that a tree describes. Raises ValidationError naming every place that is wrong.

    A mistake of one kind doesn't hide one of another: rules are tried on what can be salvaged.
    """
    tree, errors = with_pictures_kept(_cleaned(with_own_words(tree)))
    errors += _text_errors(tree, "")
    try:
        business = convert(tree, Business)
    except ValidationError as wrong:
        errors += wrong.errors
        business = salvaged(tree, Business)
    wrong_places = [error.field for error in errors]
    errors += [
        error
        for error in (*rule_errors(business, wrong_places), *text_errors(business))
        if not any(is_within(error.field, place) for place in wrong_places)
    ]
    if errors:
        raise ValidationError(errors[:ERRORS_MAX])
    return normal(business)


def as_tree(business: Business) -> dict[str, Any]:
    """The business as plain dicts, lists and scalars, absent options left out."""
    tree: dict[str, Any] = msgspec.to_builtins(business, enc_hook=encode_custom)
    profile = tree["business"]
    tree["business"] = {name: value for name, value in profile.items() if value is not None}
    for table in ("page", "protection", "payments", "messages", *TABLES):
        if not tree[table]:
            del tree[table]
    return tree


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _CLEANING[name](item)
            if name in _CLEANING and isinstance(item, str)
            else _cleaned(item)
            for name, item in value.items()
        }
    return [_cleaned(item) for item in value] if isinstance(value, list) else value


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
