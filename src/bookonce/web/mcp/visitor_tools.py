"""What an agent does for somebody who wants an appointment. The guard is the same as everyone's, and
so are the business's terms: notice and limits, deposits, the last moment to move or cancel.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bookonce.accounts.roles import Right
from bookonce.availability.look import offer, soonest
from bookonce.availability.offers import Start
from bookonce.availability.selection import Choice
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.client import Client
from bookonce.booking.confirm import confirm
from bookonce.booking.find import Found
from bookonce.booking.move import MoveRequest, move
from bookonce.booking.request import BookingRequest
from bookonce.desk.change import found_at_desk
from bookonce.events.idempotency import Idempotency
from bookonce.web.mcp.tool import Agent, Tool
from bookonce.web.office.api.answers import OfficeAppointment, appointment_answer
from bookonce.web.public.answers import BusinessAnswer, ServiceAnswer, StaffAnswer
from bookonce.web.public.catalog import business_answer, service_answers, staff_answers

TIMES_DEFAULT, TIMES_MAX = 10, 50
HOLD_MIN_MAX = 15
Services = Annotated[
    tuple[str, ...],
    Meta(min_length=1, description="keys of services, performed one after the other in one visit"),
]
StaffKey = Annotated[str | None, Meta(description='key of a staff member; absent or "any": anyone')]
LocationKey = Annotated[str | None, Meta(description="key; needed where there are several")]
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


class _Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No arguments."""


class Offered(msgspec.Struct, frozen=True):
    """A business, its services, and who performs them."""

    business: BusinessAnswer
    services: list[ServiceAnswer]
    staff: list[StaffAnswer]


async def _list_services(agent: Agent, _: _Nothing) -> Offered:
    directory = agent.directory
    return Offered(business_answer(directory), service_answers(directory), staff_answers(directory))


class TimesWish(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    rename={"first": "from", "last": "to"},
):
    """Which times are looked for."""

    services: Services
    staff: StaffKey = None
    location: LocationKey = None
    first: Annotated[date | None, Meta(description="first date; absent: from now on")] = None
    last: Annotated[date | None, Meta(description="last date, included; absent: a week")] = None
    limit: Annotated[int, Meta(ge=1, le=TIMES_MAX)] = TIMES_DEFAULT


class FreeTime(msgspec.Struct, frozen=True):
    """A start that can be booked, and the keys of those who are free."""

    start: datetime
    staff: list[str]


class Times(msgspec.Struct, frozen=True):
    """Free times, the earliest first. `more`: there are others on these dates."""

    timezone: str
    times: list[FreeTime]
    more: bool


async def _find_times(agent: Agent, wish: TimesWish) -> Times:
    choice = Choice.of(wish.services, wish.staff, wish.location)
    installation, slug, now = agent.installation, agent.directory.slug, agent.now
    if wish.first is None and wish.last is None:
        selection, starts = await soonest(installation, slug, choice, wish.limit + 1, now=now)
    else:
        first = wish.first or now.astimezone(agent.directory.zone).date()
        last = wish.last or first + timedelta(days=6)
        selection, found = await offer(installation, slug, choice, first, last, now=now)
        starts = found.by_start()
    zone = selection.place.zone
    shown = list(starts.items())[: wish.limit]
    return Times(
        zone.key,
        [FreeTime(datetime.fromtimestamp(start_s, zone), list(free)) for start_s, free in shown],
        len(starts) > len(shown),
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
                "somebody is asked whether they want it",
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
        "list_services",
        "What can be booked",
        "The business, its services with length and price, and who performs them. Begin here: other "
        "tools take the keys that this one tells.",
        _Nothing,
        _list_services,
    ),
    Tool(
        "find_times",
        "Find free times",
        "Free times for one or several services, the soonest or those on some dates. Only a time "
        "that this tool answered with can be booked; don't make one up.",
        TimesWish,
        _find_times,
    ),
    Tool(
        "hold_or_book",
        "Book a time, or hold it",
        "Books a time for somebody, for certain; or, with hold_min, holds it while they are asked. "
        "If somebody else has it, the answer says BOOKING_CONFLICT and what can be booked instead. "
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
