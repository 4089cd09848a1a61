"""An attempt's money, worked out: what the business is due, what it has, what is to be given back.

Everything is decided from the provider's books, our rows and the appointment of one moment. Whoever
acts on it holds the appointment's lock; the books may be older than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bookonce.booking.appointment import Appointment, Status
from bookonce.business.deposits import charge_step_minor
from bookonce.payments.provider import Books, DisputeStanding
from bookonce.payments.refund_rows import Refund
from bookonce.payments.states import OPEN_REFUNDS, EntryKind, RefundStatus


@dataclass(frozen=True, slots=True)
class Account:
    """What our books say of an attempt and its appointment, at one moment."""

    appointment: Appointment
    entries: dict[EntryKind, int]
    refunds: list[Refund]
    is_live: bool = True
    """Whether the attempt may still confirm the appointment: it hasn't been given up."""
    is_lost: bool = False
    """Whether its time was just found to be somebody else's."""

    @property
    def due_minor(self) -> int:
        """What the business may have: nothing before it is confirmed, later what was agreed."""
        return due_minor(self.appointment)

    def given_minor(self, books: Books) -> int:
        """What the business hasn't got any more, or won't have: refunds in the books, whoever made
        them, and those on their way; disputes; what a person gave back in another way.

        A refund that our rows know as done counts although the books lack it: they are older.
        """
        given = {one.refund_id for one in books.refunds}
        failed = {one.refund_id for one in books.failed}
        back_minor = sum(one.amount_minor for one in books.refunds)
        for one in self.refunds:
            is_settled = one.status is RefundStatus.SETTLED
            is_done = one.status is RefundStatus.DONE and one.id not in failed
            if (is_settled or is_done) and one.id not in given:
                back_minor += one.amount_minor
        disputed_minor = sum(
            one.amount_minor for one in books.disputes if one.standing is not DisputeStanding.WON
        )
        return back_minor + disputed_minor

    def surplus_minor(self, books: Books) -> int:
        """What the business has beyond what it is due."""
        return max(0, books.captured_minor - self.given_minor(books) - self.due_minor)

    def open(self, books: Books) -> list[Refund]:
        """The refunds that the provider has yet to hear of, or refused."""
        known = {one.refund_id for one in books.refunds}
        return [one for one in self.refunds if one.status in OPEN_REFUNDS and one.id not in known]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to become of an attempt's refunds: those to ask for now, those that another one takes
    the place of, and how much a new one is to give back after how many failures.
    """

    ask: tuple[Refund, ...] = ()
    withdraw: tuple[Refund, ...] = ()
    new_minor: int = 0
    tries: int = 0


def plan(account: Account, books: Books, now: datetime) -> Plan:
    """What to do about an attempt's refunds at one moment."""
    surplus_minor = account.surplus_minor(books)
    waiting = account.open(books)
    if any(one.is_claimed(now) for one in waiting):
        return Plan()  # somebody is asking; the provider may or may not have heard
    again = [one for one in waiting if one.status is RefundStatus.FAILED and one.is_due(now)]
    planned_minor = sum(one.amount_minor for one in waiting)
    if planned_minor > surplus_minor:  # less is left than when they were planned
        tries = max(one.tries for one in waiting)
        return Plan(withdraw=tuple(waiting), new_minor=surplus_minor, tries=tries)
    ask = tuple(one for one in waiting if one.status is RefundStatus.PENDING and one.is_due(now))
    new_minor = surplus_minor - planned_minor + sum(one.amount_minor for one in again)
    return Plan(ask, tuple(again), new_minor, max((one.tries for one in again), default=0))


def due_minor(appointment: Appointment) -> int:
    """What the business may have of a deposit, as cards can be charged: what can't be is the
    client's.
    """
    if appointment.keep_minor is not None:
        return appointment.keep_minor - appointment.keep_minor % charge_step_minor(
            appointment.currency
        )
    if appointment.status in (Status.HELD, Status.EXPIRED, Status.CANCELLED):
        return 0
    return appointment.deposit_minor or 0
