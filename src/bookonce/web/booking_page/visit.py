"""A visit of a business's pages: whose, which step, in which language, and how times are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response

from bookonce.availability.installation import Installation
from bookonce.business.directory import Directory, Place
from bookonce.business.document import Service
from bookonce.platform import money
from bookonce.web.booking_page.address import Address
from bookonce.web.booking_page.brand import logo_url
from bookonce.web.booking_page.deposit import DepositShown, terms
from bookonce.web.booking_page.times import clocks_differ
from bookonce.web.languages import LANGUAGES, Language, language
from bookonce.web.templates import render


@dataclass(frozen=True, slots=True)
class PartShown:
    """One of several services of a visit, as people read it: from when to when, by whom if that is
    another person than for the rest, and its price.
    """

    name: str
    times: str
    staff: str
    price: str


class Visit:
    """One request for a page of a business: whose page, which step, which language."""

    def __init__(
        self,
        request: Request[Any, Any, Any],
        installation: Installation,
        directory: Directory,
        address: Address,
    ) -> None:
        self.installation = installation
        self.directory = directory
        self.address = address
        profile = directory.business.business
        accepted = request.headers.get("accept-language")
        self.language: Language = language(address.lang, accepted, profile.locale)

    @classmethod
    async def of(
        cls, request: Request[Any, Any, Any], installation: Installation, slug: str, parameters: Any
    ) -> Visit:
        """Raises NotFoundError if there is no such business."""
        directory = await installation.current(slug)
        return cls(request, installation, directory, Address.of(slug, parameters))

    def render(self, name: str, *, status: int = 200, **values: Any) -> Response[str]:
        """A page with the business around it."""
        return render(
            name,
            self.language,
            self.directory.business.page,
            status=status,
            business=self.directory.business.business,
            address=self.address,
            embed=self.address.embed,
            logo=logo_url(self.directory),
            home=self.home,
            languages=[
                (code, language(code, None, "en").own_name, self.in_language(code))
                for code in LANGUAGES
            ],
            **values,
        )

    @property
    def home(self) -> str:
        """Where a booking begins."""
        return self.address.but(
            service=None, location=None, staff=None, date=None, start=None, add=None
        )

    def in_language(self, code: str) -> str:
        """The address of this page in another language."""
        return self.address.but(lang=code)

    def terms(self, services: Sequence[Service]) -> DepositShown | None:
        """What is to be paid in advance for services, if anything is."""
        return terms(self.installation, self.directory, services, self.language)

    def price(self, services: Sequence[Service]) -> str:
        """What services cost together, as people write it: "from" so much if one of them has no
        price, and empty if none has one.
        """
        currency = self.directory.business.business.currency
        return self.amount_of(
            [
                None if service.price is None else money.minor_units(service.price, currency)
                for service in services
            ],
            currency,
        )

    def amount_of(self, prices_minor: Sequence[int | None], currency: str) -> str:
        """The same from prices in minor units."""
        known = [minor for minor in prices_minor if minor is not None]
        if not known:
            return ""
        amount = self.language.amount(money.major(sum(known), currency), currency)
        if len(known) == len(prices_minor):
            return amount
        _ = self.language.words.gettext
        return _("from %(amount)s") % {"amount": amount}


def when(visit: Visit, place: Place, start: datetime) -> dict[str, str]:
    """A start as people read it: the day and time there, and at the visitor's if it differs."""
    there = start.astimezone(place.zone)
    theirs, zone = "", visit.address.zone
    if zone is not None and clocks_differ(place.zone, zone, start):
        here = start.astimezone(zone)
        theirs = f"{visit.language.day(here.date())}, {visit.language.time(here)}"
    return {
        "day": visit.language.long_day(there.date()),
        "time": visit.language.time(there),
        "theirs": theirs,
    }


def zone_names(visit: Visit, place: Place) -> tuple[str, str]:
    """The location's zone, and the visitor's if they told one whose clocks differ now."""
    now, theirs = datetime.now(UTC), visit.address.zone
    return (
        visit.language.zone(place.zone, now),
        visit.language.zone(theirs, now)
        if theirs and clocks_differ(place.zone, theirs, now)
        else "",
    )
