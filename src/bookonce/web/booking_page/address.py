"""Addresses of the booking page: every step of a booking is one, to be linked and gone back to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from bookonce.availability.selection import Choice
from bookonce.platform.tokens import is_token
from bookonce.platform.zones import is_in_calendar, is_zone


@dataclass(frozen=True, slots=True)
class Address:
    """What a visitor has chosen so far, and how they read the page. What makes no sense is left
    out, so that a mangled link leads to an earlier step and not to an error.
    """

    slug: str
    service: str | None = None
    location: str | None = None
    staff: str | None = None
    date: str | None = None
    start: str | None = None
    lang: str | None = None
    tz: str | None = None
    embed: str | None = None
    again: str | None = None
    """The capability of an appointment whose time was lost: what was typed for it comes back."""
    add: str | None = None
    """Another service is looked for."""

    @classmethod
    def of(cls, slug: str, parameters: Any) -> Address:
        """From query parameters or the fields of a form."""
        values = {field.name: parameters.get(field.name) or None for field in fields(cls)[1:]}
        found = cls(slug, **values)
        return replace(
            found,
            date=found.date if found.day else None,
            start=found.start if found.start_at else None,
            tz=found.tz if found.tz and is_zone(found.tz) else None,
            embed="1" if found.embed else None,
            add="1" if found.add else None,
            again=found.again if found.again and is_token(found.again) else None,
        )

    @property
    def day(self) -> dt.date | None:
        """The chosen date."""
        try:
            return dt.date.fromisoformat(self.date or "")
        except ValueError:
            return None

    @property
    def start_at(self) -> dt.datetime | None:
        """The chosen start."""
        return instant_in(self.start)

    @property
    def zone(self) -> ZoneInfo | None:
        """The visitor's zone, if they told it."""
        return ZoneInfo(self.tz) if self.tz else None

    @property
    def services(self) -> tuple[str, ...]:
        """The keys of the chosen services, in order."""
        return tuple(key for key in (self.service or "").split(",") if key)

    @property
    def choice(self) -> Choice:
        """What, with whom and where."""
        return Choice.of(self.services, self.staff, self.location)

    @property
    def manner(self) -> dict[str, str]:
        """How the page is read, apart from what is booked."""
        return {k: v for k in ("lang", "tz", "embed") if (v := getattr(self, k))}

    @property
    def parameters(self) -> dict[str, str]:
        """Everything, as query parameters."""
        return {f.name: v for f in fields(self)[1:] if (v := getattr(self, f.name))}

    def but(self, **changes: str | None) -> str:
        """The address of the same with some things chosen otherwise."""
        changed = {name: value for name, value in (self.parameters | changes).items() if value}
        return _path(f"/{self.slug}", changed)

    def own(self, token: str, *rest: str, **parameters: str) -> str:
        """The address of the client's own page for an appointment, or of something on it."""
        return _path("/".join((f"/{self.slug}/a/{token}", *rest)), parameters | self.manner)


def instant_in(text: str | None) -> dt.datetime | None:
    """The instant that an address names; None if it is none that a clock of any zone can show."""
    try:
        found = dt.datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo and is_in_calendar(found) else None


def _path(path: str, parameters: dict[str, str]) -> str:
    return quote(path) + (f"?{urlencode(parameters, safe=',')}" if parameters else "")
