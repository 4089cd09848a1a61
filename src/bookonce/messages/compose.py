"""Compose: what a message says, by what is so at this moment. Nothing is sent here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.calendar_event import Invited, calendar, method
from bookonce.business.directory import Directory
from bookonce.business.messages import MessageKind
from bookonce.events.catalogue import RefundFacts
from bookonce.messages import truth_rows
from bookonce.messages.composed import Composed
from bookonce.messages.decide import Heard, Recipient, Truth, Void, decide_by, told_status
from bookonce.messages.kinds import ABOUT_THE_APPOINTMENT
from bookonce.messages.lane_rows import Told
from bookonce.messages.letter import as_text
from bookonce.messages.mail import Calendar
from bookonce.messages.matter import Links, Matter
from bookonce.messages.message_rows import Message
from bookonce.messages.outgoing import SMS, Ways
from bookonce.messages.team_compose import about_the_business
from bookonce.messages.truth_rows import Addressee, Happened
from bookonce.messages.wording import letter
from bookonce.platform.connection import Connection
from bookonce.platform.languages import Language, language
from bookonce.platform.tokens import new_token, token_hash

CALENDAR_KINDS = frozenset(
    {
        MessageKind.BOOKED,
        MessageKind.PAID,
        MessageKind.MOVED,
        MessageKind.RESIZED,
        MessageKind.REZONED,
        MessageKind.OVERBOOKED,
        MessageKind.CANCELLED,
        MessageKind.TAKEN_OFF,
        MessageKind.PAYMENT_LOST,
    }
)
"""Kinds that change what a calendar should show."""


@dataclass(frozen=True, slots=True)
class _Found:
    appointment: Appointment | None
    client: Addressee | None
    known: tuple[Heard | None, ...]
    had_money: bool
    happened: Happened | None


async def compose(
    installation: Installation,
    ways: Ways,
    business_id: UUID,
    message: Message,
    *,
    now: datetime,
) -> Composed | Void:
    """What a message says now, or why nothing is to be said. Raises NotFoundError."""
    directory = await installation.by_id(business_id)
    if message.appointment_id is None:
        return await about_the_business(installation, ways, directory, message, now)
    found = await installation.database.run(_found, business_id, message)
    if found.appointment is None or found.client is None:
        return Void("the appointment is gone")
    appointment = found.appointment.as_promised().as_of(now)
    recipient = Recipient(message.recipient, message.who)
    truth = Truth(
        appointment,
        None,
        found.had_money,
        message.subject_start,
        _whom_for(appointment),
        found.client.is_former,
    )
    known = (None,) if message.is_resent else found.known
    kind, heard = decide_by(message.kind, recipient, truth, known)
    if isinstance(kind, Void):
        return kind
    if kind is MessageKind.REMINDER and message.lead not in directory.business.messages.reminders:
        return Void("reminders are sent at other times now")
    if message.is_resent:
        heard = found.known[-1]
    matter = _matter(directory, kind, recipient, appointment, found, heard)
    spoken = _spoken(directory, message, found.client, heard)
    return _composed(ways, directory, message, matter, found.client, spoken, now)


async def _found(connection: Connection, business_id: UUID, message: Message) -> _Found:
    appointment_id = message.appointment_id
    assert appointment_id is not None
    appointment = await appointment_rows.by_id(connection, business_id, appointment_id)
    has_deposit = appointment is not None and appointment.deposit_minor is not None
    return _Found(
        appointment,
        await truth_rows.addressee(connection, business_id, appointment_id, message.client_id),
        await _known(connection, business_id, message),
        has_deposit and await truth_rows.had_money(connection, business_id, appointment_id),
        await truth_rows.happened(connection, business_id, message.event_id)
        if message.event_id
        else None,
    )


async def _known(
    connection: Connection, business_id: UUID, message: Message
) -> tuple[Heard | None, ...]:
    """What the recipient may know. Who gets text messages only was told of the booking by
    telephone.
    """
    known = await truth_rows.known(connection, business_id, message)
    if known[-1] is None and message.way == SMS:
        return (*known[:-1], await truth_rows.booked(connection, business_id, message))
    return known


def _whom_for(appointment: Appointment) -> str:
    """Whom it is for, as who works there is told."""
    return " · ".join(filter(None, (appointment.client_name, appointment.client_phone)))


def _as_known(appointment: Appointment, heard: Heard) -> Appointment:
    """An appointment that is somebody else's, as whoever had it knows it: at their time, and off."""
    start = heard.start or appointment.start
    then = appointment.later(start - appointment.start)
    return msgspec.structs.replace(then, status=Status.CANCELLED, sequence=appointment.sequence)


def _matter(
    directory: Directory,
    kind: MessageKind,
    recipient: Recipient,
    appointment: Appointment,
    found: _Found,
    heard: Heard | None,
) -> Matter:
    assert found.client is not None
    if found.client.is_former and heard is not None:
        appointment = _as_known(appointment, heard)
    return Matter(
        kind=kind,
        recipient=recipient,
        business=directory.business,
        appointment=appointment,
        client_name=found.client.name,
        client_phone=found.client.phone,
        by=found.happened.actor.kind if found.happened else None,
        old_start=heard.start if heard else None,
        old_end=heard.end if heard else None,
        back_minor=_back_minor(kind, appointment, found),
    )


def _back_minor(kind: MessageKind, appointment: Appointment, found: _Found) -> int:
    """What goes back to the client, in minor units."""
    if kind is MessageKind.REFUNDED and found.happened is not None:
        return msgspec.json.decode(found.happened.facts, type=RefundFacts).amount_minor
    if kind is MessageKind.CANCELLED and found.had_money and appointment.deposit_minor:
        return max(0, appointment.deposit_minor - (appointment.keep_minor or 0))
    return 0


def _composed(
    ways: Ways,
    directory: Directory,
    message: Message,
    matter: Matter,
    client: Addressee,
    spoken: Language,
    now: datetime,
) -> Composed:
    base, slug, appointment = ways.public_url, directory.slug, matter.appointment
    token = ""
    links = Links()
    if base and client.is_former:
        links = Links(book=f"{base}/{slug}")
    elif base and message.recipient == "client":
        token = new_token()
        links = Links(manage=f"{base}/{slug}/a/{token}", book=f"{base}/{slug}")
    elif base:
        links = Links(office=f"{base}/office/{slug}/appointments/{appointment.id}")
    matter = replace(matter, links=links)
    written = letter(matter, spoken)
    address = _address(directory, message, client)
    text = written.text if message.way == SMS else as_text(written)
    told = Told(
        address=address,
        language=spoken.tag,
        subject=written.subject,
        body=written.without_secrets(text),
        sequence=appointment.sequence if matter.kind in ABOUT_THE_APPOINTMENT else None,
        status=told_status(matter.kind, appointment),
        start=appointment.start,
        end=appointment.end,
        wall=appointment.wall_start,
        staff=appointment.performers,
        place=appointment.where,
        client=_whom_for(appointment) if message.recipient != "client" else None,
        link_hash=token_hash(token) if token else None,
    )
    event = _event(ways, directory, message, matter, address, now)
    return Composed(directory, written, told, event, zone=appointment.clock)


def _spoken(
    directory: Directory, message: Message, client: Addressee, heard: Heard | None
) -> Language:
    """The client's own language, as they booked in it; the business's for those who work there."""
    locale = directory.business.business.locale
    chosen = client.language if message.recipient == "client" else None
    if client.is_former:
        chosen = heard.language if heard else None
    return language(chosen or locale, None, locale)


def _address(directory: Directory, message: Message, client: Addressee) -> str:
    if message.recipient == "owner":
        return message.who
    if message.recipient == "staff":
        staff = (each for each in directory.business.staff if each.key == message.who)
        return next((each.email or "" for each in staff), "")
    return (client.phone if message.way == SMS else client.email) or ""


def _event(
    ways: Ways,
    directory: Directory,
    message: Message,
    matter: Matter,
    address: str,
    now: datetime,
) -> Calendar | None:
    """For the client a file to take in by hand, for staff an invitation that takes itself in."""
    if matter.kind not in CALENDAR_KINDS or message.way == SMS or message.recipient == "owner":
        return None
    business_name, appointment = directory.business.business.name, matter.appointment
    if message.recipient == "client":
        content = calendar(appointment, business_name, matter.links.manage, now)
        return Calendar(content, method(appointment))
    invited = Invited(
        directory.staff_name(message.who),
        address,
        business_name,
        ways.sender,
        is_off=matter.kind is MessageKind.TAKEN_OFF,
    )
    content = calendar(appointment, business_name, matter.links.office, now, invited=invited)
    return Calendar(content, method(appointment, invited), is_inline=True)
