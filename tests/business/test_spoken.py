"""What a business says in other languages, and what is read where it says nothing."""

from __future__ import annotations

import pytest

from bookonce.business import toml_file
from bookonce.business.diff import changes
from bookonce.business.spoken import in_language
from bookonce.platform.errors import ValidationError
from tests.factories import a_business, a_service

FILE = """
[business]
slug = "lumen"
name = "Lumen Hair"
timezone = "Europe/Berlin"
locale = "de-AT"

[page]
welcome.en = "Come in."
welcome.de = "Kommen Sie herein."

[[category]]
key = "hair"
name = { fr = "Cheveux", ar = "شعر" }

[[service]]
key = "cut"
name.en = "Cut"
name.de = "Schnitt"
description = "Mit Waschen"
duration_min = 30
"""


def test_a_table_of_languages_is_the_own_word_and_the_others_beside_it() -> None:
    business = toml_file.parse(FILE)
    assert business.page.welcome == "Kommen Sie herein."
    assert business.service[0].name == "Schnitt"
    assert business.category[0].name == "Cheveux"  # none is the business's own: the first is


def test_what_is_not_said_in_a_language_falls_back_to_the_own_words() -> None:
    english = in_language(toml_file.parse(FILE), "en")
    assert (english.service[0].name, english.service[0].description) == ("Cut", "Mit Waschen")
    assert english.page.welcome == "Come in."
    assert english.category[0].name == "Cheveux"
    assert in_language(toml_file.parse(FILE), "ar").category[0].name == "شعر"


def test_a_business_that_says_nothing_in_a_language_is_itself() -> None:
    business = a_business()
    assert in_language(business, "fr") is business


def test_what_is_exported_comes_back_the_same() -> None:
    business = toml_file.parse(FILE)
    assert toml_file.parse(toml_file.render(business)) == business


def test_a_change_of_one_text_is_one_line() -> None:
    before, after = (toml_file.parse(text) for text in (FILE, FILE.replace('"Cut"', '"Haircut"')))
    assert changes(before, after) == ["service.cut.text.en.name: Cut → Haircut"]


@pytest.mark.parametrize(
    "text, place, message",
    [
        (
            [{"language": "xx", "name": "X"}],
            "text[0].language",
            "expected one of en, de, fr, es, ar",
        ),
        ([{"language": "de"}, {"language": "de"}], "text[1].language", "stands here twice"),
        ([{"name": "X"}], "text[0].language", "is required"),
        ([{"language": "de", "name": " "}], "text[0].name", "is blank"),
        ([{"language": "de", "nome": "X"}], "text[0].nome", "is not a known field"),
        ([{"language": "de", "description": "x" * 201}], "text[0].description", "length <= 200"),
        ("x", "text", "expected `array`"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: object, place: str, message: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        a_business(service=[a_service(text=text)])
    [error] = wrong.value.errors
    assert error.field == f"service[0].{place}"
    assert message in error.message


def test_a_text_of_another_kind_is_named() -> None:
    with pytest.raises(ValidationError) as wrong:
        toml_file.parse(FILE.replace('name.en = "Cut"', "name.en = 7"))
    assert [error.field for error in wrong.value.errors] == ["service[0].text[0].name"]
