"""Addresses of the booking page: every step of a booking is one, to be linked and gone back to."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import quote, quote_plus
from zoneinfo import ZoneInfo

from bookonce.availability.selection import Choice
from bookonce.platform.tokens import is_token
from bookonce.platform.zones import is_in_calendar, is_zone

PREFILLED = {"name": 200, "email": 320, "phone": 60, "notes": 2_000}
"""The fields of the form that an address may fill in, and how many characters of each."""
_CAMPAIGN = re.compile(r"utm_[a-z_]{1,30}")
CAMPAIGN_LENGTH_MAX, CAMPAIGNS_MAX = 200, 8


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
    carried: tuple[tuple[str, str], ...] = ()
    """What goes along unread: what the form is filled in with, and where the visitor came from, as
    those have it who count visits (`utm_source` and the like).
    """

    @classmethod
    def of(cls, slug: str, parameters: Any) -> Address:
        """From query parameters or the fields of a form."""
        values: dict[str, Any] = {name: parameters.get(name) or None for name in _CHOSEN}
        found = cls(slug, **values)
        campaigns = islice(
            (
                (name, str(value)[:CAMPAIGN_LENGTH_MAX])
                for name, value in parameters.items()
                if _CAMPAIGN.fullmatch(name) and value
            ),
            CAMPAIGNS_MAX,
        )
        return replace(
            found,
            date=found.date if found.day else None,
            start=found.start if found.start_at else None,
            tz=found.tz if found.tz and is_zone(found.tz) else None,
            embed="1" if found.embed else None,
            add="1" if found.add else None,
            again=found.again if found.again and is_token(found.again) else None,
            carried=tuple(dict(campaigns).items()),
        )

    @classmethod
    def of_query(cls, slug: str, query: Any) -> Address:
        """From the query of an address, which may fill in the form. What was sent with the form is
        never in an address.
        """
        found = cls.of(slug, query)
        prefilled = [
            (name, value[:length_max])
            for name, length_max in PREFILLED.items()
            if (value := str(query.get(name) or "").strip())
        ]
        return replace(found, carried=(*prefilled, *found.carried))

    @property
    def prefilled(self) -> dict[str, str]:
        """What the fields of the form begin with."""
        return {name: value for name, value in self.carried if name in PREFILLED}

    @property
    def beside_the_form(self) -> dict[str, str]:
        """What is sent with the form beside what is typed in it and the start."""
        left_out = ("start", "add", *PREFILLED)
        return {name: value for name, value in self.parameters.items() if name not in left_out}

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
        return {name: v for name in _CHOSEN if (v := getattr(self, name))} | dict(self.carried)

    def but(self, **changes: str | None) -> str:
        """The address of the same with some things chosen otherwise."""
        changed = {name: value for name, value in (self.parameters | changes).items() if value}
        return _path(f"/{self.slug}", changed)

    def own(self, token: str, *rest: str, **parameters: str) -> str:
        """The address of the client's own page for an appointment, or of something on it."""
        return _path("/".join((f"/{self.slug}/a/{token}", *rest)), parameters | self.manner)


_CHOSEN = tuple(field.name for field in fields(Address) if field.name not in ("slug", "carried"))


def instant_in(text: str | None) -> dt.datetime | None:
    """The instant that an address names; None if it is none that a clock of any zone can show."""
    try:
        found = dt.datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo and is_in_calendar(found) else None


def _path(path: str, parameters: dict[str, str]) -> str:
    query = "&".join(f"{name}={_quoted(value)}" for name, value in parameters.items())
    return quote(path) + (f"?{query}" if query else "")


@lru_cache(4096)
def _quoted(value: str) -> str:
    """A page of times has a hundred addresses, of the same few values."""
    return quote_plus(value, safe=",")
