"""The languages that pages and messages speak: which one somebody reads, its words, dates and amounts."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache, reduce
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import (
    format_date,
    format_interval,
    format_time,
    format_timedelta,
    get_day_names,
    get_timezone_location,
    get_timezone_name,
    match_skeleton,
)
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_percent
from babel.support import NullTranslations, Translations
from babel.units import format_unit

from bookonce.platform.zones import comes_twice, pass_name

SOURCE = "en"
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
MANY = 1_000_000  # days stay days, however many
DAY_MIN = 24 * 60
LANGUAGES = ("en", "de", "fr", "es", "ar")
ACCEPTED_LENGTH_MAX = 500
LOCALE_LENGTH_MAX = 35
_RANGE = re.compile(
    r"(?P<range>\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)"
    r"([ \t]*;[ \t]*[qQ]=(?P<weight>0(\.[0-9]{0,3})?|1(\.0{0,3})?))?"
)
"""A language range with its weight, as RFC 9110 has it."""


@dataclass(frozen=True)
class Language:
    """A language with the conventions of one country."""

    code: str
    locale: Locale

    @cached_property
    def words(self) -> NullTranslations:
        """The page's texts in this language."""
        return catalogue(self.code)

    # A page of times tells a month of days, and the same times on each.
    @cached_property
    def _day(self) -> Callable[[date], str]:
        pattern = _pattern(self.locale, "MMMMEEEEd")
        return lru_cache(1024)(lambda day: format_date(day, pattern, self.locale))

    @cached_property
    def _short_time(self) -> Callable[[int, int], str]:
        return lru_cache(DAY_MIN)(
            lambda hour, minute: format_time(time(hour, minute), "short", locale=self.locale)
        )

    @property
    def tag(self) -> str:
        """As HTML names it."""
        return str(self.locale).replace("_", "-")

    @property
    def direction(self) -> str:
        """Which way it is written: "ltr" or "rtl"."""
        return self.locale.text_direction

    @property
    def own_name(self) -> str:
        """What its speakers call it."""
        return str(Locale(self.code).get_language_name(self.code)).capitalize()

    def day(self, day: date) -> str:
        """Weekday, day and month."""
        return self._day(day)

    def short_day(self, day: date) -> str:
        """Weekday, day and month, abbreviated."""
        return format_date(day, _pattern(self.locale, "MMMEd"), self.locale)

    def dates(self, first: date, last: date) -> str:
        """From one day to another, without the weekday."""
        return format_interval(first, last, "yMMMd", locale=self.locale)

    def long_day(self, day: date) -> str:
        """Weekday, day, month and year."""
        return format_date(day, "full", self.locale)

    def month(self, day: date) -> str:
        """Month and year, as they stand alone."""
        return format_date(day, _pattern(self.locale, "yMMMM"), self.locale)

    def time(self, moment: datetime) -> str:
        """The clock's time in the moment's own zone; with what tells it from its double where the
        clock shows the same time twice.
        """
        told = self._short_time(moment.hour, moment.minute)
        return f"{told} ({self._isolated(pass_name(moment))})" if comes_twice(moment) else told

    def moment(self, moment: datetime) -> str:
        """Weekday, date and time."""
        return self.joined(self.long_day(moment.date()), self.time(moment))

    def stretch(self, start: datetime, end: datetime) -> str:
        """From when to when, with the date of the end where it is another one."""
        if end.date() == start.date():
            return f"{self.moment(start)}–{self.time(end)}"
        return f"{self.moment(start)} – {self.moment(end)}"

    def clock(self, moment: datetime, day: date) -> str:
        """The time, with its date unless that is `day`."""
        told = self.time(moment)
        return told if moment.date() == day else self.joined(self.day(moment.date()), told)

    def joined(self, *texts: str) -> str:
        """Texts with commas between them, those that are empty left out."""
        return self.comma.join(text for text in texts if text)

    @property
    def comma(self) -> str:
        """What stands between the parts of a date or an address."""
        return "، " if self.code == "ar" else ", "

    def weekdays(self) -> list[tuple[int, str, str]]:
        """The week in its order here: number (Monday is 0), short name and full name."""
        short = get_day_names("abbreviated", "stand-alone", self.locale)
        full = get_day_names("wide", "stand-alone", self.locale)
        first = self.locale.first_week_day
        return [(n % 7, short[n % 7], full[n % 7]) for n in range(first, first + 7)]

    def weekday(self, day: date) -> str:
        """The name of its weekday, within a sentence."""
        return str(get_day_names("wide", "format", self.locale)[day.weekday()])

    def language_name(self, code: str) -> str:
        """What a language is called in this one."""
        return Locale.parse(code.replace("-", "_")).get_display_name(self.locale) or code

    def zone(self, zone: ZoneInfo, moment: datetime) -> str:
        """What a zone is called, at a moment."""
        return get_timezone_name(moment.astimezone(zone), locale=self.locale)

    def city(self, zone_key: str) -> str:
        """What the place that a zone is named after is called."""
        return _city(self.locale, zone_key)

    def amount(self, amount: str, currency: str) -> str:
        """Money, with the currency's sign."""
        return format_currency(Decimal(amount), currency, locale=self.locale)

    def duration(self, minutes: int) -> str:
        """Days, hours and minutes."""
        days, rest = divmod(minutes, DAY_MIN)
        return " ".join(filter(None, (self._days(days), self._hours(rest))))

    def _days(self, days: int) -> str:
        if not days:
            return ""
        # Babel finds no unit called a day in Arabic.
        return format_timedelta(
            timedelta(days=days), granularity="day", threshold=MANY, locale=self.locale
        )

    def _hours(self, minutes: int) -> str:
        hours, rest = divmod(minutes, 60)
        parts = [(hours, "duration-hour"), (rest, "duration-minute")]
        return " ".join(
            format_unit(number, unit, "long", locale=self.locale)
            for number, unit in parts
            if number
        )

    def listed(self, names: Sequence[str]) -> str:
        """Names as one reads them out: "Cut, Colour and Beard trim"."""
        return format_list([self._isolated(name) for name in names], locale=self.locale)

    def in_turn(self, names: Sequence[str]) -> str:
        """People who follow each other, each once in a row: "Ada, then Ben"."""
        _ = self.words.gettext
        return reduce(
            lambda first, next_: _("%(first)s, then %(next)s") % {"first": first, "next": next_},
            (self._isolated(name) for name, _same in groupby(names)),
        )

    def _isolated(self, name: str) -> str:
        """A name between words of a language that may be written the other way."""
        return f"{FIRST_STRONG_ISOLATE}{name}{POP_ISOLATE}" if self.direction == "rtl" else name

    def span(self, minutes: int) -> str:
        """How long before something: in days only if it is two or more."""
        return self.duration(minutes) if minutes >= 2 * DAY_MIN else self._hours(minutes)

    def seconds(self, seconds: int) -> str:
        """A short time to wait."""
        if seconds > 120:
            return self._hours(-(-seconds // 60))
        return format_unit(seconds, "duration-second", "long", locale=self.locale)

    def percent(self, percent: int) -> str:
        """A share."""
        return format_percent(percent / 100, locale=self.locale)


def language(chosen: str | None, accepted: str | None, business_locale: str) -> Language:
    """The first that we speak: what was chosen for, what the browser accepts, the business's.

    What the browser says it doesn't accept comes last.
    """
    others = [business_locale, SOURCE, *LANGUAGES]
    wishes, unwished = _by_preference(accepted or "", others)
    wishes = [wish for wish in (*wishes, *others) if _code(wish) not in unwished]
    for wish in [chosen or "", *wishes, *others]:
        code = _code(wish)
        if code in LANGUAGES:
            # What is kept by its name mustn't be named at length.
            return _language(code, wish[:LOCALE_LENGTH_MAX], business_locale)
    raise AssertionError("we speak the last one")


@lru_cache(256)
def _pattern(locale: Locale, skeleton: str) -> str:
    """How a language writes what a skeleton names; to find out takes longer than to write it."""
    known = locale.datetime_skeletons
    name = skeleton if skeleton in known else match_skeleton(skeleton, known)
    return str(known[name].pattern)


@lru_cache(4096)
def _city(locale: Locale, zone_key: str) -> str:
    return get_timezone_location(zone_key, locale, return_city=True)


def accepted_language(accepted: str | None) -> str | None:
    """The most wanted of an Accept-Language header that we speak, as HTML names it; None if it names
    none, so that nobody has said anything.
    """
    wishes, _ = _by_preference(accepted or "", [])
    spoken = (wish for wish in wishes if _code(wish) in LANGUAGES)
    return next((_language(_code(wish), wish, "").tag for wish in spoken), None)


def _code(wish: str) -> str:
    return wish.replace("_", "-").partition("-")[0].lower()


@lru_cache(1024)
def _language(code: str, wish: str, business_locale: str) -> Language:
    """With the conventions of the country that was wished for, else those of the business's if it
    speaks that language there.
    """
    wished, business = _locale(wish), _locale(business_locale)
    if wished is not None and wished.territory:
        return Language(code, wished)
    if business is not None and business.language == code:
        return Language(code, business)
    return Language(code, Locale(code))


def _locale(name: str) -> Locale | None:
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return None


def _by_preference(accepted: str, others: Sequence[str]) -> tuple[list[str], set[str]]:
    """The languages of an Accept-Language header (RFC 9110), the most wanted first, and those that
    are not wanted at all. `others` are what "*" stands for; a piece that isn't well-formed counts
    for nothing.
    """
    found: list[tuple[float, str]] = []
    for piece in accepted[:ACCEPTED_LENGTH_MAX].split(","):
        if match := _RANGE.fullmatch(piece.strip(" \t")):
            found.append((float(match["weight"] or 1), match["range"]))
    found.sort(key=lambda each: -each[0])
    wishes = [name for weight, name in found if weight]
    unwished = {_code(name) for weight, name in found if not weight} - set(map(_code, wishes))
    if "*" in unwished:
        unwished = set(LANGUAGES) - set(map(_code, wishes))
    elif "*" in wishes:
        at = wishes.index("*")
        named = {_code(name) for _, name in found}
        wishes[at : at + 1] = [name for name in others if _code(name) not in named]
    return wishes, unwished


@lru_cache
def catalogue(code: str) -> NullTranslations:
    """The texts of all rooms in a language. Each room that speaks to people keeps its own in a
    folder `locales` of its own.
    """
    if code == SOURCE:
        return NullTranslations()
    merged = Catalog(locale=code)
    for folder in locale_folders():
        for message in read_po(io.BytesIO((folder / f"{code}.po").read_bytes()), locale=code):
            if message.id:  # the head of a file has none; plural forms are the language's
                merged[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return Translations(compiled)


def locale_folders() -> list[Path]:
    """Every folder of texts in the package, in the order of their names."""
    return sorted(Path(str(files("bookonce"))).rglob("locales"))
