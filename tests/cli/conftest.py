"""Commands on a database, and what that database holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.commands import Outcome, bookonce
from tests.web.ledger import Ledger

Run = Callable[..., Outcome]


@pytest.fixture(scope="module")
def database_url(new_database: Callable[[], str]) -> str:
    """One database for all tests of a file: each brings a business of its own."""
    return new_database()


@pytest.fixture
def run(database_url: str) -> Run:
    """Runs a command on the database."""

    def run(*arguments: str | Path, stdin: str | bytes = b"") -> Outcome:
        return bookonce(*arguments, "--database-url", database_url, stdin=stdin)

    return run


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """What the database holds."""
    with Ledger(database_url) as opened:
        yield opened
