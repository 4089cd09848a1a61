"""What a message tells in the end: judged when it is sent, by what is so then and by what its
recipient has heard before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bookonce.booking.appointment import Appointment, Status
from bookonce.business.messages import MessageKind

OFF = "off"
"""The status that somebody has heard of whose appointment it is no more: a staff member, since
somebody else performs it, or a client, since it is in another name.
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recipient was told last of an appointment. `wall` is what the clock there shows at the
    start; `client` whom it is for, as who works there is told. None: an older release told it.
    """

    sequence: int
    status: str
    start: datetime | None
    staff: tuple[str, ...] = ()
    place: str = ""
    end: datetime | None = None
    wall: datetime | None = None
    client: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Void:
    """A message that isn't sent, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom a message goes: "client", "staff" or "owner", and which one."""

    role: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is so when a message is sent. `appointment` is as of now; `had_money`: something was paid
    for it, or set aside; `client`: whom it is for, as who works there is told; `is_former`: the
    recipient is a client whose it was.
    """

    appointment: Appointment
    heard: Heard | None
    had_money: bool = False
    subject_start: datetime | None = None
    client: str = ""
    is_former: bool = False


def decide_by(
    cause: MessageKind, recipient: Recipient, truth: Truth, known: Sequence[Heard | None]
) -> tuple[MessageKind | Void, Heard | None]:
    """What to tell a recipient who may know one of several things; none is left with what isn't so.
    Which of them it was decided by, too.
    """
    decided = [(decide(cause, recipient, replace(truth, heard=one)), one) for one in known]
    return next((one for one in decided if not isinstance(one[0], Void)), decided[0])


def decide(cause: MessageKind, recipient: Recipient, truth: Truth) -> MessageKind | Void:
    """What to tell a recipient, if anything."""
    if truth.is_former and cause is not MessageKind.REFUNDED:
        return _former(truth)
    if cause is MessageKind.REMINDER:
        return _reminder(truth)
    if cause in (MessageKind.REFUNDED, MessageKind.NO_SHOW):
        is_so = cause is MessageKind.REFUNDED or truth.appointment.status is Status.NO_SHOW
        return cause if is_so else Void("they came after all")
    if truth.heard is not None and truth.heard.sequence >= truth.appointment.sequence:
        return Void("told already by a later message")
    return _standing(cause, recipient, truth)


def _standing(cause: MessageKind, recipient: Recipient, truth: Truth) -> MessageKind | Void:
    """Where the appointment stands."""
    if cause is MessageKind.HELD:
        return cause if truth.appointment.status is Status.HELD else Void("no longer held")
    if cause in (MessageKind.CANCELLED, MessageKind.PAYMENT_LOST):
        return _cancelled(recipient, truth)
    if cause is MessageKind.CHANGED and truth.appointment.status is Status.HELD:
        return _held(recipient, truth)
    return _confirmed(cause, recipient, truth)


def _former(truth: Truth) -> MessageKind | Void:
    """To a client whose appointment is in another name now."""
    if truth.heard is None or truth.heard.status not in (Status.CONFIRMED, Status.HELD):
        return Void("in another name, and not theirs as far as they know")
    return MessageKind.TAKEN_OFF


def _held(recipient: Recipient, truth: Truth) -> MessageKind | Void:
    """A held time that is for somebody else now."""
    if recipient.role != "client":
        return Void("the appointment is held")
    if truth.heard is not None and truth.heard.status == Status.HELD:
        return Void("it is as they know it")
    return MessageKind.HELD


def _reminder(truth: Truth) -> MessageKind | Void:
    appointment = truth.appointment
    if appointment.status is not Status.CONFIRMED:
        return Void(f"the appointment is {appointment.status.value.replace('_', ' ')}")
    if truth.subject_start != appointment.start:
        return Void("the appointment was moved")
    return MessageKind.REMINDER


def _cancelled(recipient: Recipient, truth: Truth) -> MessageKind | Void:
    appointment, heard = truth.appointment, truth.heard
    if appointment.status is not Status.CANCELLED:
        return Void("no longer cancelled")
    if recipient.role != "client":
        if heard is None or heard.status != Status.CONFIRMED.value:
            return Void("never told that it was theirs")
        return MessageKind.CANCELLED
    if truth.had_money and appointment.confirmed_at is None:
        return MessageKind.PAYMENT_LOST
    return MessageKind.CANCELLED


def _confirmed(cause: MessageKind, recipient: Recipient, truth: Truth) -> MessageKind | Void:
    appointment, heard = truth.appointment, truth.heard
    if appointment.status is not Status.CONFIRMED:
        return Void(f"the appointment is {appointment.status.value.replace('_', ' ')}")
    is_new = heard is None or heard.status != Status.CONFIRMED.value
    if recipient.role == "staff" and recipient.who not in appointment.performers:
        return Void("somebody else performs it") if is_new else MessageKind.TAKEN_OFF
    told: MessageKind | Void = MessageKind.BOOKED
    if recipient.role == "client" and appointment.deposit_minor is not None:
        told = MessageKind.PAID
    if not is_new:
        assert heard is not None
        told = _differs(cause, recipient, truth, heard)
    lies_over = appointment.overbooked is not None and recipient.role != "client"
    if lies_over and told in (MessageKind.BOOKED, MessageKind.MOVED):
        return MessageKind.OVERBOOKED
    return told


def _differs(
    cause: MessageKind, recipient: Recipient, truth: Truth, heard: Heard
) -> MessageKind | Void:
    """In what a confirmed appointment isn't as its recipient knows it."""
    appointment = truth.appointment
    if (heard.staff, heard.place) != (appointment.performers, appointment.where):
        return MessageKind.MOVED
    if heard.start != appointment.start:
        # An older release didn't write down what the clock was to show.
        is_as_promised = (
            cause is MessageKind.REZONED
            if heard.wall is None
            else heard.wall == appointment.wall_start
        )
        return MessageKind.REZONED if is_as_promised else MessageKind.MOVED
    if heard.end is not None and heard.end != appointment.end:
        return MessageKind.RESIZED
    is_known = truth.client == heard.client if heard.client else cause is not MessageKind.CHANGED
    if recipient.role != "client" and not is_known:
        return MessageKind.CHANGED
    return Void("it is as they know it")


def told_status(kind: MessageKind, appointment: Appointment) -> str:
    """The status that a recipient has heard of once a message has arrived."""
    return OFF if kind is MessageKind.TAKEN_OFF else appointment.status.value
