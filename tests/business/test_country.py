"""In which country a business is, and each of its places."""

from __future__ import annotations

import uuid

import pytest

from bookonce.business.country import country_of
from bookonce.business.directory import Directory
from tests.factories import a_business, a_staff_member


def directory_of(timezone: str, locale: str, *places: str) -> Directory:
    location = [{"key": f"in-{n}", "name": "There", "timezone": z} for n, z in enumerate(places)]
    business = a_business(
        timezone=timezone, locale=locale, location=location, staff=[a_staff_member("ada")]
    )
    ids = {place["key"]: uuid.uuid4() for place in location} or {"main": uuid.uuid4()}
    ada = {"ada": uuid.uuid4()}
    return Directory(uuid.uuid4(), 1, uuid.uuid4(), business, ids, ada, {}, {"cut": uuid.uuid4()})


@pytest.mark.parametrize(
    "timezone, locale, country",
    [
        ("Europe/Berlin", "de", "DE"),
        ("Europe/Vienna", "de", "AT"),
        ("Europe/Berlin", "de-AT", "AT"),
        ("Europe/Zurich", "de_LI", "LI"),
        ("America/Mexico_City", "es-419", "MX"),
        ("Asia/Taipei", "zh-Hant-TW", "TW"),
        ("Asia/Calcutta", "en", "IN"),
        ("Europe/Kyiv", "uk", "UA"),
        ("US/Pacific", "en", "US"),
        ("UTC", "en", None),
        ("Etc/GMT+3", "en", None),
        ("UTC", "en-GB", "GB"),
    ],
)
def test_it_is_that_of_the_locale_or_else_of_the_clock(
    timezone: str, locale: str, country: str | None
) -> None:
    assert country_of(directory_of(timezone, locale)) == country


def test_a_place_with_another_country_s_clock_is_there() -> None:
    directory = directory_of("Europe/Zurich", "de-LI", "Europe/Zurich", "Europe/London")
    here, there = directory.places.values()
    assert country_of(directory, here) == "LI"
    assert country_of(directory, there) == "GB"
