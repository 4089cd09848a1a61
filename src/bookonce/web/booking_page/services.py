"""The step that asks for services: the business's front page, and the list to add another from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from litestar import Response

from bookonce.availability.look import next_of_each
from bookonce.availability.selection import SERVICES_MAX
from bookonce.business.document import Service
from bookonce.web.booking_page.basket import basket_of, rows
from bookonce.web.booking_page.face import Person, person
from bookonce.web.booking_page.menu import menu_of
from bookonce.web.booking_page.visit import Visit


def services_page(visit: Visit, *, status: int, notice: str) -> Response[str]:
    """Where a booking begins: the business itself, and what it offers."""
    visit.address = replace(visit.address, service=None, add=None)
    services = rows(visit, ())
    staff = visit.directory.business.staff
    only = next((each for each in staff if each.key == visit.address.staff), None)
    return visit.render(
        "services.html",
        status=status,
        notice=notice,
        menu=menu_of(visit, services),
        can_add=sum(bool(row.url) for row in services) > 1,
        only=only and person(visit.directory, only, visit.language),
        everyone_url=visit.address.but(staff=None),
        team=_team(visit) if only is None else [],
    )


async def people_of(visit: Visit, keys: Sequence[str]) -> list[tuple[Person, str, str]]:
    """People by their keys, each with the address of the same with them, and when they are free
    next; empty where that is too far ahead or too much to find out.
    """
    by_key = {each.key: each for each in visit.directory.business.staff}
    anyone = replace(visit.address.choice, staff=())
    slug, spoken = visit.address.slug, visit.language
    free = await next_of_each(visit.installation, slug, anyone, now=datetime.now(UTC))

    def told(moment: datetime | None) -> str:
        if moment is None:
            return ""
        return spoken.joined(spoken.short_day(moment.date()), spoken.time(moment))

    return [
        (
            person(visit.directory, by_key[key], spoken),
            visit.address.but(staff=key, start=None),
            told(free.get(key)),
        )
        for key in keys
    ]


def _team(visit: Visit) -> list[tuple[Person, str]]:
    """Who works there, each with the address of what they perform, if the page is to show it."""
    directory = visit.directory
    if not directory.business.page.team or visit.address.embed:
        return []
    performing = {
        key
        for service in directory.business.service
        if not service.hidden
        for key in directory.performers(service)
    }
    return [
        (person(directory, staff, visit.language), visit.address.but(staff=staff.key))
        for staff in directory.business.staff
        if staff.key in performing
    ]


def add_page(visit: Visit, chosen: Sequence[Service], *, status: int, notice: str) -> Response[str]:
    """The services again, to add one to those that are chosen or to remove one of these."""
    visit.address = replace(visit.address, service=",".join(each.key for each in chosen), add="1")
    return visit.render(
        "add.html",
        status=status,
        notice=notice,
        basket=basket_of(visit, chosen),
        menu=menu_of(visit, rows(visit, chosen)),
        is_full=len(chosen) >= SERVICES_MAX,
        services_max=SERVICES_MAX,
    )
