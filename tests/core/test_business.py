"""A business and its directory: addresses, who performs what, and wall-clock times."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from bookonce.core.business import Directory, LocalTime, is_slug
from bookonce.core.errors import NotFoundError
from bookonce.core.hours import Span
from bookonce.core.zones import day_number
from tests.factories import a_business, a_service, a_staff_member


@pytest.mark.parametrize("text", ["a", "7", "lumen", "lumen-hair", "a-b-c-1", "x" * 63])
def test_an_address_is_small_letters_digits_and_single_hyphens(text):
    assert is_slug(text)


@pytest.mark.parametrize(
    "text",
    ["", "-", "-a", "a-", "a--b", "Lumen", "lü", "a b", "a/b", "a.b", "a_b", "a\n", "a\0", "١",
     "x" * 64, "a" * 100_000 + "-"],
)  # fmt: skip
def test_anything_else_is_no_address(text):
    assert not is_slug(text)


def a_directory() -> Directory:
    """Ada and Bob; everyone cuts, Bob alone dyes, nobody perms."""
    business = a_business(
        "lumen",
        staff=[
            a_staff_member("bob", dates=[{"date": "2026-12-24", "hours": ["09:00-12:00"]}]),
            a_staff_member("ada"),
        ],
        service=[
            a_service("cut"),
            a_service("dye", staff=["bob"]),
            a_service("perm", staff=[]),
            a_service("shave", staff=["ada", "bob"]),
        ],
    )
    return Directory(
        business_id=UUID(int=1),
        version=1,
        location_id=UUID(int=2),
        business=business,
        staff_ids={"bob": UUID(int=3), "ada": UUID(int=4)},
        service_ids={service.key: UUID(int=9) for service in business.service},
    )


@pytest.mark.parametrize(
    "service, performers",
    [("cut", ("bob", "ada")), ("dye", ("bob",)), ("perm", ()), ("shave", ("bob", "ada"))],
)
def test_performers_are_told_in_the_business_s_own_order(service, performers):
    directory = a_directory()
    assert directory.performers(directory.service(service)) == performers


@pytest.mark.parametrize("key", ["", "Cut", "cut ", "any", "cu", "cut\0"])
def test_a_service_that_is_not_there_is_not_found(key):
    with pytest.raises(NotFoundError, match="no such service") as refused:
        a_directory().service(key)
    assert refused.value.code == "NOT_FOUND"


def test_somebody_is_found_by_key_and_nobody_else_is():
    directory = a_directory()
    assert directory.require_staff("ada") == "ada"
    for key in ("eve", "Ada", "", "any"):
        with pytest.raises(NotFoundError, match="no such staff"):
            directory.require_staff(key)


def test_a_directory_knows_zone_rules_hours_and_ids():
    directory = a_directory()
    assert directory.slug == "lumen"
    assert directory.zone == ZoneInfo("Europe/Berlin")
    assert directory.policy == directory.business.policy
    assert directory.staff_keys == {UUID(int=3): "bob", UUID(int=4): "ada"}
    christmas_eve = day_number(datetime(2026, 12, 24, tzinfo=UTC).date())
    assert directory.hours["bob"].spans_on(christmas_eve) == (Span.parse("09:00-12:00"),)
    assert directory.hours["bob"].spans_on(christmas_eve + 1) == (Span.parse("00:00-24:00"),)
    assert directory.hours["ada"].spans_on(christmas_eve) == (Span.parse("00:00-24:00"),)


@pytest.mark.parametrize(
    "zone, wall, instant",
    [
        ("Europe/Berlin", (2026, 1, 6, 9, 30), (2026, 1, 6, 8, 30)),
        ("Europe/Berlin", (2026, 7, 6, 9, 30), (2026, 7, 6, 7, 30)),
        ("Europe/Berlin", (2026, 10, 25, 2, 30), (2026, 10, 25, 0, 30)),  # the first of two
        ("Europe/Berlin", (2026, 3, 29, 2, 30), (2026, 3, 29, 1, 30)),  # skipped
        ("America/Sao_Paulo", (2018, 11, 4, 0, 0), (2018, 11, 4, 3, 0)),  # skipped
        ("Asia/Kathmandu", (2026, 1, 6, 9, 30), (2026, 1, 6, 3, 45)),
        ("Pacific/Apia", (2011, 12, 30, 12, 0), (2011, 12, 30, 22, 0)),  # a day left out
    ],
)
def test_a_local_time_is_one_instant_whatever_the_clock_does(zone, wall, instant):
    assert LocalTime(*wall).instant(ZoneInfo(zone)) == datetime(*instant, tzinfo=UTC)


@pytest.mark.parametrize(
    "zone, instant, wall",
    [
        ("Europe/Berlin", (2026, 3, 29, 0, 59, 59), (2026, 3, 29, 1, 59)),
        ("Europe/Berlin", (2026, 3, 29, 1, 0), (2026, 3, 29, 3, 0)),
        ("Europe/Berlin", (2026, 10, 25, 1, 30), (2026, 10, 25, 2, 30)),
        ("Pacific/Apia", (2011, 12, 30, 10, 0), (2011, 12, 31, 0, 0)),
    ],
)
def test_an_instant_is_what_the_clock_shows_then(zone, instant, wall):
    assert LocalTime.at(datetime(*instant, tzinfo=UTC), ZoneInfo(zone)) == LocalTime(*wall)
