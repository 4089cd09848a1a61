"""What every step shows of the business around it: where it is, when it is open, how to reach it,
and what it has to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from urllib.parse import urlencode

from bookonce.business.directory import Directory, Place
from bookonce.business.document import Staff
from bookonce.business.opening import Opening, State
from bookonce.platform.intervals import Interval
from bookonce.platform.languages import Language
from bookonce.web.booking_page.pictures import Shown, shown

MAPS = "https://www.openstreetmap.org/search"
"""Where a map link leads; nothing of it is loaded before somebody follows it."""
LETTERS_MAX = 2
UNUSUAL_MAX = 4


@dataclass(frozen=True, slots=True)
class Day:
    """A line of the opening hours: a weekday or a date, and when it is open."""

    name: str
    hours: list[str]
    """Its spans, or one word where there are none."""
    is_today: bool = False


@dataclass(frozen=True, slots=True)
class PlaceShown:
    """A place as visitors are told of it; texts are empty where there is nothing to tell."""

    name: str
    address: list[str]
    """Its lines."""
    map_url: str
    standing: str
    """Whether it is open, and until when."""
    is_open: bool
    week: list[Day]
    unusual: list[Day]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the team."""

    key: str
    name: str
    role: str
    languages: str
    initials: str
    picture: Shown | None


class Face:
    """The business as its pages show it, in a language, at a moment."""

    def __init__(self, directory: Directory, spoken: Language, now: datetime) -> None:
        self._directory, self._spoken, self._now = directory, spoken, now
        page, _ = directory.business.page, spoken.words.gettext
        self.cover: Shown | None = shown(directory, page.cover)
        self.welcome = paragraphs(page.welcome)
        self.announcement = page.announcement
        legal = (
            (_("Imprint"), page.imprint),
            (_("Privacy"), page.privacy),
            (_("Terms"), page.terms),
        )
        self.legal = [(text, url) for text, url in legal if url]
        """A text and an address for each."""
        places = list(directory.places.values())
        self.address = paragraphs(places[0].address) if len(places) == 1 else []
        """The lines of the only place's address."""
        self.map_url = _map_url(self.address)

    @cached_property
    def places(self) -> list[PlaceShown]:
        """With their hours: worked out only for the page that shows them."""
        return [
            _place(self._directory, place, self._spoken, self._now)
            for place in self._directory.places.values()
        ]


def _map_url(lines: list[str]) -> str:
    return f"{MAPS}?{urlencode({'query': ', '.join(lines)})}" if lines else ""


def paragraphs(text: str) -> list[str]:
    """A text of several lines, as paragraphs."""
    return [each for each in (line.strip() for line in text.split("\n")) if each]


def person(directory: Directory, staff: Staff, spoken: Language) -> Person:
    """Somebody as visitors are told of them."""
    return Person(
        staff.key,
        staff.name,
        staff.role,
        spoken.listed([spoken.language_name(code) for code in staff.languages]),
        initials(staff.name),
        shown(directory, staff.picture),
    )


def initials(name: str) -> str:
    """The first letters of somebody's first and last name."""
    words = [word for word in name.split() if word[0].isalnum()] or name.split()
    ends = words if len(words) < LETTERS_MAX else [words[0], words[-1]]
    return "".join(word[0] for word in ends).upper()


def _place(directory: Directory, place: Place, spoken: Language, now: datetime) -> PlaceShown:
    opening = Opening.of(place)
    wall = now.astimezone(place.zone).replace(tzinfo=None)
    state = opening.now(wall)
    lines = paragraphs(place.address)
    shows_hours = directory.business.page.hours and not directory.is_closed
    return PlaceShown(
        place.label,
        lines,
        _map_url(lines),
        _standing(state, spoken, wall) if shows_hours else "",
        state.is_open,
        _week(opening, spoken, wall) if shows_hours and any(opening.usually()) else [],
        _unusual(opening, spoken, wall) if shows_hours else [],
    )


def _standing(state: State, spoken: Language, wall: datetime) -> str:
    _ = spoken.words.gettext
    if state.until is None:
        return ""
    time = spoken.time(state.until)
    if state.is_open:
        return _("Open until %(time)s") % {"time": time}
    days = (state.until.date() - wall.date()).days
    if days == 0:
        return _("Closed, opens at %(time)s") % {"time": time}
    if days < 7:
        day = spoken.weekday(state.until.date())
        return _("Closed, opens %(day)s at %(time)s") % {"day": day, "time": time}
    return _("Closed until %(day)s") % {"day": spoken.day(state.until.date())}


def _week(opening: Opening, spoken: Language, wall: datetime) -> list[Day]:
    usually = opening.usually()
    today = wall.date()
    found = []
    for number, _short, full in spoken.weekdays():
        is_today = number == today.weekday()
        spans = opening.on(today) if is_today else usually[number]
        found.append(Day(full, _hours(spans, spoken, wall), is_today))
    return found


def _unusual(opening: Opening, spoken: Language, wall: datetime) -> list[Day]:
    return [
        Day(spoken.day(day), _hours(spans, spoken, wall))
        for day, spans in opening.unusual(wall.date())[:UNUSUAL_MAX]
    ]


def _hours(spans: tuple[Interval, ...], spoken: Language, wall: datetime) -> list[str]:
    _ = spoken.words.gettext
    if not spans:
        return [_("closed")]
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)

    def clock(minute: int) -> str:
        return spoken.time(midnight + timedelta(minutes=minute))

    if spans == ((0, 1440),):
        return [_("all day")]
    return [f"{clock(start)}–{clock(end)}" for start, end in spans]
