"""What can be chosen from: zones, currencies, countries; and what the document itself has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from babel.localedata import locale_identifiers

from bookonce.business.document import Business
from bookonce.platform.languages import LANGUAGES, Language, language
from bookonce.web.office.settings.words import choice_names

Option = tuple[str, str]
"""A value, and what it is called."""


class Choices:
    """What a form of one business offers to whoever reads it."""

    def __init__(self, business: Business, reader: Language, providers: Iterable[str]) -> None:
        self._business, self._reader, self._providers = business, reader, providers

    def of(self, source: str, given: tuple[str, ...]) -> list[Option]:
        """The options of a source; without one, those that are given."""
        names = choice_names(self._reader.words)
        found = self._sources().get(source)
        return found() if found else [(each, names.get(each, each)) for each in given]

    def _sources(self) -> dict[str, Callable[[], list[Option]]]:
        business = self._business
        return {
            "zones": lambda: [(zone, zone.replace("_", " ")) for zone in zones()],
            "currencies": lambda: list(currencies(self._reader.locale)),
            "locales": lambda: list(locales(self._reader.locale)),
            "languages": lambda: [
                (code, language(code, None, "en").own_name) for code in LANGUAGES
            ],
            "locations": lambda: [(each.key, each.name) for each in business.location],
            "categories": lambda: [(each.key, each.name) for each in business.category],
            "services": lambda: [(each.key, each.name) for each in business.service],
            "staff": lambda: [(each.key, each.name) for each in business.staff],
            "kinds": lambda: [
                (kind, kind) for kind in dict.fromkeys(each.kind for each in business.resource)
            ],
            "providers": lambda: [(each, each) for each in sorted(self._providers)],
        }


@lru_cache(1)
def zones() -> tuple[str, ...]:
    """The zones that people live in, by continent and city."""
    continents = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe")
    found = {
        zone
        for zone in available_timezones()
        if zone.startswith((*continents, "Indian", "Pacific"))
    }
    aliases = get_global("zone_aliases")
    return tuple(sorted(zone for zone in found if zone not in aliases))


@lru_cache(1)
def current_currencies() -> frozenset[str]:
    """The currencies that some country uses today."""
    return frozenset(
        code
        for entries in get_global("territory_currencies").values()
        for code, _, end, is_tender in entries
        if is_tender and end is None
    )


@lru_cache(16)
def currencies(reader: Locale) -> tuple[Option, ...]:
    """These, with what they are called."""
    names = reader.currencies
    return tuple(
        (code, f"{code} · {names.get(code, code)}") for code in sorted(current_currencies())
    )


@lru_cache(16)
def locales(reader: Locale) -> tuple[Option, ...]:
    """The languages that we speak, as they are spoken in each country."""
    found = []
    for name in locale_identifiers():
        spoken = Locale.parse(name)
        is_plain = not spoken.script and not spoken.variant
        is_country = spoken.territory is None or spoken.territory.isalpha()
        if spoken.language in LANGUAGES and is_plain and is_country:
            found.append((name.replace("_", "-"), spoken.get_display_name(reader) or name))
    return tuple(sorted(found, key=lambda each: each[1].casefold()))
