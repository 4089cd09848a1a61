"""Untyped input: every field that is wrong is named, in the words of the product."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from bookonce.availability.offers import Start
from bookonce.business.convert import ERRORS_MAX, convert
from bookonce.platform.errors import ValidationError


class Guest(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    age: int | None = None


class Party(msgspec.Struct, forbid_unknown_fields=True):
    start: Start
    guests: tuple[Guest, ...] = ()


def refused(value: Any, place: str = "") -> dict[str, str]:
    """What is wrong, by place."""
    with pytest.raises(ValidationError) as error:
        convert(value, Party, place)
    return dict(error.value.errors)


def test_what_is_right_is_built() -> None:
    party = convert(
        {
            "start": "2026-12-01T09:00:00+01:00",
            "guests": [{"name": "Zoe"}, {"name": "A", "age": 7}],
        },
        Party,
    )
    assert party.start == datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
    assert party.start.utcoffset() == timedelta(hours=1)
    assert party.guests == (Guest("Zoe"), Guest("A", 7))


def test_every_field_that_is_missing_unknown_or_of_another_type_is_named() -> None:
    wrong = refused({"colour": "red", "guests": [{"name": "Zoe"}, {"age": "7", "shoe": 1}, 3]})
    assert wrong == {
        "start": "is required",
        "colour": "is not a known field",
        "guests[1].name": "is required",
        "guests[1].age": "expected `int`, got `str`",
        "guests[1].shoe": "is not a known field",
        "guests[2]": "expected `object`, got `int`",
    }


def test_places_are_told_from_where_the_value_stands() -> None:
    assert set(refused({"guests": [{}]}, "party")) == {"party.start", "party.guests[0].name"}
    assert refused(7, "party") == {"party": "expected `object`, got `int`"}


def test_an_absent_option_may_be_null_and_a_required_field_may_not() -> None:
    in_time = "2026-12-01T09:00:00Z"
    assert convert({"start": in_time, "guests": [{"name": "Zoe", "age": None}]}, Party)
    assert refused({"start": None, "guests": [{"name": "Zoe", "age": None}]}) == {
        "start": "expected `datetime`, got `null`"
    }


def test_a_time_without_an_offset_is_refused_with_an_example_of_one() -> None:
    message = "expected a time with an offset, such as 2026-12-01T09:00:00+01:00"
    assert refused({"start": "2026-12-01T09:00:00"}) == {"start": message}


@pytest.mark.parametrize(
    "start",
    ["", "tomorrow", "2026-02-30T09:00:00Z", "2026-12-01", "2026-12-01T09:00",
     "2026-12-01T25:00:00Z", [], True],
)  # fmt: skip
def test_what_is_no_time_is_refused(start: str) -> None:
    assert list(refused({"start": start})) == ["start"]


@pytest.mark.parametrize("value", [None, 7, "party", [], [{}], True, 1.5])
def test_what_is_no_table_at_all_is_refused(value: object) -> None:
    [message] = refused(value).values()
    assert message.startswith("expected `object`, got")


def test_only_so_many_mistakes_are_told() -> None:
    party = {"start": "2026-12-01T09:00:00Z", "guests": [{}] * (ERRORS_MAX + 50)}
    assert len(refused(party)) == ERRORS_MAX
