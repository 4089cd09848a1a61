"""What a business offers: itself, its services, its staff."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get
from litestar.params import Parameter

from bookonce.booking.deposits import amount_of
from bookonce.business.answers import asked_of, needs_phone
from bookonce.business.directory import Directory
from bookonce.business.document import Service
from bookonce.platform import money
from bookonce.web.dependencies import Here, Slug
from bookonce.web.public.answers import (
    BusinessAnswer,
    CategoryAnswer,
    DepositAnswer,
    LocationAnswer,
    Price,
    QuestionAnswer,
    ServiceAnswer,
    StaffAnswer,
)
from bookonce.web.public.documented import READING


@get("/", responses=READING, summary="The business")
async def business(slug: Slug, installation: Here) -> BusinessAnswer:
    """Name, time zone, currency, locale, booking policy, and how to reach it."""
    return business_answer(await installation.current(slug))


def business_answer(directory: Directory) -> BusinessAnswer:
    """A business, as programs are told of it."""
    profile = directory.business.business
    return BusinessAnswer(
        slug=profile.slug,
        name=profile.name,
        timezone=profile.timezone,
        currency=profile.currency,
        locale=profile.locale,
        policy=directory.policy,
        locations=[
            LocationAnswer(place.key, place.name, place.zone.key, place.address)
            for place in directory.places.values()
        ]
        if directory.lists_locations
        else None,
        closed=directory.is_closed,
        address=profile.address or "",
        phone=profile.phone,
        email=profile.email,
        website=profile.website,
        categories=[CategoryAnswer(each.key, each.name) for each in directory.business.category],
    )


@get(
    "/services",
    responses=READING,
    summary="What can be booked",
    operation_id="list_services",
)
async def services(slug: Slug, installation: Here) -> list[ServiceAnswer]:
    """Each service with its length, price and performers, but for those that are hidden."""
    return service_answers(await installation.current(slug))


def service_answers(directory: Directory) -> list[ServiceAnswer]:
    """What a business offers to everyone."""
    return [
        _service(directory, service) for service in directory.business.service if not service.hidden
    ]


def _service(directory: Directory, service: Service) -> ServiceAnswer:
    currency = directory.business.business.currency
    return ServiceAnswer(
        key=service.key,
        name=service.name,
        duration_min=service.duration_min,
        price=None if service.price is None else Price(service.price, currency),
        staff=list(directory.performers(service)),
        locations=[place.key for place in directory.places_of(service)]
        if directory.lists_locations
        else None,
        deposit=_deposit(directory, service),
        category=service.category,
        description=service.description,
        details=service.details,
        preparation=service.preparation,
        price_is_from=service.price_is_from,
        phone_required=needs_phone(directory.business, [service.key]),
        questions=[
            QuestionAnswer(
                each.key,
                each.name,
                each.kind.value,
                each.details,
                list(each.choices),
                each.required,
            )
            for each in asked_of(directory.business, [service.key])
        ],
    )


def _deposit(directory: Directory, service: Service) -> DepositAnswer | None:
    amount_minor = amount_of(directory, service)
    if amount_minor is None:
        return None
    currency = directory.business.business.currency
    asked_of = [who.value for who in service.deposit_for] or None
    return DepositAnswer(money.major(amount_minor, currency), currency, asked_of)


@get(
    "/staff",
    responses=READING,
    summary="Who can be booked",
    operation_id="list_staff",
)
async def staff(
    slug: Slug,
    installation: Here,
    service: Annotated[str | None, Parameter(description="only those who perform it")] = None,
    location: Annotated[str | None, Parameter(description="only those who work there")] = None,
) -> list[StaffAnswer]:
    """Everyone, or those who perform one service, or work at one location."""
    return staff_answers(await installation.current(slug), service, location)


def staff_answers(
    directory: Directory, service: str | None = None, location: str | None = None
) -> list[StaffAnswer]:
    """Who can be booked, or those of them who perform a service or work at a location."""
    return [
        StaffAnswer(
            person.key,
            person.name,
            _works_at(directory, person.key),
            person.role,
            list(person.languages),
        )
        for person in directory.people(service, location)
    ]


def _works_at(directory: Directory, staff_key: str) -> list[str] | None:
    if not directory.lists_locations:
        return None
    return [place.key for place in directory.places.values() if staff_key in place.hours]


router = Router("/", route_handlers=[business, services, staff])
