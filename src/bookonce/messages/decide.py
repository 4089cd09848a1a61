"""What a message tells in the end: judged when it is sent, by what is so then and by what its
recipient has heard before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bookonce.booking.appointment import Appointment, Status
from bookonce.business.messages import MessageKind

OFF = "off"
"""The status that a staff member has heard of whose appointment somebody else performs now."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recipient was told last of an appointment."""

    sequence: int
    status: str
    start: datetime | None
    staff: tuple[str, ...] = ()
    place: str = ""


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
    for it, or set aside.
    """

    appointment: Appointment
    heard: Heard | None
    had_money: bool = False
    subject_start: datetime | None = None


def decide(cause: MessageKind, recipient: Recipient, truth: Truth) -> MessageKind | Void:
    """What to tell a recipient, if anything."""
    if cause is MessageKind.REMINDER:
        return _reminder(truth)
    if cause in (MessageKind.REFUNDED, MessageKind.NO_SHOW):
        is_so = cause is MessageKind.REFUNDED or truth.appointment.status is Status.NO_SHOW
        return cause if is_so else Void("they came after all")
    if truth.heard is not None and truth.heard.sequence >= truth.appointment.sequence:
        return Void("told already by a later message")
    if cause is MessageKind.HELD:
        return cause if truth.appointment.status is Status.HELD else Void("no longer held")
    if cause in (MessageKind.CANCELLED, MessageKind.PAYMENT_LOST):
        return _cancelled(recipient, truth)
    return _confirmed(recipient, truth)


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


def _confirmed(recipient: Recipient, truth: Truth) -> MessageKind | Void:
    appointment, heard = truth.appointment, truth.heard
    if appointment.status is not Status.CONFIRMED:
        return Void(f"the appointment is {appointment.status.value.replace('_', ' ')}")
    is_new = heard is None or heard.status != Status.CONFIRMED.value
    if recipient.role == "staff" and recipient.who not in appointment.performers:
        return Void("somebody else performs it") if is_new else MessageKind.TAKEN_OFF
    if not is_new:
        assert heard is not None
        is_same = (heard.start, heard.staff, heard.place) == (
            appointment.start,
            appointment.performers,
            appointment.where,
        )
        return Void("it is as they know it") if is_same else MessageKind.MOVED
    if recipient.role == "client" and appointment.deposit_minor is not None:
        return MessageKind.PAID
    return MessageKind.BOOKED


def told_status(kind: MessageKind, appointment: Appointment) -> str:
    """The status that a recipient has heard of once a message has arrived."""
    return OFF if kind is MessageKind.TAKEN_OFF else appointment.status.value
