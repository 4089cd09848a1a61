"""The languages that pages speak: which one somebody reads, its words, dates and amounts."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache, reduce
from importlib.resources import files
from itertools import groupby
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    format_timedelta,
    get_day_names,
    get_timezone_name,
)
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_percent
from babel.support import NullTranslations, Translations
from babel.units import format_unit

SOURCE = "en"
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
MANY = 1_000_000  # days stay days, however many
LANGUAGES = ("en", "de", "fr", "es", "ar")


@dataclass(frozen=True)
class Language:
    """A language with the conventions of one country."""

    code: str
    locale: Locale

    @cached_property
    def words(self) -> NullTranslations:
        """The page's texts in this language."""
        return catalogue(self.code)

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
        return format_skeleton("MMMMEEEEd", day, locale=self.locale)

    def long_day(self, day: date) -> str:
        """Weekday, day, month and year."""
        return format_date(day, "full", self.locale)

    def month(self, day: date) -> str:
        """Month and year, as they stand alone."""
        return format_skeleton("yMMMM", day, locale=self.locale)

    def time(self, moment: datetime) -> str:
        """The clock's time in the moment's own zone."""
        return format_time(moment, "short", locale=self.locale)

    def weekdays(self) -> list[tuple[int, str, str]]:
        """The week in its order here: number (Monday is 0), short name and full name."""
        short = get_day_names("abbreviated", "stand-alone", self.locale)
        full = get_day_names("wide", "stand-alone", self.locale)
        first = self.locale.first_week_day
        return [(n % 7, short[n % 7], full[n % 7]) for n in range(first, first + 7)]

    def zone(self, zone: ZoneInfo, moment: datetime) -> str:
        """What a zone is called, at a moment."""
        return get_timezone_name(moment.astimezone(zone), locale=self.locale)

    def amount(self, amount: str, currency: str) -> str:
        """Money, with the currency's sign."""
        return format_currency(Decimal(amount), currency, locale=self.locale)

    def duration(self, minutes: int) -> str:
        """Hours and minutes."""
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
        """How long before something: in whole days if it is two or more."""
        days, rest = divmod(minutes, 24 * 60)
        if days >= 2 and not rest:
            # Babel finds no unit called a day in Arabic.
            return format_timedelta(
                timedelta(days=days), granularity="day", threshold=MANY, locale=self.locale
            )
        return self.duration(minutes)

    def percent(self, percent: int) -> str:
        """A share."""
        return format_percent(percent / 100, locale=self.locale)


def language(chosen: str | None, accepted: str | None, business_locale: str) -> Language:
    """The first that we speak: what was chosen for, what the browser accepts, the business's."""
    wishes = [chosen or "", *_by_preference(accepted or ""), business_locale, SOURCE]
    for wish in wishes:
        code = wish.replace("_", "-").partition("-")[0].lower()
        if code in LANGUAGES:
            return _language(code, wish, business_locale)
    raise AssertionError("we speak the last one")


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


def _by_preference(accepted: str) -> Iterable[str]:
    """The languages of an Accept-Language header, the most wanted first."""
    found: list[tuple[float, str]] = []
    for part in accepted[:500].split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if name and weight > 0:
            found.append((-weight, name))
    return [name for _, name in sorted(found, key=lambda each: each[0])]


@lru_cache
def catalogue(code: str) -> NullTranslations:
    """The texts of the pages in a language."""
    if code == SOURCE:
        return NullTranslations()
    path = files("bookonce.web").joinpath("locales", f"{code}.po")
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(path.read_bytes()), locale=code))
    compiled.seek(0)
    return Translations(compiled)
