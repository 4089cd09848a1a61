"""What a visitor asks for, and the same as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from bookonce.availability.installation import Installation
from bookonce.availability.offers import Start
from bookonce.availability.selection import Choice, select
from bookonce.booking.client import (
    Client,
    Guest,
    client_errors,
    guest_of,
    normal_notes,
    notes_errors,
)
from bookonce.business.answers import REQUIRED, answer_errors, asked_of, needs_phone
from bookonce.business.country import country_of
from bookonce.business.directory import Directory
from bookonce.business.document import Business
from bookonce.events.catalogue import PLAIN, Manner
from bookonce.platform.errors import (
    FieldError,
    NotFoundError,
    ValidationError,
)


class BookingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a visitor asks for: one `service`, or `services` that are performed one after the other.
    `staff` absent or "any": anyone who performs them; `location` may be absent where they are
    offered at one location only.
    """

    # The order is that of the first version: a repeated request is recognised by it.
    service: Annotated[str | None, Meta(examples=["cut"])] = None
    start: Start
    client: Client
    staff: Annotated[str | None, Meta(examples=["any"])] = None
    location: str | None = None
    notes: Annotated[str | None, Meta(examples=["A little off the top"])] = None
    services: Annotated[tuple[str, ...] | None, Meta(examples=[["cut", "beard"]])] = None
    again: Annotated[
        str | None,
        Meta(description="the token of an earlier appointment: shows who has been there before"),
    ] = None
    answers: Annotated[
        dict[str, str] | None,
        Meta(description="to the business's questions, by their keys; a consent is `yes`"),
    ] = None

    def normal(self) -> BookingRequest:
        """The same request in its one spelling: a single service is `service`.

        Raises ValidationError unless it names either.
        """
        keys = service_keys(self.service, self.services)
        if self.service is not None or len(keys) > 1:
            return self
        return msgspec.structs.replace(self, service=keys[0], services=None)

    @property
    def choice(self) -> Choice:
        """What, with whom and where."""
        keys = (self.service,) if self.service is not None else self.services or ()
        return Choice.of(keys, self.staff, self.location)


def service_keys(service: str | None, services: tuple[str, ...] | None) -> tuple[str, ...]:
    """What a request asks for, by either name. Raises ValidationError unless it uses one of them."""
    if service is not None and services is not None:
        raise ValidationError([FieldError("services", "name either service or services")])
    if service is not None:
        return (service,)
    if services is None:
        raise ValidationError([FieldError("service", "is required")])
    if not services:
        raise ValidationError([FieldError("services", "name at least one service")])
    return services


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be booked, whoever asks and by which way: cleaned, as it is written down."""

    choice: Choice
    start: datetime
    guest: Guest
    notes: str | None = None
    manner: Manner = PLAIN
    answers: Mapping[str, str] = field(default_factory=dict)


async def wish_of(installation: Installation, slug: str, request: BookingRequest) -> Wish:
    """What a visitor's request asks for. Raises ValidationError and NotFoundError."""
    country = await country_dialled(installation, slug, request.choice, request.client.phone)
    errors = client_errors(request.client, country=country)
    if wrong := [*errors, *notes_errors(request.notes)]:
        raise ValidationError(wrong)
    return Wish(
        choice=request.choice,
        start=request.start,
        guest=guest_of(request.client, country),
        notes=normal_notes(request.notes),
        answers=request.answers or {},
    )


def require_answered(business: Business, wish: Wish) -> None:
    """Refuse a visitor's wish that leaves open what the business has to know. Raises
    ValidationError.
    """
    services = wish.choice.services
    wrong = list(answer_errors(asked_of(business, services), wish.answers))
    if not wish.guest.phone and needs_phone(business, services):
        wrong.append(FieldError("client.phone", REQUIRED))
    if wrong:
        raise ValidationError(wrong)


async def country_dialled(
    installation: Installation, slug: str, choice: Choice | None, phone: str | None
) -> str | None:
    """The country that a telephone number is dialled in, if there is a number and it can be told:
    that of the place that was chosen, else the business's.
    """
    if not phone:
        return None
    _, country = await installation.judge(slug, lambda directory: _dialled_in(directory, choice))
    return country


def _dialled_in(directory: Directory, choice: Choice | None) -> str | None:
    if choice is None:
        return country_of(directory)
    try:
        return country_of(directory, select(directory, choice).place)
    except (NotFoundError, ValidationError):
        return country_of(directory)
