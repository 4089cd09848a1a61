"""The country in which a business is: what a telephone number without a country is dialled in."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from bookonce.business.directory import Directory, Place

_NOWHERE = "ZZ"


def country_of(directory: Directory, place: Place | None = None) -> str | None:
    """Two letters, such as "DE"; None if nobody can tell.

    That of the business is its locale's, else its time zone's. A place whose clock is that of
    another country is there.
    """
    profile = directory.business.business
    of_zone = _country_of_zone(profile.timezone)
    of_place = _country_of_zone(place.zone.key) if place else of_zone
    if of_place != of_zone:
        return of_place
    return _country_of_locale(profile.locale) or of_zone


def _country_of_locale(name: str) -> str | None:
    try:
        territory = Locale.parse(name.replace("-", "_")).territory
    except (UnknownLocaleError, ValueError, TypeError):
        return None
    return territory if territory and territory.isalpha() else None  # "419" is a continent


def _country_of_zone(key: str) -> str | None:
    key = get_global("zone_aliases").get(key, key)
    territory: str | None = get_global("zone_territories").get(key)
    return territory if territory and territory.isalpha() and territory != _NOWHERE else None
