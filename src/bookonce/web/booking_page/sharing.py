"""What search engines and those who get a link are told of a page: its title, description and
picture, which address is its own, in which languages it is, and the business as data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from markupsafe import Markup

from bookonce.business.directory import Directory, Place
from bookonce.business.document import ANYONE, Service
from bookonce.business.hours import DAY_MIN
from bookonce.business.opening import Opening
from bookonce.platform.languages import LANGUAGES, Language
from bookonce.web.booking_page.address import Address
from bookonce.web.booking_page.brand import logo_url
from bookonce.web.booking_page.card import card_url
from bookonce.web.booking_page.face import paragraphs
from bookonce.web.booking_page.pictures import shown

DESCRIPTION_LENGTH_MAX = 160
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Sharing:
    """A page as others are told of it; addresses are whole."""

    description: str
    canonical: str
    alternates: list[tuple[str, str]]
    """The same in other languages, by their codes; "x-default" is the reader's."""
    is_indexed: bool
    picture: str

    @classmethod
    def of(
        cls, directory: Directory, address: Address, spoken: Language, base: str, *, is_search: bool
    ) -> Sharing:
        """`base` is where the installation is reached."""
        own = replace(
            address,
            staff=None if address.staff == ANYONE else address.staff,
            date=None,
            start=None,
            tz=None,
            embed=None,
            again=None,
            add=None,
            lang=None,
            carried=(),
        )
        passing = (
            address.date,
            address.start,
            address.again,
            address.add,
            address.embed,
            address.carried,
        )
        return cls(
            description_of(directory, spoken),
            base + own.but(lang=address.lang),
            [
                *((code, base + own.but(lang=code)) for code in LANGUAGES),
                ("x-default", base + own.but()),
            ],
            not any(passing) and not is_search,
            base + card_url(directory),
        )


def description_of(directory: Directory, spoken: Language) -> str:
    """The business in a line: what it says itself, or what one does here."""
    text = " ".join(paragraphs(directory.business.page.welcome))
    if not text:
        name = directory.business.business.name
        text = spoken.words.gettext("Book an appointment with %(name)s online.") % {"name": name}
    if len(text) <= DESCRIPTION_LENGTH_MAX:
        return text
    return text[: DESCRIPTION_LENGTH_MAX - 1].rpartition(" ")[0] + "…"


def as_data(directory: Directory, spoken: Language, base: str) -> Markup:
    """The business in schema.org's words, as JSON that may stand in a page."""
    text = msgspec.json.encode(_business(directory, spoken, base)).decode()
    # Nothing in it can end the element that it stands in.
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def _business(directory: Directory, spoken: Language, base: str) -> dict[str, Any]:
    profile, page = directory.business.business, directory.business.page
    url = f"{base}/{profile.slug}"
    cover = shown(directory, page.cover)
    logo = logo_url(directory)
    places = list(directory.places.values())
    return _without_empty(
        {
            "@context": "https://schema.org",
            "@type": page.kind.schema_type,
            "@id": url,
            "url": url,
            "name": profile.name,
            "description": description_of(directory, spoken),
            "image": base + (cover.url(1600) if cover else card_url(directory)),
            "logo": base + logo if logo else None,
            "telephone": profile.phone,
            "email": profile.email,
            "sameAs": [profile.website] if profile.website else None,
            "currenciesAccepted": profile.currency,
            **(_where(directory, places[0]) if len(places) == 1 else {}),
            "department": [
                _without_empty(
                    {
                        "@type": page.kind.schema_type,
                        "name": f"{profile.name}, {place.name}",
                        "telephone": profile.phone,
                        "image": base + card_url(directory),
                        **_where(directory, place),
                    }
                )
                for place in places
                if len(places) > 1
            ],
            "hasOfferCatalog": {
                "@type": "OfferCatalog",
                "name": profile.name,
                "itemListElement": [
                    _offer(service, profile.currency, url)
                    for service in directory.business.service
                    if not service.hidden and directory.performers(service)
                ],
            },
            "potentialAction": None
            if directory.is_closed
            else {
                "@type": "ReserveAction",
                "target": {
                    "@type": "EntryPoint",
                    "urlTemplate": url,
                    "inLanguage": list(LANGUAGES),
                    "actionPlatform": [
                        "https://schema.org/DesktopWebPlatform",
                        "https://schema.org/MobileWebPlatform",
                    ],
                },
                "result": {"@type": "Reservation", "name": profile.name},
            },
        }
    )


def _where(directory: Directory, place: Place) -> dict[str, Any]:
    hours = list(_hours(Opening.of(place))) if directory.business.page.hours else []
    return {"address": place.address, "openingHoursSpecification": hours}


def _hours(opening: Opening) -> Iterator[dict[str, Any]]:
    """One for each span; one that closes before it opens closes on the next day."""
    for day, spans in zip(_DAYS, opening.usually(), strict=True):
        for start_min, end_min in spans:
            whole_day = end_min - start_min >= DAY_MIN
            yield {
                "@type": "OpeningHoursSpecification",
                "dayOfWeek": f"https://schema.org/{day}",
                "opens": _clock(start_min),
                "closes": "23:59" if whole_day or end_min == DAY_MIN else _clock(end_min),
            }


def _clock(minute: int) -> str:
    return f"{minute % DAY_MIN // 60:02}:{minute % 60:02}"


def _offer(service: Service, currency: str, url: str) -> dict[str, Any]:
    known = {"price": service.price, "priceCurrency": currency} if service.price else {}
    price = {"priceSpecification": {"@type": "PriceSpecification", "minPrice": service.price,
             "priceCurrency": currency}} if service.price and service.price_is_from else known  # fmt: skip
    return _without_empty(
        {
            "@type": "Offer",
            "url": f"{url}?service={service.key}",
            **price,
            "itemOffered": _without_empty(
                {
                    "@type": "Service",
                    "name": service.name,
                    "description": service.description,
                }
            ),
        }
    )


def _without_empty(table: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if value not in (None, "", [])}
