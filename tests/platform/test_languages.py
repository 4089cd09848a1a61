"""Every text in every language; dates, times, amounts and weeks as people there write them."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import bookonce
from bookonce.platform.languages import LANGUAGES, SOURCE, language, locale_folders

PACKAGE = Path(bookonce.__file__).parent
PLACEHOLDER = re.compile(r"%\(\w+\)s")
TRANSLATED = [code for code in LANGUAGES if code != SOURCE]
ROOMS = [folder.parent for folder in locale_folders()]
EACH_ROOM = pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(PACKAGE)))


@cache
def _texts() -> list[tuple[Path, str]]:
    """Every text that templates and code show, and the file that shows it."""
    methods = [("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.py", "python")]
    found = extract_from_dir(PACKAGE, method_map=methods)
    return [(PACKAGE / name, str(text)) for name, _, text, _, _ in found]


def texts_of(room: Path) -> set[str]:
    """Every text that a room shows, but for rooms inside it with their own."""
    inner = [other for other in ROOMS if room in other.parents]
    return {
        text
        for file, text in _texts()
        if room in file.parents and not any(other in file.parents for other in inner)
    }


def catalogue(room: Path, code: str) -> dict[str, str]:
    with (room / "locales" / f"{code}.po").open("rb") as file:
        return {str(each.id): str(each.string) for each in read_po(file, locale=code) if each.id}


def test_there_are_texts_to_translate() -> None:
    expected = {"Book now", "Cancel appointment", "Times are in %(zone)s."}
    assert expected <= texts_of(PACKAGE / "web")


def test_every_text_is_of_a_room_that_has_languages() -> None:
    in_rooms = set[str]().union(*map(texts_of, ROOMS))
    assert texts_of(PACKAGE) <= in_rooms


@EACH_ROOM
@pytest.mark.parametrize("code", TRANSLATED)
def test_no_text_is_missing_and_none_is_left_over(room: Path, code: str) -> None:
    found = catalogue(room, code).items()
    assert {text for text, translation in found if translation.strip()} == texts_of(room)


@pytest.mark.parametrize("code", TRANSLATED)
def test_rooms_say_the_same_in_the_same_words(code: str) -> None:
    said: dict[str, str] = {}
    for room in ROOMS:
        for text, translation in catalogue(room, code).items():
            assert said.setdefault(text, translation) == translation


@EACH_ROOM
@pytest.mark.parametrize("code", TRANSLATED)
def test_translations_keep_what_is_filled_in(room: Path, code: str) -> None:
    with (room / "locales" / f"{code}.po").open("rb") as file:
        for each in read_po(file, locale=code):
            assert each.string is not None
            if isinstance(each.id, str):
                found = sorted(PLACEHOLDER.findall(str(each.string)))
                assert found == sorted(PLACEHOLDER.findall(each.id)), each.id
            else:  # some languages have a word for one, or for two, without the number
                for form in each.string:
                    assert form.strip()
                    assert set(PLACEHOLDER.findall(form)) <= set(PLACEHOLDER.findall(each.id[1]))


@EACH_ROOM
@pytest.mark.parametrize("code", TRANSLATED)
def test_the_catalogue_is_what_pages_use(room: Path, code: str) -> None:
    words = language(code, None, "en").words
    for text, translation in catalogue(room, code).items():
        if not text.startswith("("):  # plural forms
            assert words.gettext(text) == translation


MOMENT = datetime(2026, 12, 1, 15, 5, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    "code, business_locale, time, amount, duration, first_weekday",
    [
        ("en", "en-GB", "15:05", "€1,234.50", "1 hour 15 minutes", 0),
        ("en", "en-US", "3:05 PM", "€1,234.50", "1 hour 15 minutes", 6),
        ("de", "de", "15:05", "1.234,50 €", "1 Stunde 15 Minuten", 0),
        ("de", "de-CH", "15:05", "EUR 1’234.50", "1 Stunde 15 Minuten", 0),
        ("de", "en-US", "15:05", "1.234,50 €", "1 Stunde 15 Minuten", 0),
        ("fr", "fr", "15:05", "1 234,50 €", "1 heure 15 minutes", 0),
        ("es", "es-MX", "3:05 p.m.", "EUR1,234.50", "1 hora 15 minutos", 6),
    ],
)
def test_each_country_has_its_ways(
    code: str,
    business_locale: str,
    time: str,
    amount: str,
    duration: str,
    first_weekday: int,
) -> None:
    spoken = language(code, None, business_locale)
    found = spoken.time(MOMENT), spoken.amount("1234.50", "EUR"), spoken.duration(75)
    assert tuple(re.sub(r"\s", " ", text) for text in found) == (time, amount, duration)
    assert spoken.weekdays()[0][0] == first_weekday
    assert spoken.month(date(2026, 12, 1)).endswith("2026")
    assert str(MOMENT.day) in spoken.day(MOMENT.date())
    assert "Dienstag" in spoken.long_day(MOMENT.date()) or code != "de"


def test_who_comes_from_elsewhere_keeps_their_ways() -> None:
    assert language(None, "en-GB,en;q=0.9", "en-US").time(MOMENT) == "15:05"
    assert language(None, "en-US", "de").time(MOMENT) == "3:05\u202fPM"
    assert language(None, "de", "de-CH").tag == "de-CH"
    assert language(None, "de-AT", "de-CH").tag == "de-AT"


@pytest.mark.parametrize(
    "accepted, business_locale, tag",
    [
        ("de; q=0.9, en; q=1.0", "fr", "en"),
        ("de ;q=0.9,\ten\t;\tq=0.95", "fr", "en"),
        ("de;Q=0.9, en;q=0.8", "fr", "de"),
        ("DE-at, en;q=0.8", "fr", "de-AT"),
        ("fr;q=0.5, es;q=0.5", "de", "fr"),
        ("fr;q=0.001, es;q=0", "de", "fr"),
        ("fr;q=1.000, es;q=1.", "de", "fr"),
        ("fr;q=5, es;q=0.1", "de", "es"),
        ("fr;q=-1, fr;q=abc, fr;q=, fr;q=0.1234, es;q=0.1", "de", "es"),
        ("fr;level=1, es;q=0.1", "de", "es"),
        ("en_GB, es;q=0.1", "de", "es"),
        (", ,, es ,", "de", "es"),
        ("ja, zh;q=0.5", "de-CH", "de-CH"),
        ("*", "de-CH", "de-CH"),
        ("*, en;q=0.5", "fr", "fr"),
        ("en;q=0.5, *;q=0.9", "en", "de"),
        ("ja, *;q=0.1, de;q=0", "de", "en"),
        ("de;q=0", "de", "en"),
        ("en;q=0", "en", "de"),
        ("en;q=0, en-GB", "de", "en-GB"),
        ("fr, *;q=0", "de", "fr"),
        ("ja, *;q=0", "de", "de"),
        ("", "de", "de"),
        ("*;q=0", "ja", "en"),
        ("x" * 9_000, "de", "de"),
        ("," * 9_000, "de", "de"),
    ],
)
def test_the_header_is_read_by_its_grammar(accepted: str, business_locale: str, tag: str) -> None:
    assert language(None, accepted, business_locale).tag == tag


def test_who_chose_a_language_reads_it_whatever_their_browser_accepts() -> None:
    assert language("fr", "fr;q=0, en", "de").tag == "fr"


def test_arabic_is_written_from_right_to_left() -> None:
    assert language("ar", None, "en").direction == "rtl"
    assert language("en", None, "ar").direction == "ltr"


def test_a_language_says_its_own_name() -> None:
    names = [language(code, None, "en").own_name for code in LANGUAGES]
    assert names == ["English", "Deutsch", "Français", "Español", "العربية"]


def test_names_are_listed_and_follow_each_other_as_one_says_it() -> None:
    german, arabic = language("de", None, "en"), language("ar", None, "en")
    assert german.listed(["Schnitt", "Bart"]) == "Schnitt und Bart"
    assert german.in_turn(["Ada", "Ada", "Ben", "Ada"]) == "Ada, dann Ben, dann Ada"
    assert arabic.in_turn(["Ada", "Ben"]) == "\u2068Ada\u2069، ثم \u2068Ben\u2069"
    assert german.listed(["Schnitt"]) == german.in_turn(["Schnitt", "Schnitt"]) == "Schnitt"
