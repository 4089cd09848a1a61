"""What a business's own words look like in a message, with an appointment that could be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.terms import Terms
from bookonce.business.document import Business
from bookonce.business.messages import MessageKind
from bookonce.events.catalogue import Part
from bookonce.messages.decide import Recipient
from bookonce.messages.letter import as_text
from bookonce.messages.matter import Matter
from bookonce.messages.wording import letter
from bookonce.platform import money
from bookonce.platform.languages import language
from bookonce.web.office.settings.words import choice_names

SAMPLE_ID = UUID(int=1)


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as a client would read it: of which kind, in which language."""

    kind: str
    tag: str
    direction: str
    subject: str
    text: str


def previews(business: Business, words: Any, now: datetime) -> list[Preview]:
    """Each message for which the business has its own words."""
    names = choice_names(words)
    found = []
    for template in business.messages.template:
        reader = language(template.language, None, business.business.locale)
        matter = Matter(
            kind=MessageKind(template.kind),
            recipient=Recipient("client"),
            business=business,
            appointment=_sample(business, now),
            client_name="Anna",
            old_start=now + timedelta(days=6),
            back_minor=1000,
        )
        written = letter(matter, reader)
        kind = f"{names[template.kind]} · {reader.own_name}"
        found.append(Preview(kind, reader.tag, reader.direction, written.subject, as_text(written)))
    return found


def _sample(business: Business, now: datetime) -> Appointment:
    """An appointment in a week, of the first service with the first person."""
    zone = ZoneInfo(business.business.timezone)
    start = (now + timedelta(days=7)).astimezone(zone).replace(hour=10, minute=0, second=0)
    service = business.service[0] if business.service else None
    staff = business.staff[0] if business.staff else None
    place = business.location[0] if business.location else None
    end = start + timedelta(minutes=service.duration_min if service else 60)
    currency = business.business.currency
    price = money.minor_units(service.price, currency) if service and service.price else None
    part = Part(
        service.key if service else "",
        service.name if service else business.business.name,
        staff.key if staff else "",
        staff.name if staff else business.business.name,
        start,
        end,
        price,
    )
    return Appointment(
        id=SAMPLE_ID,
        status=Status.CONFIRMED,
        parts=(part,),
        location=place.key if place else "main",
        location_name=place.name if place else "",
        location_address=place.address if place else "",
        zone=zone.key,
        start=start,
        end=end,
        price_minor=price,
        currency=currency,
        sequence=0,
        deposit_minor=1000,
        hold_expires_at=now + timedelta(minutes=10),
        terms=Terms(business.policy.cancel_until_min),
    )
