"""`python -m tests.model`: explore everything and print the counts, as docs/model.md has them."""

from __future__ import annotations

from tests.model.run import (
    ALL_WITH_MONEY,
    MONEY_AND_FAULT,
    VISITS,
    VISITS_AND_FAULT,
    WITH_MONEY,
    WITHOUT_MONEY,
    explore_group,
    row,
)

for group in (
    WITHOUT_MONEY,
    VISITS,
    WITH_MONEY,
    ALL_WITH_MONEY,
    VISITS_AND_FAULT,
    MONEY_AND_FAULT,
):
    found = explore_group(group)
    print(row(group, found), flush=True)
    if found.violation:
        raise SystemExit(str(found.violation))
