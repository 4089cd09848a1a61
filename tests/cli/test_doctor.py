"""`bookonce doctor`: whether an installation is well, and if not, what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commands import Outcome, bookonce, refused
from tests.running import free_port
from tests.web.ledger import Ledger

Run = Callable[..., Outcome]


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """A database for one test, which may break it."""
    return new_database()


def unwell(outcome: Outcome, subject: str, *advice: str) -> None:
    """Require exit code 1 and that one subject, and no other, is found unwell, with advice."""
    assert outcome.code == 1, outcome
    assert "Traceback" not in outcome.said
    lines = [line for line in outcome.out.splitlines() if "✗" in line]
    assert len(lines) == 1, outcome.out
    assert subject in lines[0]
    for words in advice:
        assert words in lines[0]


def test_it_works(run: Run, ledger: Ledger) -> None:
    before = ledger.contents()
    outcome = run("doctor")
    assert outcome.code == 0, outcome
    assert "✗" not in outcome.out
    for subject in ("database", "schema", "guard", "time zones", "mail", "disk"):
        assert subject in outcome.out
    assert ledger.contents() == before


def test_an_embedded_database_that_was_never_made_is_made_and_is_well(scratch: Path) -> None:
    place = scratch / "doctor"
    outcome = bookonce("doctor", "--data-dir", place)
    unwell(outcome, "schema", "bookonce migrate")
    assert bookonce("migrate", "--data-dir", place).code == 0
    assert bookonce("doctor", "--data-dir", place).code == 0
    assert not (place / "postgres" / "postmaster.pid").exists()


def test_a_database_that_is_away_is_told_with_what_to_do() -> None:
    url = f"postgresql://bookonce@127.0.0.1:{free_port()}/bookonce"
    outcome = bookonce("doctor", "--database-url", url)
    refused(outcome, "database", "--database-url")
    assert "bookonce doctor" not in outcome.err  # that is what was just asked


def test_a_schema_that_is_behind_is_found(run: Run, ledger: Ledger) -> None:
    ((version,),) = ledger.fetch(
        "DELETE FROM schema_migration WHERE version = (SELECT max(version) FROM schema_migration)"
        " RETURNING version"
    )
    unwell(run("doctor"), "schema", f"lacks {version}", "bookonce migrate")


def test_a_database_without_a_schema_is_found(run: Run, ledger: Ledger) -> None:
    ledger.fetch("DROP SCHEMA public CASCADE")
    ledger.fetch("CREATE SCHEMA public")
    outcome = run("doctor")
    assert outcome.code == 1
    assert "bookonce migrate" in outcome.out
    assert "Traceback" not in outcome.said


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE claim DROP CONSTRAINT claim_one_at_a_time",
        "ALTER TABLE claim DROP CONSTRAINT claim_one_at_a_time;"
        " ALTER TABLE claim ADD CONSTRAINT claim_one_at_a_time EXCLUDE USING gist"
        " (business_id WITH =, resource_id WITH =, during WITH &&) DEFERRABLE",
        "ALTER TABLE claim DROP CONSTRAINT claim_one_at_a_time;"
        " ALTER TABLE claim ADD EXCLUDE USING gist"
        " (business_id WITH =, claim_id WITH =, during WITH &&)",
    ],
    ids=["dropped", "deferrable", "guards something else"],
)
def test_a_guard_that_no_longer_guards_is_found(run: Run, ledger: Ledger, statement: str) -> None:
    for one in statement.split(";"):
        ledger.fetch(one)
    unwell(run("doctor"), "guard", "restore")


def test_a_database_that_may_lose_what_it_answered_is_found(
    run: Run, cluster_url: str, database_url: str
) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    with Ledger(cluster_url) as ledger:
        ledger.fetch(f"ALTER ROLE bookonce IN DATABASE {name} SET synchronous_commit = off")
    unwell(run("doctor"), "durability", "synchronous_commit")


def test_names_of_folders_are_only_text(run: Run, scratch: Path) -> None:
    place = scratch / "\\[/x]"
    place.mkdir(parents=True)
    outcome = run("doctor", "--data-dir", place)
    assert outcome.code == 0, outcome.err
    assert str(place) in outcome.out
