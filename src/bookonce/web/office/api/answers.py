"""The shapes of the office's answers. Times are by the clock of the location."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.booking.appointment import Appointment, Status
from bookonce.business.answers import Answer
from bookonce.desk.agenda_rows import BlockedTime, Entry
from bookonce.desk.history_rows import Happened
from bookonce.events.catalogue import AppointmentFacts, Part
from bookonce.platform.actor import ActorKind, Role
from bookonce.web.public.answers import PartAnswer, Price, price_answer


class ClientOfAppointment(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom an appointment is for, as given for it. The number, address and id are there for those who
    may see clients.
    """

    name: str
    id: UUID | None = None
    email: str | None = None
    phone: str | None = None


class ActorAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who did it."""

    kind: ActorKind
    name: str | None = None
    role: Role | None = None


class HistoryEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What happened to an appointment, and how it was left."""

    id: UUID
    kind: str
    at: datetime
    actor: ActorAnswer
    start: datetime | None = None
    staff: list[str] | None = None
    reason: str | None = None
    notify: bool | None = None
    broken_rules: list[str] | None = None
    overbooked: str | None = None


class OfficeAppointment(msgspec.Struct, frozen=True, omit_defaults=True):
    """An appointment as the office sees it. `client` absent: a walk-in; `overbooked`: why it may lie
    over another; `history` of one that is asked for by itself, `undo_until` of one that was just
    moved.
    """

    id: UUID
    status: Status
    sequence: int
    service: str
    staff: str
    start: datetime
    end: datetime
    price: Price | None
    parts: list[PartAnswer]
    location: str | None = None
    client: ClientOfAppointment | None = None
    notes: str | None = None
    answers: list[Answer] | None = None
    overbooked: str | None = None
    deposit: Price | None = None
    hold_expires_at: datetime | None = None
    created_at: datetime | None = None
    manage_url: str | None = None
    undo_until: datetime | None = None
    history: list[HistoryEntry] | None = None


class AppointmentsPage(msgspec.Struct, frozen=True):
    """Some appointments, the earliest first; `next_cursor` null: there are no more."""

    items: list[OfficeAppointment]
    next_cursor: str | None


class AbsenceAnswer(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Time that is taken without an appointment."""

    id: UUID
    staff: str
    from_: datetime
    to: datetime
    kind: str
    reason: str | None


class AbsencesPage(msgspec.Struct, frozen=True):
    """Some absences, the earliest first."""

    items: list[AbsenceAnswer]
    next_cursor: str | None


def entry_answer(entry: Entry, status: Status, access: Access) -> OfficeAppointment:
    """An appointment of a list."""
    zone = ZoneInfo(entry.zone)
    return OfficeAppointment(
        id=entry.id,
        status=status,
        sequence=entry.sequence,
        service=entry.parts[0].service,
        staff=entry.parts[0].staff,
        start=entry.start.astimezone(zone),
        end=entry.end.astimezone(zone),
        price=price_answer(entry.price_minor, entry.currency),
        parts=_parts(entry.parts, entry.currency, zone),
        location=entry.location,
        client=_client(
            access, entry.client_id, entry.client_name, entry.client_email, entry.client_phone
        ),
        notes=entry.notes,
        overbooked=entry.overbooked,
        deposit=price_answer(entry.deposit_minor, entry.currency),
        hold_expires_at=_local(entry.hold_expires_at, zone) if status is Status.HELD else None,
    )


def appointment_answer(
    appointment: Appointment, access: Access, *, email: str | None = None, **more: Any
) -> OfficeAppointment:
    """One appointment by itself."""
    zone = appointment.clock
    return OfficeAppointment(
        id=appointment.id,
        status=appointment.status,
        sequence=appointment.sequence,
        service=appointment.service,
        staff=appointment.staff,
        start=appointment.start.astimezone(zone),
        end=appointment.end.astimezone(zone),
        price=price_answer(appointment.price_minor, appointment.currency),
        parts=_parts(appointment.parts, appointment.currency, zone),
        location=appointment.location,
        client=_client(
            access,
            appointment.client_id,
            appointment.client_name,
            email,
            appointment.client_phone,
        ),
        notes=appointment.notes,
        answers=list(appointment.answers) or None,
        overbooked=appointment.overbooked,
        deposit=price_answer(appointment.deposit_minor, appointment.currency),
        hold_expires_at=_local(appointment.hold_expires_at, zone)
        if appointment.status is Status.HELD
        else None,
        created_at=_local(appointment.created_at, zone),
        **more,
    )


def history_answer(happened: Iterable[Happened], zone: ZoneInfo) -> list[HistoryEntry]:
    """What happened to an appointment, the first first."""
    return [_history_entry(each, zone) for each in happened]


def absence_answer(block: BlockedTime, zone: ZoneInfo) -> AbsenceAnswer:
    """One absence."""
    return AbsenceAnswer(
        block.id,
        block.resource,
        block.start.astimezone(zone),
        block.end.astimezone(zone),
        block.kind,
        block.reason,
    )


def _history_entry(each: Happened, zone: ZoneInfo) -> HistoryEntry:
    actor = ActorAnswer(each.actor.kind, each.actor.name, each.actor.role)
    entry = HistoryEntry(each.id, each.kind, each.at.astimezone(zone), actor)
    if not each.kind.startswith("appointment."):
        return entry
    facts = msgspec.json.decode(each.facts, type=AppointmentFacts)
    return msgspec.structs.replace(
        entry,
        start=facts.start.astimezone(zone),
        staff=list(dict.fromkeys(part.staff for part in facts.parts)),
        reason=facts.reason,
        notify=None if facts.notify else False,
        broken_rules=list(facts.broken_rules) or None,
        overbooked=facts.overbooked,
    )


def _parts(parts: Sequence[Part], currency: str, zone: ZoneInfo) -> list[PartAnswer]:
    return [
        PartAnswer(
            part.service,
            part.staff,
            part.start.astimezone(zone),
            part.end.astimezone(zone),
            price_answer(part.price_minor, currency),
        )
        for part in parts
    ]


def _client(
    access: Access,
    client_id: UUID | None,
    name: str,
    email: str | None,
    phone: str | None,
) -> ClientOfAppointment | None:
    if not name and client_id is None:
        return None
    if not access.may(Right.SEE_CLIENTS):
        return ClientOfAppointment(name)
    return ClientOfAppointment(name, client_id, email, phone)


def _local(instant: datetime | None, zone: ZoneInfo) -> datetime | None:
    return instant.astimezone(zone) if instant else None
