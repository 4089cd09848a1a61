"""The settings' forms and the document: each field has its place, and says the same again."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
import pytest

from bookonce.business.document import Business, WeeklyHours
from bookonce.business.tree import as_tree
from bookonce.platform.languages import language
from bookonce.web.office.settings.controls import LACKING, Amount, Number, Spans, western
from bookonce.web.office.settings.derive import group_of
from bookonce.web.office.settings.labels import labels
from bookonce.web.office.settings.parts import key_of, new_key
from bookonce.web.office.settings.sections import BETTER, BY_TABLE, SECTIONS, fields_of, form_of
from bookonce.web.office.settings.typed import Typed
from tests.factories import a_business

LABELS = labels(language("en", None, "en").words)


def structs_in(hint: Any) -> Iterator[type[msgspec.Struct]]:
    """The structs of the document within a type."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
        for inner in typing.get_type_hints(hint).values():
            yield from structs_in(inner)
    for inner in typing.get_args(hint):
        yield from structs_in(inner)


STRUCTS = sorted(set(structs_in(Business)) - {Business, WeeklyHours}, key=lambda one: one.__name__)


def test_every_table_of_the_document_is_a_section() -> None:
    assert {field.encode_name for field in msgspec.structs.fields(Business)} == set(BY_TABLE)


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda one: one.__name__)
def test_every_field_of_the_document_has_a_place(struct: type[msgspec.Struct]) -> None:
    """A field that fails here needs its words in labels.py, or a line in BETTER if its place is
    elsewhere. Until then it is shown with the control of its type, under its own name.
    """
    elsewhere = {name for (of, name), control in BETTER.items() if of is struct and control is None}
    names = {field.encode_name for field in msgspec.structs.fields(struct)}
    if struct.__name__ == "TimeOff":
        return  # absences have a life of their own
    assert names - elsewhere == set(LABELS[struct])


def test_the_table_names_no_field_that_the_document_lacks() -> None:
    for struct, name in BETTER:
        assert name in {field.encode_name for field in msgspec.structs.fields(struct)}, (
            struct,
            name,
        )


class Later(msgspec.Struct, frozen=True):
    """What a field of a later version may be."""

    title: str
    count: int = 3
    until: date | None = None
    texts: dict[str, str] = {}
    hours: WeeklyHours | None = None
    inner: tuple[typing.Annotated[str, msgspec.Meta(max_length=9)], ...] = ()


def test_a_field_of_a_later_version_can_be_shown_and_sent() -> None:
    group = group_of(Later, BETTER)
    value = {
        "title": "x", "count": 4, "until": "2026-12-01", "texts": {"de": "ja"},
        "hours": {"mon": ["09:00-12:00"]}, "inner": ["a", "b"],
    }  # fmt: skip
    assert group.read("", Typed(group.write("", value))) == value


@pytest.mark.parametrize("section", SECTIONS, ids=lambda one: one.path)
def test_a_form_says_what_the_document_says(section: Any) -> None:
    business = a_business("lumen")
    tree = msgspec.json.decode(msgspec.json.encode(as_tree(business)))
    value = tree.get(section.table, [{}] if section.is_list else {})
    value = value[0] if section.is_list else value
    group = form_of(section, business)
    assert set(group.fields) <= set(fields_of(section).fields)
    read = group.read("", Typed(group.write("", value)))
    assert {name: read.get(name) for name in value if name in group.fields} == {
        name: value[name] for name in value if name in group.fields
    }


@pytest.mark.parametrize(
    "typed, spans",
    [
        ("09:00-12:30, 13:30-18:00", ["09:00-12:30", "13:30-18:00"]),
        ("9-12.30;13h30–18", ["09:00-12:30", "13:30-18:00"]),
        ("٩:٠٠-١٢:٣٠، ١٣:٣٠-١٨:٠٠", ["09:00-12:30", "13:30-18:00"]),
        ("22:00-02:00", ["22:00-02:00"]),
        ("  ", []),
        ("morning", ["morning"]),
        ("9-25", ["09:00-25:00"]),
    ],
)
def test_hours_are_read_as_people_write_them(typed: str, spans: list[str]) -> None:
    assert Spans().read("hours", Typed([("hours", typed)])) == spans


@pytest.mark.parametrize(
    "typed, amount", [("48", "48"), ("48,50", "48.50"), ("٤٨٫٥", "48.5"), ("1,000.00", "1,000.00")]
)
def test_amounts_are_read_with_a_comma_too(typed: str, amount: str) -> None:
    assert Amount().read("price", Typed([("price", typed)])) == amount


@pytest.mark.parametrize(
    "typed, number", [("45", 45), ("٤٥", 45), ("-1", -1), ("a", "a"), ("", LACKING), ("1e9", "1e9")]
)
def test_what_is_no_number_stays_text_for_the_rules_to_refuse(typed: str, number: Any) -> None:
    assert Number().read("duration_min", Typed([("duration_min", typed)])) == number


def test_blank_rows_do_not_count_and_the_others_are_numbered_anew() -> None:
    rows = fields_of(BY_TABLE["payments"]).fields["refunds"]
    typed = Typed(
        [("refunds[0].until_min", ""), ("refunds[2].until_min", "60"), ("refunds[2].percent", "x")]
    )
    assert rows.read("refunds", typed) == [{"until_min": 60, "percent": "x"}]
    assert typed.text("refunds[0].percent") == "x"


def test_a_key_is_made_of_the_name() -> None:
    assert key_of("Coupe & Brushing à 20 €") == "coupe-brushing-a-20"
    assert key_of("Straße") == "strasse"
    assert new_key("قص الشعر", "service", []) == "service"
    assert new_key("Cut", "service", ["cut", "cut-2"]) == "cut-3"
    assert western("١٢") == "12"
