"""Puts the booking statements into docs/life-of-a-booking.md: `python -m tests.statements_in_docs`."""

from __future__ import annotations

import re
from pathlib import Path

from bookonce.booking.booking_rows import CHOOSING_BOOKING, SIMPLE_BOOKING

PAGE = Path(__file__).parents[1] / "docs/life-of-a-booking.md"


def main() -> None:
    """Replace the page's two statements by those that are sent."""
    whole = CHOOSING_BOOKING.text
    choosing = whole[whole.index("wanted AS (") : whole.index("expired_hold AS (")].rstrip(",\n")
    statements = iter([SIMPLE_BOOKING.text.strip(), choosing])
    PAGE.write_text(
        re.sub(
            r"(?<=```sql\n).*?(?=```)",
            lambda _: f"{next(statements)}\n",
            PAGE.read_text(),
            flags=re.DOTALL,
        )
    )


if __name__ == "__main__":
    main()
