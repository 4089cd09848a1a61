"""A business and its directory: addresses, who performs what, and wall-clock times."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from bookonce.business.directory import Directory
from bookonce.business.document import LocalTime, is_slug
from bookonce.business.hours import Span
from bookonce.platform.errors import NotFoundError, ValidationError
from bookonce.platform.zones import day_number
from tests.factories import a_business, a_service, a_staff_member


@pytest.mark.parametrize("text", ["a", "7", "lumen", "lumen-hair", "a-b-c-1", "x" * 63])
def test_an_address_is_small_letters_digits_and_single_hyphens(text: str) -> None:
    assert is_slug(text)


@pytest.mark.parametrize(
    "text",
    ["", "-", "-a", "a-", "a--b", "Lumen", "lü", "a b", "a/b", "a.b", "a_b", "a\n", "a\0", "١",
     "x" * 64, "a" * 100_000 + "-"],
)  # fmt: skip
def test_anything_else_is_no_address(text: str) -> None:
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
        secret=UUID(int=8),
        business=business,
        location_ids={"main": UUID(int=2)},
        resource_ids={},
        staff_ids={"bob": UUID(int=3), "ada": UUID(int=4)},
        service_ids={service.key: UUID(int=9) for service in business.service},
    )


@pytest.mark.parametrize(
    "service, performers",
    [("cut", ("bob", "ada")), ("dye", ("bob",)), ("perm", ()), ("shave", ("bob", "ada"))],
)
def test_performers_are_told_in_the_business_s_own_order(
    service: str, performers: tuple[str, ...]
) -> None:
    directory = a_directory()
    assert directory.performers(directory.service(service)) == performers


@pytest.mark.parametrize("key", ["", "Cut", "cut ", "any", "cu", "cut\0"])
def test_a_service_that_is_not_there_is_not_found(key: str) -> None:
    with pytest.raises(NotFoundError, match="no such service") as refused:
        a_directory().service(key)
    assert refused.value.code == "NOT_FOUND"


def test_somebody_is_found_by_key_and_nobody_else_is() -> None:
    directory = a_directory()
    assert directory.require_staff("ada") == "ada"
    for key in ("eve", "Ada", "", "any"):
        with pytest.raises(NotFoundError, match="no such staff"):
            directory.require_staff(key)


def test_a_directory_knows_zone_rules_hours_and_ids() -> None:
    directory = a_directory()
    assert directory.slug == "lumen"
    assert directory.zone == ZoneInfo("Europe/Berlin")
    assert directory.policy == directory.business.policy
    assert directory.staff_keys == {UUID(int=3): "bob", UUID(int=4): "ada"}
    christmas_eve = day_number(datetime(2026, 12, 24, tzinfo=UTC).date())
    [bob], [ada] = (directory.places["main"].hours[key] for key in ("bob", "ada"))
    assert bob.spans_on(christmas_eve) == (Span.parse("09:00-12:00"),)
    assert bob.spans_on(christmas_eve + 1) == (Span.parse("00:00-24:00"),)
    assert ada.spans_on(christmas_eve) == (Span.parse("00:00-24:00"),)


class TestLocations:
    """Ada works in Berlin and Lisbon, Bob in Lisbon; Lisbon has hours and two chairs of its own."""

    directory = Directory(
        business_id=UUID(int=1),
        version=1,
        secret=UUID(int=8),
        business=a_business(
            location=[
                {"key": "berlin", "name": "Berlin", "address": "Torstr. 1"},
                {"key": "lisbon", "name": "Lisboa", "timezone": "Europe/Lisbon",
                 "hours": {"mon": ["10:00-16:00"]}},
            ],
            staff=[
                {"key": "ada", "name": "Ada", "hours": {"tue": ["09:00-12:00"]},
                 "at": [{"location": "lisbon", "hours": {"mon": ["09:00-12:00"]}}]},
                {"key": "bob", "name": "Bob",
                 "at": [{"location": "lisbon", "hours": {"mon": ["09:00-12:00"]}}]},
            ],
            resource=[
                {"key": f"c{number}", "name": "Chair", "kind": "chair", "location": "lisbon"}
                for number in (1, 2)
            ],
            service=[
                a_service("cut"),
                a_service("dye", locations=["lisbon"], needs=["chair"]),
            ],
        ),
        location_ids={"berlin": UUID(int=2), "lisbon": UUID(int=3)},
        staff_ids={"ada": UUID(int=4), "bob": UUID(int=5)},
        resource_ids={"c1": UUID(int=6), "c2": UUID(int=7)},
        service_ids={"cut": UUID(int=8), "dye": UUID(int=9)},
    )  # fmt: skip

    def test_each_has_its_clock_its_people_and_its_things(self) -> None:
        berlin, lisbon = self.directory.places.values()
        assert (berlin.zone.key, lisbon.zone.key) == ("Europe/Berlin", "Europe/Lisbon")
        assert (list(berlin.hours), list(lisbon.hours)) == (["ada"], ["ada", "bob"])
        assert (berlin.resources, lisbon.resources) == (
            {}, {"chair": (UUID(int=6), UUID(int=7))},
        )  # fmt: skip
        assert [len(hours) for hours in (berlin.hours["ada"], lisbon.hours["ada"])] == [1, 2]
        assert self.directory.where("berlin") == "Berlin, Torstr. 1"
        assert self.directory.where("lisbon") == "Lisboa"
        assert self.directory.where("gone") == ""

    def test_only_who_works_there_performs_a_service_and_only_where_it_is_offered(self) -> None:
        directory = self.directory
        cut, dye = directory.service("cut"), directory.service("dye")
        berlin, lisbon = directory.places.values()
        assert directory.performers(cut, berlin) == ("ada",)
        assert directory.performers(cut, lisbon) == ("ada", "bob")
        assert directory.performers(dye, berlin) == ()
        assert [staff.key for staff in directory.people("cut", "berlin")] == ["ada"]
        assert directory.places_of(dye) == (lisbon,)

    def test_a_location_has_to_be_named_only_where_there_is_a_choice(self) -> None:
        directory = self.directory
        cut, dye = directory.service("cut"), directory.service("dye")
        assert directory.place(None, [dye]).key == "lisbon"
        assert directory.place("berlin", [cut]).key == "berlin"
        with pytest.raises(ValidationError, match="location: is required here: one of berlin, li"):
            directory.place(None, [cut])
        with pytest.raises(NotFoundError, match="no such location"):
            directory.place("rome", [cut])

    def test_the_zone_of_a_location_that_is_gone_is_the_business_s(self) -> None:
        assert self.directory.zone_at("lisbon").key == "Europe/Lisbon"
        assert self.directory.zone_at("gone").key == "Europe/Berlin"


def utc(parts: tuple[int, ...]) -> datetime:
    """An instant from year, month, day, hour, minute and perhaps second."""
    year, month, day, hour, minute, second = (*parts, 0)[:6]
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


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
def test_a_local_time_is_one_instant_whatever_the_clock_does(
    zone: str, wall: tuple[int, int, int, int, int], instant: tuple[int, ...]
) -> None:
    assert LocalTime(*wall).instant(ZoneInfo(zone)) == utc(instant)


@pytest.mark.parametrize(
    "zone, instant, wall",
    [
        ("Europe/Berlin", (2026, 3, 29, 0, 59, 59), (2026, 3, 29, 1, 59)),
        ("Europe/Berlin", (2026, 3, 29, 1, 0), (2026, 3, 29, 3, 0)),
        ("Europe/Berlin", (2026, 10, 25, 1, 30), (2026, 10, 25, 2, 30)),
        ("Pacific/Apia", (2011, 12, 30, 10, 0), (2011, 12, 31, 0, 0)),
    ],
)
def test_an_instant_is_what_the_clock_shows_then(
    zone: str, instant: tuple[int, ...], wall: tuple[int, int, int, int, int]
) -> None:
    assert LocalTime.at(utc(instant), ZoneInfo(zone)) == LocalTime(*wall)
