"""`bookonce torture` as a user runs it: what it finds, what it says, what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bookonce.cli.torture import torture
from tests.cli.commands import bookonce

ROOT = Path(__file__).parents[2]
command = typer.Typer()
command.command()(torture)


def test_a_short_run_passes_and_writes_what_the_page_says(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    outcome = bookonce("torture", "--seconds", "4", "--clients", "8", "--seed", "7", "--json", file)
    assert outcome.code == 0, outcome
    assert "Nothing was booked twice, nothing was lost. --seed 7" in outcome.out
    assert outcome.out.count("✓") == 6
    result = json.loads(file.read_text())
    assert result["passed"] is True
    assert result["double_bookings"] == 0
    assert all(check["passed"] and not check["offences"] for check in result["checks"])
    for kind in ("book", "move", "cancel", "block", "unblock"):
        assert result["attempts"][kind]["done"] > 0, kind
    for kind in ("book", "move", "block"):
        assert result["attempts"][kind]["refused"] > 0, kind
    page = (ROOT / "docs/torture.md").read_text()
    for field in [*result, *result["checks"][0]]:
        assert f"`{field}`" in page, field
    for check in result["checks"]:
        assert f"`{check['name']}`" in page, check
        assert check["promise"] in page, check


def test_without_the_guard_double_bookings_are_reported(tmp_path: Path) -> None:
    """The control: the load provokes double bookings, and the checks see them."""
    file = tmp_path / "result.json"
    outcome = bookonce(
        "torture", "--seconds", "3", "--clients", "16", "--guard", "off", "--seed", "8",
        "--json", file,
    )  # fmt: skip
    assert outcome.code == 1, outcome
    result = json.loads(file.read_text())
    assert result["double_bookings"] > 0
    assert f"the checker sees: {result['double_bookings']} double bookings" in outcome.out
    double = next(check for check in result["checks"] if check["name"] == "double")
    in_the_rows = [one for one in double["offences"] if one["what"].startswith("claims")]
    in_the_history = [one for one in double["offences"] if one["attempts"]]
    assert in_the_rows
    assert in_the_history


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--seconds", "0", "--seconds"),
        ("--clients", "many", "--clients"),
        ("--faults", "fire", "failover"),
        ("--guard", "maybe", "off"),
    ],
)
def test_options_that_make_no_sense_are_refused(option: str, value: str, words: str) -> None:
    outcome = CliRunner().invoke(command, [option, value])
    assert outcome.exit_code == 2
    for expected in ("Invalid value", option, words):
        assert expected in outcome.stderr
    assert outcome.stdout == ""


def test_the_guard_is_not_left_out_under_faults() -> None:
    outcome = CliRunner().invoke(command, ["--guard", "off", "--faults", "crash"])
    assert outcome.exit_code == 1
    assert "no server opens again without its guard" in outcome.stderr


def test_a_file_that_can_not_be_written_is_told_before_the_run(tmp_path: Path) -> None:
    file = tmp_path / "no" / "such.json"
    outcome = CliRunner().invoke(command, ["--json", str(file)])
    assert outcome.exit_code == 1
    assert "--json: there is no folder" in outcome.stderr
    assert not file.parent.exists()
