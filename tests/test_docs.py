"""What the documentation says of the code is so."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import msgspec
import pytest

from bookonce.booking.booking_rows import CHOOSING_BOOKING, SIMPLE_BOOKING
from bookonce.events.catalogue import KINDS, Part
from bookonce.followers import registry
from bookonce.platform.actor import ActorKind
from bookonce.platform.settings import Settings
from bookonce.web import metrics
from bookonce.web.errors import STATUS

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_the_life_of_a_booking_shows_the_statements_that_are_sent() -> None:
    simple, choosing = re.findall(
        r"```sql\n(.*?)```", (ROOT / "docs/life-of-a-booking.md").read_text(), re.DOTALL
    )
    assert simple.strip() == SIMPLE_BOOKING.text.strip()
    assert choosing.strip() in CHOOSING_BOOKING.text


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs/settings.md").read_text()
    for field in dataclasses.fields(Settings):
        assert f"BOOKONCE_{field.name.upper()}" in text, field.name


def test_every_code_is_documented() -> None:
    text = (ROOT / "docs/api.md").read_text()
    for code in STATUS:
        assert code in text, code


def _table(page: str, name: str) -> dict[str, list[str]]:
    """The rows of a page's table whose first column is headed `name`, by that column's code."""
    rows: dict[str, list[str]] = {}
    inside = False
    for line in (ROOT / "docs" / page).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith(f"| {name} |"):
            inside = True
        elif inside and line.startswith("| `"):
            rows[cells[0].strip("`")] = cells[1:]
        elif not line.startswith("|"):
            inside = False
    return rows


def test_every_kind_of_event_is_documented_as_the_catalogue_has_it() -> None:
    told = _table("events.md", "kind")
    assert {each.value for each in ActorKind} <= told.keys()
    assert {name: row for name, row in told.items() if name not in set(ActorKind)} == {
        kind.name: [f"`{kind.facts.__name__}`", kind.meaning, kind.since] for kind in KINDS.values()
    }


def test_the_facts_of_events_are_documented_field_by_field() -> None:
    told = {name: row[0] for name, row in _table("events.md", "facts").items()}
    types = {kind.facts for kind in KINDS.values()} | {Part}
    assert told == {
        each.__name__: ", ".join(f"`{one.name}`" for one in msgspec.structs.fields(each)) or "none"
        for each in types
    }


def test_every_job_is_documented_with_what_leads_to_it() -> None:
    found = registry()
    told = _table("jobs.md", "job")
    assert told.keys() == found.jobs.keys()
    for name in found.jobs:
        kinds = {kind for kind in found.kinds() if name in {j.name for j in found.jobs_after(kind)}}
        assert set(re.findall(r"`([a-z_.]+)`", told[name][0])) == kinds, name


def test_every_metric_is_documented() -> None:
    told = {name.removesuffix("_total") for name in _table("operate.md", "metric")}
    assert told >= set(re.findall(r'"(bookonce_[a-z_]+)"', Path(metrics.__file__).read_text()))


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    for target in targets:
        if "://" not in target:
            assert (page.parent / target).exists(), target
