"""Business files that are wrong: refused whole, with each place named, and nothing written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bookonce.core import business_file
from tests.cli.commands import Outcome, bookonce, refused
from tests.factories import a_business
from tests.web.ledger import Ledger

pytestmark = pytest.mark.xdist_group("bad files")  # one worker starts what they share

Run = Callable[..., Outcome]


@pytest.fixture(scope="module")
def database_url(new_database: Callable[[], str]) -> str:
    """One database for all, with the business "salon": nothing is meant to happen to it."""
    url = new_database()
    salon = business_file.render(a_business("salon"))
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


@pytest.mark.parametrize(
    "text, word",
    [
        ("business = [", "TOML"),
        ("", "business"),
        (b"\xff\xfe", "UTF-8"),
        (b"[business]\nslug = 'x\0'", "TOML"),
        ('"\\\\[/b]" = 1', "[/b]"),
        ("x = " + "[" * 5000, "deeply"),
        ("#" + "x" * 5_000_000, "larger"),
    ],
    ids=["open", "empty", "bytes", "nul", "markup", "deep", "large"],
)
def test_what_is_no_business_file_is_refused(run: Run, text: str | bytes, word: str) -> None:
    refused(run("apply", "-", stdin=text), word)


@pytest.mark.parametrize("name", ["missing.toml", "folder", "\\[/b].toml"])
def test_what_can_not_be_read_is_named(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    refused(run("apply", tmp_path / name), name)
