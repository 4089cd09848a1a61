"""What a business offers: itself, its services, its staff."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get
from litestar.params import Parameter

from bookonce.core.business import Directory, Service
from bookonce.services.availability import asked
from bookonce.web.dependencies import Here, Slug
from bookonce.web.public.answers import (
    BusinessAnswer,
    Price,
    ServiceAnswer,
    StaffAnswer,
)
from bookonce.web.public.documented import READING


@get("/", responses=READING, summary="The business")
async def business(slug: Slug, installation: Here) -> BusinessAnswer:
    """Name, time zone, currency, locale and booking policy."""
    directory = await installation.current(slug)
    profile = directory.business.business
    return BusinessAnswer(
        slug=profile.slug,
        name=profile.name,
        timezone=profile.timezone,
        currency=profile.currency,
        locale=profile.locale,
        policy=directory.policy,
    )


@get("/services", responses=READING, summary="What can be booked")
async def services(slug: Slug, installation: Here) -> list[ServiceAnswer]:
    """Each service with its length, price and performers."""
    directory = await installation.current(slug)
    return [_service(directory, service) for service in directory.business.service]


def _service(directory: Directory, service: Service) -> ServiceAnswer:
    currency = directory.business.business.currency
    return ServiceAnswer(
        key=service.key,
        name=service.name,
        duration_min=service.duration_min,
        price=None if service.price is None else Price(service.price, currency),
        staff=list(directory.performers(service)),
    )


@get("/staff", responses=READING, summary="Who can be booked")
async def staff(
    slug: Slug,
    installation: Here,
    service: Annotated[str | None, Parameter(description="only those who perform it")] = None,
) -> list[StaffAnswer]:
    """Everyone, or those who perform one service."""
    directory = await installation.current(slug)
    people = directory.business.staff
    if service is not None:
        _, performers = asked(directory, service, None)
        people = tuple(person for person in people if person.key in performers)
    return [StaffAnswer(person.key, person.name) for person in people]


router = Router("/", route_handlers=[business, services, staff])
