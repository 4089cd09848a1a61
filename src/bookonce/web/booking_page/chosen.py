"""What a visitor has chosen, as it stands above the steps that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bookonce.availability.selection import Selection, select
from bookonce.business.document import ANYONE, Service
from bookonce.web.booking_page.basket import change_url, several_people, total
from bookonce.web.booking_page.visit import Visit, advice


def chosen(visit: Visit, selection: Selection) -> dict[str, Any]:
    """What stands above each later step."""
    address, directory = visit.address, visit.directory
    services = spoken(visit, selection)
    everyone = select(directory, replace(address.choice, staff=()))
    return {
        "duration_min": selection.duration_min,
        "price": visit.price(services),
        "deposit_asked": visit.deposit_asked(services),
        "staff": several_people(visit, [part.performers for part in selection.parts])
        if address.staff in (None, ANYONE)
        else directory.staff_name(address.staff or ""),
        "where": directory.where(selection.place.key),
        "place_name": directory.places[selection.place.key].label,
        "has_choice_of_people": has_choice_of_people(everyone),
        "preparation": advice(services),
        **basket_facts(visit, services),
    }


def spoken(visit: Visit, selection: Selection) -> list[Service]:
    """The chosen services in the visitor's language: a time is looked for in the business's own."""
    known = visit.directory.services
    return [known.get(part.service.key, part.service) for part in selection.parts]


def basket_facts(visit: Visit, services: Sequence[Service]) -> dict[str, Any]:
    """What every step says of the chosen services."""
    return {
        "title": visit.language.listed([service.name for service in services]),
        "basket_total": total(visit, services) if len(services) > 1 else "",
        "change_url": change_url(visit, services),
    }


def has_choice_of_people(everyone: Selection) -> bool:
    """Whether there is more than one way to have it performed, one of them by one person."""
    alone = everyone.performers
    if len(everyone.parts) == 1:
        return len(alone) > 1
    return bool(alone) and any(len(part.performers) > 1 for part in everyone.parts)
