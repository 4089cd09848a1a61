"""Write down what the provider's books say: statuses, the ledger, and what became of refunds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.events import event_rows
from bookonce.events.catalogue import REFUND_DONE, REFUND_FAILED, Kind, RefundFacts
from bookonce.payments import ledger_rows, payment_rows, refund_rows
from bookonce.payments.account import Account
from bookonce.payments.ledger_rows import Entry
from bookonce.payments.orders import STATUS
from bookonce.payments.provider import Books, DisputeStanding, Movement, Standing
from bookonce.payments.refund_rows import Refund
from bookonce.payments.states import (
    PAYMENT_TRANSITIONS,
    EntryKind,
    Payment,
    RefundStatus,
    retry_at,
)
from bookonce.platform.actor import SYSTEM
from bookonce.platform.connection import Connection
from bookonce.platform.ids import new_id

LOOK_MIN, LOOK_MAX = timedelta(hours=1), timedelta(days=7)
LOOK_SHARE = 10
"""The books of a captured payment are looked at again after a tenth of its age."""


async def write_down(
    installation: Installation, business_id: UUID, payment: Payment, books: Books, now: datetime
) -> Account:
    """Our books, with what the provider's say."""
    return await installation.database.transaction(_write, business_id, payment, books, now)


async def _write(
    connection: Connection, business_id: UUID, payment: Payment, books: Books, now: datetime
) -> Account:
    # One at a time: what is taken back must not be written twice, or by a look that is older.
    await payment_rows.lock(connection, business_id, payment.id)
    rows = await ledger_rows.of_payment(connection, business_id, payment.id)
    entries = [(new_id(), entry) for entry in _missing(payment, books, rows)]
    await ledger_rows.add(connection, business_id, payment, entries, now)
    if status := STATUS.get(books.standing):
        before = [one for one, after in PAYMENT_TRANSITIONS.items() if status in after]
        await payment_rows.set_status(
            connection, business_id, payment.id, status, before, books.problem
        )
    await payment_rows.set_looked(
        connection, business_id, payment.id, _dispute(books), _look_at(payment, now)
    )
    for refund in await refund_rows.of_payment(connection, business_id, payment.id):
        await _write_refund(connection, business_id, payment, refund, books, rows, now)
    appointment = await appointment_rows.by_id(connection, business_id, payment.appointment_id)
    assert appointment is not None
    return Account(
        appointment,
        await ledger_rows.sums(connection, business_id, payment.id),
        await refund_rows.of_payment(connection, business_id, payment.id),
        await payment_rows.is_live(connection, business_id, payment.id),
    )


def _look_at(payment: Payment, now: datetime) -> datetime:
    age = (now - payment.created_at) / LOOK_SHARE
    return now + max(LOOK_MIN, min(LOOK_MAX, age))


def _missing(payment: Payment, books: Books, rows: list[Entry]) -> Iterator[Entry]:
    """Every movement that the provider's books show and the ledger doesn't, and what takes back
    those that came to nothing.
    """
    known = {(row.kind, row.provider_ref) for row in rows}
    for entry in _entries(payment, books, rows):
        if (entry.kind, entry.provider_ref) not in known:
            yield entry
    for kind, ref in _came_to_nothing(books):
        written = next((row for row in rows if (row.kind, row.provider_ref) == (kind, ref)), None)
        if written is not None and (kind, taken_back(ref)) not in known:
            yield Entry(kind, -written.amount_minor, taken_back(ref))


def taken_back(ref: str) -> str:
    """What the ledger calls the row that takes another one back."""
    return f"{ref}/taken-back"


def _came_to_nothing(books: Books) -> Iterator[tuple[EntryKind, str]]:
    for refund in books.failed:
        yield EntryKind.REFUNDED, refund.provider_ref
    for dispute in books.disputes:
        if dispute.standing is DisputeStanding.WON:
            yield EntryKind.DISPUTED, dispute.provider_ref


def _entries(payment: Payment, books: Books, rows: list[Entry]) -> list[Entry]:
    """Every movement that the provider's books show."""
    ref = payment.provider_ref or ""
    written_minor = sum(row.amount_minor for row in rows if row.kind is EntryKind.AUTHORISED)
    authorised_minor = max(books.authorised_minor, written_minor)
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
    found += [
        Entry(EntryKind.DISPUTED, one.amount_minor, one.provider_ref)
        for one in books.disputes
        if one.standing is not DisputeStanding.WON
    ]
    return found


def _dispute(books: Books) -> str | None:
    """The worst that a payer's bank says of a payment."""
    standings = {one.standing for one in books.disputes}
    for standing in (DisputeStanding.OPEN, DisputeStanding.LOST, DisputeStanding.WON):
        if standing in standings:
            return standing.value
    return None


async def _write_refund(
    connection: Connection,
    business_id: UUID,
    payment: Payment,
    refund: Refund,
    books: Books,
    rows: list[Entry],
    now: datetime,
) -> None:
    """What became of one refund. What failed stays so: a look that still shows it done is older."""
    given = _of(refund, books.refunds)
    failed = _of(refund, books.failed)
    over = {row.provider_ref for row in rows if row.kind is EntryKind.REFUNDED}
    if given is not None and given.is_settled and taken_back(given.provider_ref) not in over:
        if await refund_rows.set_status(connection, business_id, refund.id, RefundStatus.DONE):
            await _tell(connection, business_id, payment, refund, REFUND_DONE, None, now)
    elif given is None and failed is not None and refund.status is not RefundStatus.WITHDRAWN:
        await fail(connection, business_id, payment, refund, failed.problem, now)


async def fail(
    connection: Connection,
    business_id: UUID,
    payment: Payment,
    refund: Refund,
    problem: str | None,
    now: datetime,
) -> None:
    """A refund was refused, or came back: to be tried again, slowly."""
    if await refund_rows.set_status(
        connection, business_id, refund.id, RefundStatus.FAILED, problem,
        retry_at(refund.tries + 1, now),
    ):  # fmt: skip
        await _tell(connection, business_id, payment, refund, REFUND_FAILED, problem, now)


async def _tell(
    connection: Connection,
    business_id: UUID,
    payment: Payment,
    refund: Refund,
    kind: Kind,
    problem: str | None,
    now: datetime,
) -> None:
    await event_rows.append(
        connection, business_id, new_id(), kind,
        RefundFacts(refund.amount_minor, payment.currency, problem),
        actor=SYSTEM, now=now, appointment_id=payment.appointment_id,
    )  # fmt: skip


def _of(refund: Refund, movements: tuple[Movement, ...]) -> Movement | None:
    return next((one for one in movements if one.refund_id == refund.id), None)
