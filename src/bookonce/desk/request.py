"""What is asked for at the desk, and the same as it is to be booked."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bookonce.availability.installation import Installation
from bookonce.availability.offers import Start
from bookonce.availability.rules import Rule
from bookonce.availability.selection import Choice
from bookonce.booking import client_rows
from bookonce.booking.client import (
    WALK_IN,
    Client,
    Guest,
    client_errors,
    guest_of,
    name_errors,
    normal_notes,
    notes_errors,
    phone_errors,
)
from bookonce.booking.request import Wish, country_dialled, service_keys
from bookonce.events.catalogue import Manner
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.text import clean_line, text_problem

REASON_LENGTH_MAX = 200

Reason = Annotated[str, Meta(examples=["The client is ill"])]


class DeskClient(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom an appointment is for: a client that the business knows, by `id`, or somebody new, of
    whom the name will do.
    """

    id: UUID | None = None
    name: Annotated[str | None, Meta(examples=["Zoe"])] = None
    email: Annotated[str | None, Meta(examples=["zoe@example.com"])] = None
    phone: Annotated[str | None, Meta(examples=["+49 30 1234567"])] = None


class Overbook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That an appointment may lie over another of the same person, and why."""

    reason: Reason


class DeskChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a change is made."""

    reason: Reason | None = None
    notify: bool = True

    def manner(self) -> Manner:
        """As events keep it. Raises ValidationError."""
        return Manner(reason=reason_of(self.reason, "reason"), notify=self.notify)


class DeskBooking(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One `service`, or `services` that are performed one after the other; `client` null is a
    walk-in. The rules of the business hold but for those in `break_rules`.
    """

    start: Start
    client: DeskClient | None
    service: Annotated[str | None, Meta(examples=["cut"])] = None
    services: Annotated[tuple[str, ...] | None, Meta(examples=[["cut", "beard"]])] = None
    staff: Annotated[str | None, Meta(examples=["any"])] = None
    location: str | None = None
    notes: str | None = None
    break_rules: tuple[Rule, ...] = ()
    overbook: Overbook | None = None
    notify: bool = True


class DeskMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where to. `staff` absent: the same person, for each service; "any": anyone who performs them."""

    start: Start
    staff: str | None = None
    location: str | None = None
    break_rules: tuple[Rule, ...] = ()
    overbook: Overbook | None = None
    reason: Reason | None = None
    notify: bool = True

    def manner(self) -> Manner:
        """As events keep it. Raises ValidationError."""
        return manner_of(self.break_rules, self.overbook, self.reason, notify=self.notify)


def manner_of(
    break_rules: tuple[Rule, ...],
    overbook: Overbook | None = None,
    reason: str | None = None,
    *,
    notify: bool,
) -> Manner:
    """How a change is made, as events keep it. Raises ValidationError."""
    return Manner(
        reason=reason_of(reason, "reason"),
        notify=notify,
        broken_rules=tuple(dict.fromkeys(rule.value for rule in break_rules)),
        overbooked=reason_of(overbook.reason, "overbook.reason", is_required=True)
        if overbook
        else None,
    )


def reason_of(typed: str | None, field: str, *, is_required: bool = False) -> str | None:
    """A reason as it is kept. Raises ValidationError."""
    reason = clean_line(typed or "")
    if not reason and is_required:
        raise ValidationError([FieldError(field, "is required")])
    if len(reason) > REASON_LENGTH_MAX:
        raise ValidationError([FieldError(field, f"at most {REASON_LENGTH_MAX} characters")])
    if problem := text_problem(reason, lines=False):
        raise ValidationError([FieldError(field, problem)])
    return reason or None


async def wish_of(
    installation: Installation, business_id: UUID, slug: str, request: DeskBooking
) -> Wish:
    """What is to be booked. Raises ValidationError and NotFoundError."""
    keys = service_keys(request.service, request.services)
    choice = Choice.of(keys, request.staff, request.location)
    guest = await guest_at_desk(installation, business_id, slug, choice, request.client)
    if wrong := list(notes_errors(request.notes)):
        raise ValidationError(wrong)
    return Wish(
        choice=choice,
        start=request.start,
        guest=guest,
        notes=normal_notes(request.notes),
        manner=manner_of(request.break_rules, request.overbook, notify=request.notify),
    )


async def guest_at_desk(
    installation: Installation,
    business_id: UUID,
    slug: str,
    choice: Choice | None,
    client: DeskClient | None,
) -> Guest:
    """Whom it is for, in normal form. `choice` tells where a number is dialled. Raises
    ValidationError.
    """
    if client is None:
        return WALK_IN
    if client.id is not None:
        if client.name is not None or client.email is not None or client.phone is not None:
            raise ValidationError([FieldError("client", "name either id or particulars")])
        known = await installation.database.run(client_rows.guest, business_id, client.id)
        if known is None:
            raise ValidationError([FieldError("client.id", "there is no such client")])
        return known
    name = client.name or ""
    country = await country_dialled(installation, slug, choice, client.phone)
    if client.email:
        particulars = Client(name, client.email, client.phone)
        errors = list(client_errors(particulars, country=country))
        if not errors:
            return guest_of(particulars, country)
    else:
        errors = [*name_errors(name), *phone_errors(client.phone, country=country)]
        if not errors:
            return guest_of(Client(name, "", client.phone), country)
    raise ValidationError(errors)
