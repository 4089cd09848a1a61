"""Settle: make the money be what the appointment says.

It looks at the provider's books, writes what they say into ours, and does the next thing that
`payments/states.py` finds is to be done, until nothing is. It may be called by anybody at any time, any
number of times and by several at once: the provider's messages, the queue, the schedule and the
payer's browser are only occasions to call it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Appointment, Status
from bookonce.business.directory import Directory
from bookonce.events import event_rows
from bookonce.events.catalogue import REFUND_FAILED, RefundFacts
from bookonce.payments import ledger_rows, payment_rows, refund_rows
from bookonce.payments.confirm import confirm
from bookonce.payments.ledger_rows import Entry
from bookonce.payments.orders import STATUS, order_of, provider_of
from bookonce.payments.provider import (
    Books,
    PaymentOrder,
    PaymentProvider,
    RefusedByProviderError,
    Standing,
)
from bookonce.payments.refund_rows import Refund
from bookonce.payments.states import (
    CLOSED,
    LATE,
    PAYMENT_TRANSITIONS,
    EntryKind,
    Money,
    Payment,
    RefundStatus,
    Step,
    next_step,
)
from bookonce.platform.actor import SYSTEM
from bookonce.platform.connection import Connection
from bookonce.platform.ids import new_id

STEPS_MAX = 12
NAMELESS = timedelta(minutes=2)
"""How long whoever began an attempt has to learn what the provider calls it."""

_MONEY = {
    Standing.OPEN: Money.NOWHERE,
    Standing.NEEDS_ACTION: Money.NOWHERE,
    Standing.PENDING: Money.NOWHERE,
    Standing.AUTHORISED: Money.SET_ASIDE,
    Standing.CAPTURED: Money.TAKEN,
    Standing.DECLINED: Money.GONE,
    Standing.CANCELLED: Money.GONE,
}


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
        kept = self.appointment.keep_minor
        if kept is not None:
            return kept
        if self.appointment.status in (Status.HELD, Status.EXPIRED, Status.CANCELLED):
            return 0
        return self.appointment.deposit_minor or 0

    @property
    def pending(self) -> list[Refund]:
        """What is to be given back still."""
        return [one for one in self.refunds if one.status is RefundStatus.PENDING]

    def unplanned_minor(self, books: Books) -> int:
        """What the business has beyond what it is due, and nobody has planned to give back.

        What failed to be given back counts as planned: a person looks after it.
        """
        ours = sum(one.amount_minor for one in self.refunds)
        past_us = sum(one.amount_minor for one in books.refunds if one.refund_id is None)
        return max(0, books.captured_minor - ours - past_us - self.due_minor)


async def settle(
    installation: Installation, business_id: UUID, appointment_id: UUID, *, now: datetime
) -> None:
    """Bring every attempt to pay for an appointment to where it belongs.

    Raises ProviderError when the provider can't be asked now, RefusedByProviderError when it won't,
    PaymentUnavailableError when there is no such provider here, TryAgainError.
    """
    directory = await installation.by_id(business_id)
    attempts = await installation.database.run(
        lambda connection: payment_rows.of_appointment(connection, business_id, appointment_id)
    )
    for payment in attempts:
        if payment.status in CLOSED:
            continue
        if payment.provider_ref is None:
            await _give_up_nameless(installation, business_id, payment, now)
            continue
        provider = provider_of(installation, payment.provider)
        books = await provider.look(await order_of(installation, directory, payment))
        await _to_the_end(installation, directory, payment, provider, books, now)


async def advance(
    installation: Installation, directory: Directory, payment: Payment, books: Books, now: datetime
) -> Account:
    """Write down what the books say, and confirm the appointment if they say that it is paid for.

    Nothing is asked of the provider.
    """
    account = await _write_down(installation, directory, payment, books, now)
    if _next(account, books, now) is Step.CONFIRM:
        done = await confirm(installation, directory, payment, now=now)
        account = await _write_down(installation, directory, payment, books, now)
        account = replace(account, is_lost=done.is_lost)
    return account


async def _to_the_end(
    installation: Installation,
    directory: Directory,
    payment: Payment,
    provider: PaymentProvider,
    books: Books,
    now: datetime,
) -> None:
    for _ in range(STEPS_MAX):
        account = await advance(installation, directory, payment, books, now)
        order = await order_of(installation, directory, payment)
        match _next(account, books, now):
            case Step.CAPTURE:
                books = await provider.capture(order, account.due_minor)
            case Step.GIVE_UP:
                await _give_up(installation, directory.business_id, payment, now)
                books = await provider.look(order)
            case Step.RELEASE:
                books = await provider.release(order)
            case Step.REFUND:
                after = await _refund(installation, directory, payment, provider, order, books, now)
                if after == books:
                    return  # a person has to give it back, or to look why it can't be
                books = after
            case _:
                return


def _next(account: Account, books: Books, now: datetime) -> Step:
    appointment = account.appointment
    pending_minor = sum(one.amount_minor for one in account.pending)
    return next_step(
        _MONEY[books.standing],
        appointment.status,
        is_live=account.is_live,
        is_late=_is_late(appointment, now),
        surplus_minor=account.unplanned_minor(books) + pending_minor,
        keep_minor=account.due_minor,
    )


def _is_late(appointment: Appointment, now: datetime) -> bool:
    hold_end = appointment.hold_expires_at
    return hold_end is not None and now > hold_end + LATE


async def _write_down(
    installation: Installation, directory: Directory, payment: Payment, books: Books, now: datetime
) -> Account:
    """Our books, with what the provider's say."""
    business_id = directory.business_id
    status = STATUS.get(books.standing)
    before = [one for one, after in PAYMENT_TRANSITIONS.items() if status in after]
    ours = {one.refund_id: one for one in books.refunds if one.refund_id and one.is_settled}

    async def work(connection: Connection) -> Account:
        sums = await ledger_rows.sums(connection, business_id, payment.id)
        entries = [(new_id(), entry) for entry in _entries(payment, books, sums)]
        await ledger_rows.add(connection, business_id, payment, entries, now)
        if status is not None:
            await payment_rows.set_status(
                connection, business_id, payment.id, status, before, books.problem
            )
        for refund in await refund_rows.of_payment(connection, business_id, payment.id):
            if refund.status is not RefundStatus.DONE and refund.id in ours:
                await refund_rows.set_status(connection, business_id, refund.id, RefundStatus.DONE)
        appointment = await appointment_rows.by_id(connection, business_id, payment.appointment_id)
        assert appointment is not None
        return Account(
            appointment,
            await ledger_rows.sums(connection, business_id, payment.id),
            await refund_rows.of_payment(connection, business_id, payment.id),
            await payment_rows.is_live(connection, business_id, payment.id),
        )

    return await installation.database.transaction(work)


def _entries(payment: Payment, books: Books, sums: dict[EntryKind, int]) -> list[Entry]:
    """Every movement that the provider's books show. What is known already is left out later."""
    ref = payment.provider_ref or ""
    authorised_minor = max(books.authorised_minor, sums.get(EntryKind.AUTHORISED, 0))
    found = []
    if authorised_minor:
        found.append(Entry(EntryKind.AUTHORISED, authorised_minor, ref))
    if books.standing is Standing.CAPTURED:
        found.append(Entry(EntryKind.CAPTURED, books.captured_minor, books.capture_ref or ref))
    over = books.standing in (Standing.CAPTURED, Standing.CANCELLED, Standing.DECLINED)
    if over and authorised_minor > books.captured_minor:
        found.append(Entry(EntryKind.RELEASED, authorised_minor - books.captured_minor, ref))
    if books.fee_minor:
        found.append(Entry(EntryKind.FEE, books.fee_minor, books.capture_ref or ref))
    found += [
        Entry(EntryKind.REFUNDED, one.amount_minor, one.provider_ref)
        for one in books.refunds
        if one.is_settled
    ]
    return found


async def _refund(
    installation: Installation,
    directory: Directory,
    payment: Payment,
    provider: PaymentProvider,
    order: PaymentOrder,
    books: Books,
    now: datetime,
) -> Books:
    """Plan what is to be given back, under the appointment's lock, and give it back."""
    business_id, refund_id = directory.business_id, new_id()

    async def plan(connection: Connection) -> list[Refund]:
        # Its rivals are others who plan for the same appointment: the second sees the first's row.
        await appointment_rows.lock(connection, business_id, payment.appointment_id)
        appointment = await appointment_rows.by_id(connection, business_id, payment.appointment_id)
        assert appointment is not None
        planned = await refund_rows.of_payment(connection, business_id, payment.id)
        account = Account(appointment, {}, planned)
        if amount_minor := account.unplanned_minor(books):
            await refund_rows.plan(
                connection, business_id, payment.id, refund_id, amount_minor, now
            )
            return [*account.pending, Refund(refund_id, amount_minor, RefundStatus.PENDING)]
        return account.pending

    for refund in await installation.database.transaction(plan):
        try:
            books = await provider.refund(order, refund.id, refund.amount_minor)
        except RefusedByProviderError as error:
            await _write_failure(installation, directory, payment, refund, str(error), now)
            raise
    return books


async def _write_failure(
    installation: Installation,
    directory: Directory,
    payment: Payment,
    refund: Refund,
    problem: str,
    now: datetime,
) -> None:
    business_id = directory.business_id

    async def work(connection: Connection) -> None:
        await refund_rows.set_status(
            connection, business_id, refund.id, RefundStatus.FAILED, problem
        )
        await event_rows.append(
            connection, business_id, new_id(), REFUND_FAILED,
            RefundFacts(refund.amount_minor, payment.currency, problem),
            actor=SYSTEM, now=now, appointment_id=payment.appointment_id,
        )  # fmt: skip

    await installation.database.transaction(work)


async def _give_up(
    installation: Installation, business_id: UUID, payment: Payment, now: datetime
) -> None:
    """Under the appointment's lock, as a confirmation is: by the time that the provider hears of
    it, either the appointment is confirmed, or it can't be by this attempt any more.
    """

    async def work(connection: Connection) -> None:
        await appointment_rows.lock(connection, business_id, payment.appointment_id)
        appointment = await appointment_rows.by_id(connection, business_id, payment.appointment_id)
        assert appointment is not None
        if appointment.status in (Status.HELD, Status.EXPIRED) and _is_late(appointment, now):
            await payment_rows.give_up(connection, business_id, payment.id)

    await installation.database.transaction(work)


async def _give_up_nameless(
    installation: Installation, business_id: UUID, payment: Payment, now: datetime
) -> None:
    """Nothing can have been set aside for an attempt whose name at the provider isn't known."""
    if now - payment.created_at > NAMELESS:
        await installation.database.run(
            lambda connection: payment_rows.give_up_unnamed(connection, business_id, payment.id)
        )
