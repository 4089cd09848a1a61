"""What the documentation says of the code is so."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from bookonce.booking.booking_rows import CHOOSING_BOOKING, SIMPLE_BOOKING
from bookonce.platform.settings import Settings
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


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    for target in targets:
        if "://" not in target:
            assert (page.parent / target).exists(), target
