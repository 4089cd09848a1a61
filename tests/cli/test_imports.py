"""A command imports what it needs and no more: the rest would take longer than its work."""

from __future__ import annotations

import subprocess
import sys

import pytest

WEB = {"litestar", "granian", "jinja2"}
LOAD = {"aiohttp", "bookonce.torture"}
FILES = {"PIL", "openpyxl", "numpy"}


def imported(statement: str) -> set[str]:
    """What a fresh Python has imported after a statement, without what it wrote."""
    asked = subprocess.run(
        [sys.executable, "-c", f"import sys\n{statement}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(asked.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "statement, needed, others",
    [
        (
            "from bookonce.cli.main import app; app(['--version'], standalone_mode=False)",
            {"typer"},
            WEB | LOAD | FILES | {"asyncpg", "bookonce.business"},
        ),
        ("import bookonce.cli.business", {"asyncpg"}, WEB | LOAD | FILES),
        ("import bookonce.cli.jobs_process", {"bookonce.queue"}, WEB | LOAD | FILES),
        ("import bookonce.cli.serve", {"granian"}, {"litestar", "jinja2"} | LOAD | FILES),
        ("import bookonce.cli.web_worker", {"litestar"}, LOAD | FILES),
    ],
    ids=["version", "business", "jobs", "serve", "web-worker"],
)
def test_only_what_it_needs(statement: str, needed: set[str], others: set[str]) -> None:
    found = imported(statement)
    assert needed <= found
    assert not others & found
