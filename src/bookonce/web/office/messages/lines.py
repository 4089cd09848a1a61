"""Messages as lists and pages show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.business.directory import Directory
from bookonce.messages.log_rows import Logged
from bookonce.platform.languages import Language
from bookonce.web.office.messages.words import (
    TROUBLED,
    fates,
    kind_name,
    recipient_name,
    way_name,
    why,
)


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message, by the business's clock. `next`: when it is tried the next time."""

    id: UUID
    at: str
    machine_at: str
    kind: str
    subject: str
    recipient: str
    way: str
    address: str
    status: str
    fate: str
    why: str
    next: str
    call: str
    appointment_id: UUID | None
    is_troubled: bool
    may_open: bool
    may_resend: bool


def message_lines(
    found: Iterable[Logged], directory: Directory, language: Language, access: Access
) -> list[MessageLine]:
    """Messages as they are shown to somebody."""
    return [_line(one, directory, language, access) for one in found]


def _line(one: Logged, directory: Directory, language: Language, access: Access) -> MessageLine:
    words, zone = language.words, directory.zone
    at = (one.ended_at or one.created_at).astimezone(zone)
    staff = (each.name for each in directory.business.staff if each.key == one.who)
    return MessageLine(
        id=one.id,
        at=language.joined(language.day(at.date()), language.time(at)),
        machine_at=at.isoformat(),
        kind=kind_name(one.kind, words),
        subject=one.subject or "",
        recipient=recipient_name(one, next(staff, ""), words),
        way=way_name(one.way, words),
        address=one.address or "",
        status=one.status,
        fate=fates(words)[one.status],
        why=why(one, words),
        next=language.moment(one.next_at.astimezone(zone)) if one.next_at else "",
        call=one.call or "",
        appointment_id=one.appointment_id,
        is_troubled=one.status in TROUBLED,
        may_open=access.may(Right.SEE_CLIENTS),
        may_resend=one.appointment_id is not None
        and one.status not in ("waiting", "sending")
        and access.may(Right.BOOK),
    )
