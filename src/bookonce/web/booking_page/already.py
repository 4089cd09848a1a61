"""What the page shows to visitors who have booked the chosen time already."""

from __future__ import annotations

from dataclasses import dataclass

from bookonce.web.booking_page.visit import When


@dataclass(frozen=True, slots=True)
class Already:
    """An appointment that the visitor has; `url` and `when` only if they have shown that it is
    theirs.
    """

    url: str = ""
    when: When | None = None
    is_same_time: bool = True
