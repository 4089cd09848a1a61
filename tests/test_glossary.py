"""No identifier in src is a name that docs/glossary.md has retired."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/bookonce"
ROW = re.compile(r"^\| .+ \| .+ \| (.+) \|$", re.MULTILINE)
NAME = re.compile(r"`(\w+)`(?: \((\w+)\))?")
RETIRED = [
    (name, room)
    for names in ROW.findall((ROOT / "docs/glossary.md").read_text())
    for name, room in NAME.findall(names)
]
"""Names, each with the one room in which it is retired; "" means everywhere."""

NOT_YET = {"means", "release"}
"""Retired names that are still in use. Take a name off when it is gone."""


@cache
def identifiers(file: Path) -> set[str]:
    """The file's name and every name in it."""
    fields = (
        getattr(node, field, None)
        for node in ast.walk(ast.parse(file.read_text()))
        for field in ("id", "attr", "name", "arg", "asname")
    )
    names = {name for name in fields if isinstance(name, str)}
    return {part for name in names | {file.stem} for part in name.split(".")}


def uses(name: str, room: str) -> list[str]:
    """The files that use a name."""
    files = sorted((SOURCE / room).rglob("*.py"))
    return [str(file.relative_to(SOURCE)) for file in files if name in identifiers(file)]


def test_the_glossary_retires_names() -> None:
    assert ("Own", "") in RETIRED
    assert ("release", "payments") in RETIRED


@pytest.mark.parametrize("name, room", [one for one in RETIRED if one[0] not in NOT_YET])
def test_a_retired_name_is_not_used(name: str, room: str) -> None:
    assert uses(name, room) == []


@pytest.mark.parametrize("name, room", [one for one in RETIRED if one[0] in NOT_YET])
def test_a_name_that_is_not_yet_gone_is_still_used(name: str, room: str) -> None:
    assert uses(name, room), f"{name} is gone: take it off NOT_YET"


def test_names_that_are_not_yet_gone_are_retired() -> None:
    assert {name for name, _ in RETIRED} >= NOT_YET
