"""What a new business most likely is, by the browser of who opens it: country, clock, currency."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale
from babel.core import get_global

from bookonce.platform.languages import Language
from bookonce.platform.money import is_currency
from bookonce.web.office.settings.choices import zones

EVERYWHERE = "EUR"


def territory_of(reader: Language) -> str:
    """The country of somebody's language: the one that their browser names, else the likeliest."""
    if reader.locale.territory and reader.locale.territory.isalpha():
        return reader.locale.territory
    likely = get_global("likely_subtags").get(reader.code, "")
    return likely.rpartition("_")[2] if "_" in likely else ""


def zone_of(territory: str) -> str:
    """The zone in which most of a country lives, as far as can be told."""
    known = get_global("zone_territories")
    found = [zone for zone in zones() if known.get(zone) == territory]
    return _CAPITALS.get(territory) or (found[0] if found else "Europe/London")


# Where the first by name isn't the one that most people live by.
_CAPITALS = {
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CL": "America/Santiago",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "MX": "America/Mexico_City",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "US": "America/New_York",
}


def territory_of_zone(zone: str) -> str:
    """The country of a zone; empty if nobody can tell."""
    zone = get_global("zone_aliases").get(zone, zone)
    found = str(get_global("zone_territories").get(zone, ""))
    return found if found.isalpha() and found != "ZZ" else ""


def currency_of(territory: str) -> str:
    """What one pays with in a country today."""
    entries = get_global("territory_currencies").get(territory, [])
    for code, _, end, is_tender in entries:
        if is_tender and end is None and is_currency(code):
            return str(code)
    return EVERYWHERE


def locale_of(reader: Language, zone: str) -> str:
    """The reader's language as it is spoken where the clock is, if it is."""
    name = f"{reader.code}_{territory_of_zone(zone)}"
    try:
        return str(Locale.parse(name)).replace("_", "-")
    except (ValueError, LookupError):
        return reader.code


@lru_cache(1)
def currencies_by_zone() -> dict[str, str]:
    """What one pays with where each zone is, for browsers that know theirs."""
    return {zone: currency_of(territory_of_zone(zone)) for zone in zones()}
