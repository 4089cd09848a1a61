"""What a message about an appointment is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bookonce.booking.appointment import Appointment
from bookonce.business.document import Business
from bookonce.business.messages import MessageKind
from bookonce.messages.decide import Recipient
from bookonce.platform.actor import ActorKind


@dataclass(frozen=True, slots=True)
class Links:
    """Where a recipient can do something; empty: nowhere."""

    manage: str = ""
    book: str = ""
    office: str = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a message is about. `old_start` and `old_end` are what the recipient was told before, `by`
    who did it; amounts are in minor units.
    """

    kind: MessageKind
    recipient: Recipient
    business: Business
    appointment: Appointment
    client_name: str = ""
    client_phone: str | None = None
    by: ActorKind | None = None
    old_start: datetime | None = None
    old_end: datetime | None = None
    back_minor: int = 0
    links: Links = Links()
