"""What an agent does for a client. The guard is the same as everyone's, and
so are the business's terms: notice and limits, deposits, the last moment to move or cancel.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bookonce.accounts.roles import Right
from bookonce.availability.offers import Start
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.client import Client
from bookonce.booking.confirm import confirm
from bookonce.booking.find import Found
from bookonce.booking.move import MoveRequest, move
from bookonce.booking.request import BookingRequest
from bookonce.desk.change import found_at_desk
from bookonce.events.idempotency import Idempotency
from bookonce.web.mcp.looking_tools import LocationKey, Services, StaffKey
from bookonce.web.mcp.tool import Agent, Tool
from bookonce.web.office.api.answers import OfficeAppointment, appointment_answer

HOLD_MIN_MAX = 15
AppointmentId = Annotated[
    UUID, Meta(description="`id` of an appointment that a tool answered with")
]
RequestId = (
    Annotated[
        str,
        Meta(
            min_length=1,
            max_length=200,
            description="your own name for this request: sent again with it, it is done once",
        ),
    ]
    | None
)


class BookingWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be booked, and for whom."""

    services: Services
    start: Start
    client: Client
    staff: StaffKey = None
    location: LocationKey = None
    notes: str | None = None
    answers: Annotated[
        dict[str, str] | None,
        Meta(description="to the services' `questions`, by their keys; a consent is `yes`"),
    ] = None
    hold_min: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=HOLD_MIN_MAX,
                description="hold the time for so many minutes, until confirm_appointment: while "
                "the client is asked whether they want it",
            ),
        ]
        | None
    ) = None
    request_id: RequestId = None


class Booked(msgspec.Struct, frozen=True):
    """An appointment, and the address where its client can see, pay, move and cancel it."""

    appointment: OfficeAppointment
    manage_url: str


async def _hold_or_book(agent: Agent, wish: BookingWish) -> Booked:
    hold_until = None if wish.hold_min is None else agent.now + timedelta(minutes=wish.hold_min)
    with agent.automation.booking_by_agent(str(agent.access.actor.id)):
        booked = await book(
            agent.installation,
            agent.directory.slug,
            BookingRequest(
                services=wish.services,
                start=wish.start,
                client=wish.client,
                staff=wish.staff,
                location=wish.location,
                notes=wish.notes,
                answers=wish.answers,
            ),
            actor=agent.access.actor,
            now=agent.now,
            idempotency_key=wish.request_id and f"{agent.access.actor.id} {wish.request_id}",
            hold_until=hold_until,
            is_once=True,
            language=agent.language,
        )
    return Booked(
        appointment_answer(booked.appointment, agent.access),
        f"{agent.base_url}/{booked.directory.slug}/a/{booked.token}",
    )


class OneAppointment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which appointment."""

    appointment: AppointmentId


async def _get(agent: Agent, wish: OneAppointment) -> OfficeAppointment:
    return _answer(agent, await _seen(agent, wish.appointment, Right.SEE_CALENDAR))


async def _confirm(agent: Agent, wish: OneAppointment) -> OfficeAppointment:
    await _seen(agent, wish.appointment, Right.BOOK)
    found = await confirm(
        agent.installation,
        agent.directory.slug,
        wish.appointment,
        actor=agent.access.actor,
        now=agent.now,
    )
    return _answer(agent, found)


class MoveWish(OneAppointment, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where an appointment is to be moved to."""

    start: Start
    staff: Annotated[str | None, Meta(description='absent: the same; "any": anyone')] = None
    location: Annotated[str | None, Meta(description="absent: the same")] = None
    request_id: RequestId = None


async def _move(agent: Agent, wish: MoveWish) -> OfficeAppointment:
    await _seen(agent, wish.appointment, Right.MOVE)
    request = MoveRequest(wish.start, wish.staff, wish.location)
    key = wish.request_id and f"{agent.access.actor.id} {wish.request_id}"
    found = await move(
        agent.installation,
        agent.directory.slug,
        wish.appointment,
        request,
        actor=agent.access.actor,
        now=agent.now,
        idempotency=Idempotency.of(key, "move by an agent", str(wish.appointment), request),
    )
    return _answer(agent, found)


async def _cancel(agent: Agent, wish: OneAppointment) -> OfficeAppointment:
    await _seen(agent, wish.appointment, Right.CANCEL)
    found = await cancel(
        agent.installation,
        agent.directory.slug,
        wish.appointment,
        actor=agent.access.actor,
        now=agent.now,
    )
    return _answer(agent, found)


async def _seen(agent: Agent, appointment_id: UUID, right: Right) -> Found:
    """The appointment, if the key gives the right to it. Raises NotFoundError and ForbiddenError."""
    return await found_at_desk(
        agent.installation,
        agent.directory.slug,
        appointment_id,
        access=agent.access,
        right=right,
        now=agent.now,
    )


def _answer(agent: Agent, found: Found) -> OfficeAppointment:
    return appointment_answer(found.appointment, agent.access)


TOOLS = (
    Tool(
        "hold_or_book",
        "Book a time, or hold it",
        "Books a time for a client, for certain; or, with hold_min, holds it while they are asked. "
        "If another client has it, the answer says BOOKING_CONFLICT and what can be booked instead. "
        "A status of held with a deposit means that the client has to pay at manage_url.",
        BookingWish,
        _hold_or_book,
        needs=Right.BOOK,
        changes=True,
    ),
    Tool(
        "confirm_appointment",
        "Confirm a held time",
        "Makes a time that was held with hold_min the client's.",
        OneAppointment,
        _confirm,
        needs=Right.BOOK,
        changes=True,
    ),
    Tool(
        "get_appointment",
        "Look at an appointment",
        "An appointment as it is now.",
        OneAppointment,
        _get,
        needs=Right.SEE_CALENDAR,
    ),
    Tool(
        "move_appointment",
        "Move an appointment",
        "Takes the new time and gives the old one back, or does nothing and says what can be booked "
        "instead.",
        MoveWish,
        _move,
        needs=Right.MOVE,
        changes=True,
    ),
    Tool(
        "cancel_appointment",
        "Cancel an appointment",
        "Gives the time back. Ask the person first.",
        OneAppointment,
        _cancel,
        needs=Right.CANCEL,
        changes=True,
        destroys=True,
    ),
)
