"""Tell: an event leads to a message for everybody whom it concerns. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.availability.installation import Installation
from bookonce.business.document import Business
from bookonce.business.messages import MessageKind
from bookonce.events.catalogue import AppointmentFacts
from bookonce.messages import message_rows, truth_rows
from bookonce.messages.kinds import (
    BY_SMS,
    CAUSES,
    NO_SHOW_DELAY,
    TO_STAFF_TOO,
    WHOM_FOR,
    useful_until,
)
from bookonce.messages.message_rows import Message, message_id
from bookonce.messages.truth_rows import Addressee, Happened
from bookonce.platform.actor import ActorKind
from bookonce.platform.connection import Connection
from bookonce.platform.errors import NotFoundError


async def tell(
    installation: Installation, business_id: UUID, event_id: UUID, *, now: datetime
) -> int:
    """Make the messages about an event; how many are new. Telling again makes none."""
    try:
        directory = await installation.by_id(business_id)
    except NotFoundError:
        return 0
    business = directory.business

    async def work(connection: Connection) -> int:
        happened = await truth_rows.happened(connection, business_id, event_id)
        if happened is None or happened.kind not in CAUSES:
            return 0
        if happened.appointment_id is None:
            return await message_rows.put(
                connection, business_id, list(_to_owners(business, event_id, happened)), now
            )
        appointment_id = happened.appointment_id
        client = await truth_rows.addressee(connection, business_id, appointment_id)
        told = await message_rows.told_staff(connection, business_id, appointment_id)
        clients = await message_rows.told_clients(connection, business_id, appointment_id)
        if client is None:
            return 0
        concerned = _Concerned(business, client, told, clients)
        messages = list(_messages(event_id, happened, concerned))
        return await message_rows.put(connection, business_id, messages, now)

    return await installation.database.run(work)


@dataclass(frozen=True, slots=True)
class _Concerned:
    """Whom an appointment concerns. `told_staff` and `told_clients` have messages about it already."""

    business: Business
    client: Addressee
    told_staff: frozenset[str]
    told_clients: Sequence[UUID]

    def former_clients(self) -> list[UUID]:
        """Those whose it was, as they were told."""
        return [one for one in self.told_clients if one != self.client.client_id]

    def team(self, performers: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Staff members and owners, each mail address once: one person gets one message."""
        seen = {(self.client.email or "").casefold()}
        for staff in self.business.staff:
            concerns = staff.key in performers or staff.key in self.told_staff
            if concerns and staff.email and staff.email.casefold() not in seen:
                seen.add(staff.email.casefold())
                yield "staff", staff.key
        for address in self.business.messages.owner_copy:
            if address.casefold() not in seen:
                seen.add(address.casefold())
                yield "owner", address


def _messages(event_id: UUID, happened: Happened, concerned: _Concerned) -> Iterator[Message]:
    cause = CAUSES[happened.kind]
    facts = None
    if happened.kind.startswith("appointment."):
        facts = msgspec.json.decode(happened.facts, type=AppointmentFacts)
    if cause is MessageKind.PAID and facts is not None and facts.deposit_minor is None:
        cause = MessageKind.BOOKED

    if cause is MessageKind.CHANGED and (facts is None or not WHOM_FOR & set(facts.changed)):
        return  # the note is for the office alone

    def message(
        recipient: str, who: str = "", way: str = "mail", client_id: UUID | None = None
    ) -> Message:
        waits_until = happened.at + NO_SHOW_DELAY if cause is MessageKind.NO_SHOW else happened.at
        if facts is not None and facts.undo_until is not None:
            waits_until = max(waits_until, facts.undo_until)
        return Message(
            id=message_id(event_id, cause.value, recipient, who, way),
            kind=cause,
            client_id=client_id,
            way=way,
            recipient=recipient,
            who=who,
            event_id=event_id,
            appointment_id=happened.appointment_id,
            event_at=happened.at,
            next_at=waits_until,
            useful_until=useful_until(
                cause,
                happened.at,
                facts.start if facts else None,
                facts.hold_expires_at if facts else None,
            ),
        )

    client_id = concerned.client.client_id
    hears = facts is None or facts.notify
    if cause is MessageKind.CHANGED:
        assert facts is not None
        hears = hears and "client_id" in facts.changed
        for former in concerned.former_clients() if hears else ():
            one = message("client", client_id=former)
            yield replace(one, id=message_id(one.id, str(former)))
    if client_id is not None and hears:
        yield message("client", client_id=client_id)
        is_theirs = happened.actor.kind in (ActorKind.VISITOR, ActorKind.AGENT)
        wants_sms = concerned.business.messages.sms and concerned.client.phone
        if wants_sms and cause in BY_SMS and not is_theirs:
            yield message("client", way="sms", client_id=client_id)
    if cause in TO_STAFF_TOO and facts is not None:
        for recipient, who in concerned.team(tuple(part.staff for part in facts.parts)):
            yield message(recipient, who)


def _to_owners(business: Business, event_id: UUID, happened: Happened) -> Iterator[Message]:
    """About the business itself."""
    kind = CAUSES[happened.kind]
    for address in business.messages.owner_copy:
        yield Message(
            id=message_id(event_id, kind.value, "owner", address, "mail"),
            kind=kind,
            way="mail",
            recipient="owner",
            who=address,
            event_id=event_id,
            event_at=happened.at,
            next_at=happened.at,
            useful_until=useful_until(kind, happened.at, None, None),
        )
