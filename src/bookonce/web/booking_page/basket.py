"""The services that a visitor has chosen for one visit: what they come to, and what goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bookonce.availability.selection import SERVICES_MAX
from bookonce.business.directory import Directory, Place
from bookonce.business.document import Service
from bookonce.web.booking_page.deposit import DepositAsked
from bookonce.web.booking_page.pictures import Shown, shown
from bookonce.web.booking_page.visit import Visit


@dataclass(frozen=True, slots=True)
class Item:
    """A service in the basket, and the address of the basket without it."""

    name: str
    duration_min: int
    price: str
    without_url: str


@dataclass(frozen=True, slots=True)
class Row:
    """A service that can be chosen: where that leads, or why it can't be."""

    service: Service
    picture: Shown | None
    price: str
    deposit_asked: DepositAsked | None
    url: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Basket:
    """What is chosen so far, while one looks for another service."""

    items: list[Item]
    total: str
    """How many, how long and how much, in words."""
    continue_url: str
    """Empty if they can't be booked together."""


def places_for(directory: Directory, services: Sequence[Service]) -> tuple[Place, ...]:
    """Where several services have somebody each who performs them, or at least are offered; a single
    one where it is offered.
    """
    offering = directory.places_of_all(services)
    if len(services) == 1:
        return offering
    able = tuple(
        place
        for place in offering
        if all(directory.performers(service, place) for service in services)
    )
    return able or offering


def basket_of(visit: Visit, services: Sequence[Service]) -> Basket:
    """The basket with these services, which may be too many or not go together."""
    address = visit.address
    keys = [service.key for service in services]

    def without(number: int) -> str:
        rest = [key for at, key in enumerate(keys) if at != number]
        if not rest:
            return visit.home
        return address.but(service=",".join(rest), add="1", start=None)

    return Basket(
        items=[
            Item(service.name, service.duration_min, visit.price([service]), without(number))
            for number, service in enumerate(services)
        ],
        total=total(visit, services),
        continue_url=""
        if why_not_together(visit, services)
        else address.but(service=",".join(keys), add=None, start=None),
    )


def rows(visit: Visit, chosen: Sequence[Service]) -> list[Row]:
    """The services that can be chosen, beside those that are; with a person in the address, what that
    person performs.
    """
    directory, _ = visit.directory, visit.language.words.gettext
    found = []
    for service in listed(visit):
        if service in chosen:
            continue
        together = [*chosen, service]
        deposit_asked = visit.deposit_asked([service])
        why_not = why_not_together(visit, together) if chosen else ""
        if not can_be_booked(deposit_asked):
            why_not = _("can't be booked online now, please call")
        elif len(together) > SERVICES_MAX:
            why_not = _("no room for more in this visit")
        url = visit.address.but(
            service=",".join(each.key for each in together), add=None, start=None
        )
        found.append(
            Row(
                service,
                shown(directory, service.picture),
                visit.price([service]),
                deposit_asked,
                "" if why_not else url,
                why_not,
            )
        )
    return found


def listed(visit: Visit) -> list[Service]:
    """The services that a list shows: not those that are hidden, nor those that nobody performs."""
    directory, only = visit.directory, visit.address.staff
    is_of_one = only in directory.staff_ids
    return [
        service
        for service in directory.business.service
        if not service.hidden
        and (performers := directory.performers(service))
        and (only in performers or not is_of_one)
    ]


def why_not_together(visit: Visit, services: Sequence[Service]) -> str:
    """Why services can't be booked in one visit; empty if they can."""
    directory, _ = visit.directory, visit.language.words.gettext
    if len(services) < 2:
        return ""
    places = directory.places_of_all(services)
    if not places:
        return _("not offered at the same place as the rest")
    if not any(all(directory.performers(each, place) for each in services) for place in places):
        return _("nobody performs it at the same place as the rest")
    return ""


def can_be_booked(deposit_asked: DepositAsked | None) -> bool:
    """Whether anybody can: one whose deposit can't be taken is still for those it isn't asked of."""
    return deposit_asked is None or deposit_asked.can_be_taken or not deposit_asked.is_for_all


def total(visit: Visit, services: Sequence[Service]) -> str:
    """How many services, how long they take and what they cost."""
    count = len(services)
    counted = visit.language.words.ngettext("%(count)s service", "%(count)s services", count)
    told = [
        counted % {"count": count},
        visit.language.duration(sum(service.duration_min for service in services)),
        visit.price(services),
    ]
    return " · ".join(each for each in told if each)


def change_url(visit: Visit, services: Sequence[Service]) -> str:
    """Where a service is added or removed; empty if the business has no other to choose."""
    others = [each for each in listed(visit) if each not in services]
    if not others and len(services) < 2:
        return ""
    return visit.address.but(add="1", date=None, start=None)


def several_people(visit: Visit, performers: Sequence[Sequence[str]]) -> str:
    """Who performs the parts of a visit, one after the other, where only those can: "Ada, then
    Ben"; if there is a choice for a part, that it is more than one person; empty if one can do all.
    """
    _ = visit.language.words.gettext
    if set(performers[0]).intersection(*performers[1:]):
        return ""
    if all(len(keys) == 1 for keys in performers):
        return visit.language.in_turn([visit.directory.staff_name(keys[0]) for keys in performers])
    return _("several people")


def shortened(visit: Visit) -> bool:
    """Leave out of the address the services that don't fit into one visit; tells whether any were."""
    keys = visit.address.services
    if len(keys) <= SERVICES_MAX:
        return False
    visit.address = replace(visit.address, service=",".join(keys[:SERVICES_MAX]))
    return True
