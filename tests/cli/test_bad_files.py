"""Business files that are wrong: refused whole, with each place named, and nothing written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bookonce.business import toml_file
from tests.cli.commands import Outcome, bookonce, refused
from tests.factories import a_business
from tests.web.ledger import Ledger

Run = Callable[..., Outcome]


@pytest.fixture(scope="module")
def database_url(new_database: Callable[[], str]) -> str:
    """One database for all, with the business "salon": nothing is meant to happen to it."""
    url = new_database()
    salon = toml_file.render(a_business("salon"))
    assert bookonce("apply", "-", "--database-url", url, stdin=salon).code == 0
    return url


@pytest.fixture(autouse=True)
def nothing_written(ledger: Ledger) -> Iterator[None]:
    """Fails the test if the database isn't afterwards what it was before."""
    before = ledger.contents()
    yield
    assert ledger.contents() == before


def test_every_wrong_place_is_named(run: Run) -> None:
    outcome = run(
        "apply",
        "-",
        stdin="""
        [business]
        slug = "salon"
        timezone = "Europe/Berlin"
        colour = "red"
        [policy]
        slot_step_min = 0
        [[staff]]
        key = "ada"
        name = "Ada"
        [staff.hours]
        mon = ["09:00-12:00", "9-5"]
        monday = []
        [[staff.dates]]
        date = "2026-02-30"
        hours = []
        [[service]]
        key = "cut"
        name = "Cut"
        duration_min = "long"
        price = 48
        """,
    )
    refused(
        outcome,
        "business.name is required",
        "business.colour",
        "policy.slot_step_min",
        "staff[0].hours.mon[1]",
        "staff[0].hours.monday",
        "staff[0].dates[0].date",
        "service[0].duration_min",
        "service[0].price",
    )


def test_every_broken_rule_is_named(run: Run) -> None:
    outcome = run(
        "apply",
        "-",
        stdin="""
        [business]
        slug = "api"
        name = "Salon"
        timezone = "Mars/Olympus"
        currency = "DOUBLOON"
        locale = "klingon_"
        [[staff]]
        key = "any"
        name = "Ada"
        email = "nowhere"
        [staff.hours]
        mon = ["09:00-12:00", "11:00-13:00"]
        [[staff]]
        key = "any"
        name = "Ada again"
        [[service]]
        key = "cut"
        name = "Cut"
        duration_min = 30
        staff = ["nobody"]
        """,
    )
    refused(
        outcome,
        "business.slug",
        "business.timezone",
        "business.currency",
        "business.locale",
        "staff[0].key",
        "staff[0].email",
        "staff[0].hours.mon",
        "staff 'any'",
        "service[0].staff[0]",
    )


def test_a_wrong_type_does_not_hide_a_broken_rule(run: Run) -> None:
    outcome = run(
        "apply",
        "-",
        stdin="""
        [business]
        slug = "salon"
        name = 7
        timezone = "Mars/Olympus"
        [[service]]
        key = "cut"
        name = "Cut"
        duration_min = 30
        staff = ["nobody"]
        """,
    )
    refused(outcome, "business.name", "business.timezone", "service[0].staff[0]")


def test_what_is_wrong_with_locations_rooms_and_phases_is_named(run: Run) -> None:
    outcome = run(
        "apply",
        "-",
        stdin="""
        [business]
        slug = "salon"
        name = "Salon"
        timezone = "Europe/Berlin"
        [[location]]
        key = "mitte"
        name = "Mitte"
        timezone = "Europe/Berlim"
        [[location]]
        key = "soho"
        name = ""
        [location.hours]
        mon = ["09:00-12:00", "11:00-13:00"]
        [[staff]]
        key = "ada"
        name = "Ada"
        [staff.hours]
        mon = ["09:00-12:00"]
        [[staff.at]]
        location = "mitte"
        [[staff.at]]
        location = "camden"
        [[resource]]
        key = "r1"
        name = "Room 1"
        kind = "room"
        [[resource]]
        key = "bob"
        name = "Bob"
        kind = "staff"
        location = "mitte"
        [[service]]
        key = "colour"
        name = "Colour"
        duration_min = 90
        phases = [{ duration_min = 30 }, { duration_min = 40, staff = false }]
        needs = ["chair"]
        locations = ["soho", "camden"]
        """,
    )
    refused(
        outcome,
        "location[1].name is blank",
        "location[0].timezone no such IANA time zone: 'Europe/Berlim'",
        "location[1].hours.mon spans overlap",
        "staff[0].at[0].location staff[0].hours and dates are those at 'mitte' already",
        "staff[0].at[1].location no location has the key 'camden'",
        "resource[0].location is required: one of mitte, soho",
        "resource[1].kind 'staff' stands for people; choose another",
        "service[0].phases last 70 minutes together, but duration_min is 90",
        "service[0].needs[0] no resource is of the kind 'chair'",
        "service[0].locations[1] no location has the key 'camden'",
    )


def test_the_one_location_that_is_not_listed_has_no_key_to_name(run: Run) -> None:
    outcome = run(
        "apply",
        "-",
        stdin="""
        [business]
        slug = "salon"
        name = "Salon"
        timezone = "Europe/Berlin"
        [[staff]]
        key = "ada"
        name = "Ada"
        [[staff.at]]
        location = "main"
        [[resource]]
        key = "r1"
        name = "Room 1"
        kind = "room"
        [[resource]]
        key = "r2"
        name = "Room 2"
        kind = "room"
        location = "main"
        """,
    )
    refused(
        outcome,
        "staff[0].at[0].location no location has the key 'main'",
        "resource[1].location no location has the key 'main'",
    )
    assert "resource[0]" not in outcome.err


def test_a_wrong_length_is_not_blamed_on_the_sum(run: Run) -> None:
    outcome = run(
        "apply",
        "-",
        stdin="""
        [business]
        slug = "salon"
        name = "Salon"
        timezone = "Europe/Berlin"
        [[service]]
        key = "colour"
        name = "Colour"
        duration_min = 90
        [[service.phases]]
        duration_min = "30"
        [[service.phases]]
        duration_min = 40
        """,
    )
    refused(outcome, "service[0].phases[0].duration_min expected `int`, got `str`")
    assert "together" not in outcome.err


def test_a_room_s_time_off_that_ends_before_it_starts_is_named(run: Run) -> None:
    outcome = run(
        "apply",
        "-",
        stdin="""
        [business]
        slug = "salon"
        name = "Salon"
        timezone = "Europe/Berlin"
        [[resource]]
        key = "r1"
        name = "Room 1"
        kind = "room"
        [[resource.time_off]]
        from = "2026-12-30T00:00"
        to = "2026-12-27T00:00"
        """,
    )
    refused(outcome, "resource[0].time_off from 2026-12-30T00:00 must be before to")


@pytest.mark.parametrize(
    "text, word",
    [
        ("business = [", "TOML"),
        ("", "business"),
        (b"\xff\xfe", "save it as UTF-8"),
        (b"# \xe9", "not UTF-8"),
        (b"[business]\nslug = 'x\0'", "TOML"),
        ('"\\\\[/b]" = 1', "[/b]"),
        ("x = " + "[" * 5000, "deeply"),
        ("#" + "x" * 5_000_000, "larger"),
    ],
    ids=["open", "empty", "utf-16", "latin-1", "nul", "markup", "deep", "large"],
)
def test_what_is_no_business_file_is_refused(run: Run, text: str | bytes, word: str) -> None:
    refused(run("apply", "-", stdin=text), word)


@pytest.mark.parametrize("name", ["missing.toml", "folder", "\\[/b].toml"])
def test_what_can_not_be_read_is_named(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    refused(run("apply", tmp_path / name), name)
