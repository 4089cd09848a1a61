"""A visit of a business's pages: whose, which step, in which language, and how times are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response

from bookonce.availability.installation import Installation
from bookonce.business.directory import Directory
from bookonce.business.document import Service
from bookonce.platform import money
from bookonce.platform.languages import LANGUAGES, Language, language
from bookonce.web.booking_page.address import Address
from bookonce.web.booking_page.brand import logo_url
from bookonce.web.booking_page.card import icon_of
from bookonce.web.booking_page.contact import contact
from bookonce.web.booking_page.deposit import DepositAsked, deposit_asked
from bookonce.web.booking_page.face import Face, paragraphs
from bookonce.web.booking_page.sharing import Sharing, as_data
from bookonce.web.booking_page.times import clocks_differ
from bookonce.web.requests import base_url
from bookonce.web.templates import render

QUERY_LENGTH_MAX = 100


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
        self.base = base_url(request, request.app.state["settings"])
        """Where the installation is reached."""
        self.query = str(request.query_params.get("q") or "")[:QUERY_LENGTH_MAX]
        """What services are searched for."""
        self.is_gone = False
        """Whether the address named what is no longer there, so that one begins again."""
        profile = directory.business.business
        accepted = request.headers.get("accept-language")
        self.language: Language = language(address.lang, accepted, profile.locale)
        self.own = directory
        """The business in its own words."""
        self.directory = directory.in_language(self.language.code)

    @classmethod
    async def of(
        cls, request: Request[Any, Any, Any], installation: Installation, slug: str, parameters: Any
    ) -> Visit:
        """Raises NotFoundError if there is no such business."""
        directory = await installation.current(slug)
        return cls(request, installation, directory, Address.of(slug, parameters))

    def render(self, name: str, *, status: int = 200, **values: Any) -> Response[str]:
        """A page with the business around it."""
        sharing = self.sharing if status == 200 else None
        is_front_page = (
            name == "services.html"
            and sharing is not None
            and sharing.is_indexed
            and self.address.staff is None
        )
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
            contact=contact(self.directory.business.business),
            icon_url=icon_of(self.directory),
            sharing=sharing,
            data=as_data(self.directory, self.language, self.base) if is_front_page else "",
            face=Face(self.directory, self.language, datetime.now(UTC)),
            is_gone=self.is_gone,
            languages=[
                (code, language(code, None, "en").own_name, self.in_language(code))
                for code in LANGUAGES
            ],
            **values,
        )

    @property
    def sharing(self) -> Sharing | None:
        """What others are told of the page; nothing of one that is somebody's own."""
        return Sharing.of(
            self.directory, self.address, self.language, self.base, is_search=bool(self.query)
        )

    @property
    def home(self) -> str:
        """Where a booking begins."""
        return self.address.but(
            service=None, location=None, staff=None, date=None, start=None, add=None
        )

    @property
    def not_offered(self) -> str:
        """The notice for a start that isn't on offer."""
        return self.language.words.gettext("This time isn't on offer. Please choose another one.")

    def in_language(self, code: str) -> str:
        """The address of this page in another language."""
        return self.address.but(lang=code)

    def deposit_asked(self, services: Sequence[Service]) -> DepositAsked | None:
        """What is to be paid in advance for services, if anything is."""
        return deposit_asked(self.installation, self.directory, services, self.language)

    def price(self, services: Sequence[Service]) -> str:
        """What services cost together, as people write it: "from" so much if one of them has no
        price, or one that is the least, "free" if they cost nothing, and empty if none has one.
        """
        currency = self.directory.business.business.currency
        amount = self.amount_of(
            [
                None if service.price is None else money.minor_units(service.price, currency)
                for service in services
            ],
            currency,
        )
        priced = [service for service in services if service.price is not None]
        if len(priced) < len(services) or not any(each.price_is_from for each in priced):
            return amount  # which says "from" already, if one has no price
        return self.language.words.gettext("from %(amount)s") % {"amount": amount}

    def amount_of(self, prices_minor: Sequence[int | None], currency: str) -> str:
        """The same from prices in minor units."""
        known = [minor for minor in prices_minor if minor is not None]
        _ = self.language.words.gettext
        if not sum(known):
            return _("free") if known and len(known) == len(prices_minor) else ""
        amount = self.language.amount(money.major(sum(known), currency), currency)
        if len(known) == len(prices_minor):
            return amount
        return _("from %(amount)s") % {"amount": amount}


def advice(services: Iterable[Service]) -> list[tuple[str, list[str]]]:
    """What clients should know before they come: a service's name and the lines about it."""
    return [
        (service.name, paragraphs(service.preparation))
        for service in services
        if service.preparation
    ]


@dataclass(frozen=True, slots=True)
class When:
    """A start as people read it: by the clock of the place, and by the visitor's if that differs."""

    start: datetime
    day: str
    time: str
    text: str
    """Day and time."""
    theirs: str
    zone: str
    """What the place's zone is called then."""


def when(visit: Visit, zone: ZoneInfo, start: datetime) -> When:
    """A start at a place in a zone."""
    spoken, there = visit.language, start.astimezone(zone)
    return When(
        there,
        spoken.long_day(there.date()),
        spoken.time(there),
        spoken.moment(there),
        theirs_at(visit, zone, start),
        spoken.zone(zone, there),
    )


def theirs_at(visit: Visit, zone: ZoneInfo, start: datetime) -> str:
    """Day and time by the visitor's clock, if they told their zone and it shows another time."""
    theirs = visit.address.zone
    if theirs is None or not clocks_differ(zone, theirs, start):
        return ""
    here = start.astimezone(theirs)
    return visit.language.joined(visit.language.day(here.date()), visit.language.time(here))


def zone_names(visit: Visit, zone: ZoneInfo, moments: Sequence[datetime]) -> tuple[str, str]:
    """What a zone is called at the moments that are shown; and the visitor's, if they told one
    whose clocks show another time at any of them.
    """
    theirs = visit.address.zone

    def named(which: ZoneInfo) -> str:
        names = dict.fromkeys(visit.language.zone(which, moment) for moment in moments)
        return visit.language.listed(list(names))

    differ = theirs and any(clocks_differ(zone, theirs, moment) for moment in moments)
    return named(zone), named(theirs) if theirs and differ else ""
