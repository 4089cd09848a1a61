"""What an agent does for the business's staff."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bookonce.accounts.roles import Right
from bookonce.booking.appointment import Status
from bookonce.business.country import country_of
from bookonce.clients import said, search_rows
from bookonce.clients.scope import performer_of
from bookonce.desk.agenda import Scope, agenda
from bookonce.desk.agenda_rows import BlockedTime
from bookonce.desk.block import AbsenceRequest, block_at_desk
from bookonce.desk.change import attend_at_desk
from bookonce.desk.request import DeskChange
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.web.mcp.tool import Agent, Tool
from bookonce.web.mcp.visitor_tools import AppointmentId
from bookonce.web.office.api.answers import (
    AbsenceAnswer,
    OfficeAppointment,
    absence_answer,
    appointment_answer,
    entry_answer,
)

AGENDA_DAYS_MAX = 14
CLIENTS_MAX = 20


class AgendaWish(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    rename={"first": "from", "last": "to"},
):
    """Of which dates, and of whom."""

    first: Annotated[date | None, Meta(description="first date; absent: today")] = None
    last: Annotated[
        date | None, Meta(description=f"last date, included; {AGENDA_DAYS_MAX} days at most")
    ] = None
    staff: Annotated[str | None, Meta(description="key of a staff member; absent: all")] = None


class AgendaAnswer(msgspec.Struct, frozen=True):
    """What is in the calendar, the earliest first."""

    appointments: list[OfficeAppointment]
    absences: list[AbsenceAnswer]


async def _agenda(agent: Agent, wish: AgendaWish) -> AgendaAnswer:
    directory = agent.directory
    first = wish.first or agent.now.astimezone(directory.zone).date()
    last = wish.last or first
    if last < first:
        raise ValidationError([FieldError("to", "must not be before from")])
    if last - first >= timedelta(days=AGENDA_DAYS_MAX):
        raise ValidationError([FieldError("to", f"at most {AGENDA_DAYS_MAX} days at a time")])
    found = await agenda(
        agent.installation,
        directory,
        first,
        last,
        Scope(staff=[wish.staff] if wish.staff else []),
        access=agent.access,
        now=agent.now,
    )
    return AgendaAnswer(
        [entry_answer(entry, entry.as_of(agent.now), agent.access) for entry in found.entries],
        [absence_answer(block, directory.zone) for block in found.blocks],
    )


class ClientWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is looked for."""

    query: Annotated[
        str,
        Meta(min_length=1, max_length=200, description="parts of a name, mail address or number"),
    ]


class FoundClient(msgspec.Struct, frozen=True, omit_defaults=True):
    """A client, as the business knows them."""

    id: UUID
    name: str
    email: str | None = None
    phone: str | None = None
    flags: tuple[str, ...] = ()


class FoundClients(msgspec.Struct, frozen=True):
    """Who was found, by name. `more`: there are others; say more of whom you look for."""

    clients: list[FoundClient]
    more: bool


async def _find_client(agent: Agent, wish: ClientWish) -> FoundClients:
    found = await agent.installation.database.run(
        search_rows.listed,
        agent.access.business_id,
        said.read(wish.query, country_of(agent.directory)),
        performer_id=performer_of(agent.directory, agent.access),
        after=None,
        limit=CLIENTS_MAX + 1,
    )
    return FoundClients(
        [
            FoundClient(one.id, one.name, one.email, one.phone, one.flags)
            for one in found[:CLIENTS_MAX]
        ],
        len(found) > CLIENTS_MAX,
    )


async def _block_time(agent: Agent, wish: AbsenceRequest) -> AbsenceAnswer:
    made = await block_at_desk(
        agent.installation, agent.directory.slug, wish, access=agent.access, now=agent.now
    )
    block = BlockedTime(
        made.id, made.staff, made.start, made.end, made.kind.value, made.reason, "office"
    )
    return absence_answer(block, agent.directory.zone)


class NoShowWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose client did not come."""

    appointment: AppointmentId
    reason: str | None = None


async def _mark_no_show(agent: Agent, wish: NoShowWish) -> OfficeAppointment:
    found = await attend_at_desk(
        agent.installation,
        agent.directory.slug,
        wish.appointment,
        Status.NO_SHOW,
        DeskChange(reason=wish.reason),
        access=agent.access,
        now=agent.now,
    )
    return appointment_answer(found.appointment, agent.access)


TOOLS = (
    Tool(
        "agenda",
        "What is in the calendar",
        "Appointments and blocked time of today, or of some dates.",
        AgendaWish,
        _agenda,
        needs=Right.SEE_CLIENTS,
    ),
    Tool(
        "find_client",
        "Find a client",
        "Clients whose name, mail address or telephone number has what is asked for.",
        ClientWish,
        _find_client,
        needs=Right.SEE_CLIENTS,
    ),
    Tool(
        "block_time",
        "Block a staff member's time",
        "Keeps a staff member's time free. Refused with the appointments that are in the way.",
        AbsenceRequest,
        _block_time,
        needs=Right.BLOCK,
        changes=True,
    ),
    Tool(
        "mark_no_show",
        "Say that a client did not come",
        "Only of an appointment that has begun. It can be taken back in the office.",
        NoShowWish,
        _mark_no_show,
        needs=Right.MARK,
        changes=True,
    ),
)
