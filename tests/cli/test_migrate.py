"""`bookonce migrate`: the schema brought up to date, once."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from bookonce.platform.schema import packaged_versions
from tests.cli.commands import Outcome, bookonce, environment, refused
from tests.running import COMMAND, database_named, free_port
from tests.web.ledger import Ledger

Run = Callable[..., Outcome]

_numbers = itertools.count(1)


@pytest.fixture
def empty_url(cluster_url: str) -> Iterator[str]:
    """A database in which nothing was ever made."""
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    with Ledger(cluster_url) as ledger:
        ledger.fetch(f"CREATE DATABASE {name} TEMPLATE template0")
        yield database_named(cluster_url, name)
        ledger.fetch(f"DROP DATABASE {name}")


def test_it_works(empty_url: str) -> None:
    outcome = bookonce("migrate", "--database-url", empty_url)
    expected = "".join(f"applied {version}\n" for version in packaged_versions())
    assert (outcome.code, outcome.out, outcome.err) == (0, expected, "")
    with Ledger(empty_url) as ledger:
        rows = ledger.fetch("SELECT version FROM schema_migration ORDER BY version")
    assert [row["version"] for row in rows] == packaged_versions()


def test_again_there_is_nothing_to_do(run: Run, ledger: Ledger) -> None:
    before = ledger.contents()
    outcome = run("migrate")
    assert (outcome.code, outcome.out) == (0, "schema is up to date\n")
    assert ledger.contents() == before


def test_two_at_once_migrate_once(empty_url: str) -> None:
    both = [
        subprocess.Popen(
            [*COMMAND, "migrate", "--database-url", empty_url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        for _ in range(2)
    ]
    said = [b"".join(process.communicate(timeout=60)).decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert "".join(said).count(f"applied {packaged_versions()[-1]}\n") == 1
    with Ledger(empty_url) as ledger:
        rows = ledger.fetch("SELECT version FROM schema_migration")
    assert len(rows) == len(packaged_versions())


def test_the_address_may_come_from_the_environment(empty_url: str) -> None:
    assert bookonce("migrate", BOOKONCE_DATABASE_URL=empty_url).code == 0
    assert "up to date" in bookonce("migrate", BOOKONCE_DATABASE_URL=empty_url).out


def test_a_database_that_is_away_is_told() -> None:
    url = f"postgresql://bookonce@127.0.0.1:{free_port()}/bookonce"
    refused(bookonce("migrate", "--database-url", url), "database", "--database-url")


def test_a_schema_that_can_not_be_made_is_told_and_leaves_nothing(empty_url: str) -> None:
    with Ledger(empty_url) as ledger:
        ledger.fetch("CREATE TABLE appointment (mine text)")
    refused(bookonce("migrate", "--database-url", empty_url), "appointment")
    with Ledger(empty_url) as ledger:
        tables = ledger.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert {row["tablename"] for row in tables} <= {"appointment", "schema_migration"}


@pytest.mark.parametrize("command", [["migrate"], ["serve"], ["worker"]])
def test_a_database_of_a_newer_version_is_refused_with_a_word_on_the_way_back(
    empty_url: str, command: list[str]
) -> None:
    assert bookonce("migrate", "--database-url", empty_url).code == 0
    with Ledger(empty_url) as ledger:
        ledger.fetch("INSERT INTO schema_migration (version) VALUES ('9999')")
        before = ledger.contents()
        outcome = bookonce(*command, "--database-url", empty_url)
        assert outcome.code == 1
        assert "newer Bookonce (migration 9999)" in outcome.err
        assert "restore the backup" in " ".join(outcome.err.split())
        assert ledger.contents() == before


def test_the_doctor_sees_a_newer_schema(empty_url: str) -> None:
    assert bookonce("migrate", "--database-url", empty_url).code == 0
    with Ledger(empty_url) as ledger:
        ledger.fetch("INSERT INTO schema_migration (version) VALUES ('9999')")
    outcome = bookonce("doctor", "--database-url", empty_url)
    assert outcome.code == 1
    assert "is newer than this Bookonce: 9999" in " ".join(outcome.out.split())
