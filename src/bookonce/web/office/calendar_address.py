"""The address of a view of the calendar: every view is one, and can be opened by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from bookonce.business.directory import Directory
from bookonce.platform.zones import FIRST_YEAR, LAST_YEAR


class View(StrEnum):
    """How the calendar is shown."""

    DAY = "day"  # a column for each person
    WEEK = "week"  # one person, a column for each day
    LIST = "list"  # a week as a table


@dataclass(frozen=True, slots=True)
class CalendarAddress:
    """Which days of whom, where, and in which view."""

    slug: str
    day: date
    view: View = View.DAY
    location: str | None = None
    staff: str | None = None

    @classmethod
    def read(
        cls, directory: Directory, query: Mapping[str, str], today: date, own: str | None
    ) -> CalendarAddress:
        """What an address asks for; what it says that there isn't counts for nothing. `own` is the
        calendar that a week shows unless somebody is named.
        """
        location = query.get("location")
        staff = query.get("staff")
        view = query.get("view")
        chosen = View(view) if view in set(View) else View.DAY
        known = staff if staff in directory.staff_ids else None
        if chosen is View.WEEK and known is None:
            known = own if own in directory.staff_ids else next(iter(directory.staff_ids), None)
        return cls(
            directory.slug,
            _date(query.get("date"), today),
            chosen,
            location if directory.lists_locations and location in directory.places else None,
            known,
        )

    @property
    def first(self) -> date:
        """The first date that is shown: of a week, Monday."""
        if self.view is View.DAY:
            return self.day
        return self.day - timedelta(days=self.day.weekday())

    @property
    def last(self) -> date:
        """The last date that is shown."""
        return self.first if self.view is View.DAY else self.first + timedelta(days=6)

    def moved(self, steps: int) -> CalendarAddress:
        """So many days or weeks later, or earlier."""
        days = steps if self.view is View.DAY else 7 * steps
        try:
            return replace(self, day=_within(self.day + timedelta(days=days)))
        except OverflowError:
            return self

    def url(self, **changes: object) -> str:
        """The address, with something changed."""
        changed = replace(self, **changes)  # type: ignore[arg-type]
        query = {"date": changed.day.isoformat(), "view": changed.view.value}
        if changed.location:
            query["location"] = changed.location
        if changed.staff:
            query["staff"] = changed.staff
        return f"/office/{self.slug}/calendar?{urlencode(query)}"


def _date(text: str | None, today: date) -> date:
    try:
        return _within(date.fromisoformat(text or ""))
    except ValueError:
        return today


def _within(day: date) -> date:
    return min(max(day, date(FIRST_YEAR, 1, 8)), date(LAST_YEAR, 12, 20))
