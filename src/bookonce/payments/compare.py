"""Our books beside the provider's: every attempt of a business amount by amount, and both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.business.directory import Directory
from bookonce.payments import ledger_rows, payment_rows, refund_rows
from bookonce.payments.account import Account
from bookonce.payments.orders import order_of, provider_of
from bookonce.payments.provider import (
    Books,
    Listed,
    ProviderError,
    RefusedByProviderError,
    Standing,
)
from bookonce.payments.states import CLOSED, EntryKind, Payment, PaymentStatus, RefundStatus
from bookonce.platform.connection import Connection
from bookonce.platform.errors import BookonceError

AWAY_MAX = 3
"""After so many attempts in a row that can't be asked about, the provider is away."""


@dataclass(frozen=True, slots=True)
class Compared:
    """An attempt, what our ledger and the provider's books say of it, in minor units, and where
    they differ. `number` and `status` are None for what only the provider knows.
    """

    provider_ref: str | None
    appointment_id: UUID | None
    currency: str
    captured_minor: int
    refunded_minor: int
    differences: tuple[str, ...]
    number: int | None = None
    status: PaymentStatus | None = None


async def count(installation: Installation, slug: str) -> int:
    """How many attempts to pay a business has seen. Raises NotFoundError."""
    directory = await installation.current(slug)
    return await installation.database.run(payment_rows.count, directory.business_id)


async def compare(
    installation: Installation, slug: str, since: datetime | None = None
) -> AsyncIterator[Compared]:
    """Each attempt of a business beside the provider's books, then what those have beyond ours.

    One that can't be compared is told as a difference, and the next one follows. `since` bounds how
    far back the provider's list is read. Raises NotFoundError, ProviderError if the provider is
    away.
    """
    directory = await installation.current(slug)
    known: set[UUID] = set()
    accounts: set[tuple[str, str | None]] = {
        (name, directory.business.payments.account)
        for name, provider in installation.providers.items()
        if provider.takes_cards
    }
    after: UUID | None = None
    away = 0
    while attempts := await installation.database.run(
        payment_rows.page, directory.business_id, after
    ):
        for payment in attempts:
            known.add(payment.id)
            if payment.provider in {name for name, _ in accounts}:
                accounts.add((payment.provider, payment.account))
            try:
                yield await _compared(installation, directory, payment)
                away = 0
            except (ProviderError, RefusedByProviderError, BookonceError) as error:
                away += isinstance(error, ProviderError)
                if away >= AWAY_MAX:
                    raise
                yield _unasked(payment, error)
        after = attempts[-1].id
    for name, account in sorted(accounts, key=str):
        async for one in _unknown(installation, directory, name, account, since, known):
            yield one


async def _compared(installation: Installation, directory: Directory, payment: Payment) -> Compared:
    theirs = Books(Standing.CANCELLED)
    if payment.provider_ref is not None:
        order = await order_of(installation, directory, payment)
        theirs = await provider_of(installation, payment).look(order)
    account = await installation.database.run(_account, directory.business_id, payment)
    return Compared(
        payment.provider_ref,
        payment.appointment_id,
        payment.currency,
        account.entries.get(EntryKind.CAPTURED, 0),
        account.entries.get(EntryKind.REFUNDED, 0),
        tuple(_differences(payment, account, theirs)),
        payment.number,
        payment.status,
    )


async def _account(connection: Connection, business_id: UUID, payment: Payment) -> Account:
    appointment = await appointment_rows.by_id(connection, business_id, payment.appointment_id)
    assert appointment is not None
    return Account(
        appointment,
        await ledger_rows.sums(connection, business_id, payment.id),
        await refund_rows.of_payment(connection, business_id, payment.id),
    )


def _unasked(payment: Payment, error: Exception) -> Compared:
    words = (
        "the provider doesn't tell" if not isinstance(error, BookonceError) else "can't be asked"
    )
    return Compared(
        payment.provider_ref, payment.appointment_id, payment.currency, 0, 0,
        (f"{words}: {error}",), payment.number, payment.status,
    )  # fmt: skip


def _differences(payment: Payment, account: Account, theirs: Books) -> Iterator[str]:
    sums = account.entries
    refunded_minor = sum(one.amount_minor for one in theirs.refunds if one.is_settled)
    in_books = {one.refund_id for one in theirs.refunds}
    in_another_way = sum(
        one.amount_minor
        for one in account.refunds
        if one.status is RefundStatus.SETTLED and one.id not in in_books
    )
    pairs = [
        ("captured", sums.get(EntryKind.CAPTURED, 0), theirs.captured_minor),
        ("refunded", sums.get(EntryKind.REFUNDED, 0) - in_another_way, refunded_minor),
    ]
    for what, ours, there in pairs:
        if ours != there:
            yield f"{what}: {ours} here, {there} there"
    rows = {one.id for one in account.refunds}
    for refund in theirs.refunds:
        if refund.refund_id is not None and refund.refund_id not in rows:
            yield f"refund {refund.provider_ref} of {refund.amount_minor} there, no row here"
    for row in account.refunds:
        if row.status is RefundStatus.DONE and row.id not in in_books:
            yield f"refund {row.id} of {row.amount_minor} done here, not there"
    if payment.status in CLOSED and theirs.standing in (Standing.AUTHORISED, Standing.CAPTURED):
        yield f"{payment.status} here, {theirs.standing} there"
    if payment.status is PaymentStatus.CAPTURED and theirs.standing is not Standing.CAPTURED:
        yield f"captured here, {theirs.standing} there"
    yield from _not_as_due(payment, account, theirs)


def _not_as_due(payment: Payment, account: Account, theirs: Books) -> Iterator[str]:
    """What the business has, beside what it is due, whether or not somebody is at it."""
    if theirs.standing is not Standing.CAPTURED:
        return
    if surplus_minor := account.surplus_minor(theirs):
        due_minor = account.due_minor
        yield f"kept: {due_minor + surplus_minor}, due: {due_minor}"
    lacking_minor = account.due_minor + account.given_minor(theirs) - theirs.captured_minor
    if lacking_minor > 0 and account.appointment.keep_minor is not None:
        yield f"given back {lacking_minor} more than is due"
    for dispute in theirs.disputes:
        yield f"disputed at the bank: {dispute.amount_minor}, {dispute.standing}"


async def _unknown(
    installation: Installation,
    directory: Directory,
    name: str,
    account: str | None,
    since: datetime | None,
    known: set[UUID],
) -> AsyncIterator[Compared]:
    """What the provider's books have of a business, and ours don't: lost with a database that was
    restored, or begun and never named here.
    """
    try:
        async for one in installation.providers[name].all_since(account, since):
            if one.business_id == directory.business_id and one.payment_id not in known:
                yield _lost(one)
    except RefusedByProviderError as error:
        yield Compared(
            None, None, directory.business.business.currency, 0, 0,
            (f"{name} doesn't list its payments: {error}",),
        )  # fmt: skip


def _lost(one: Listed) -> Compared:
    words = f"{one.standing} there with {one.amount_minor}, no row here"
    return Compared(one.provider_ref, one.appointment_id, one.currency, 0, 0, (words,))
