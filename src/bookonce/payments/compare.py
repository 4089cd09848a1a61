"""Our books beside the provider's: every attempt of a business, amount by amount."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.payments import ledger_rows, payment_rows
from bookonce.payments.orders import order_of, provider_of
from bookonce.payments.provider import Books, Standing
from bookonce.payments.states import CLOSED, EntryKind, Payment, PaymentStatus


@dataclass(frozen=True, slots=True)
class Compared:
    """An attempt, what our ledger and the provider's books say of it, in minor units, and where
    they differ.
    """

    payment: Payment
    captured_minor: int
    refunded_minor: int
    differences: tuple[str, ...]


async def count(installation: Installation, slug: str) -> int:
    """How many attempts to pay a business has seen. Raises NotFoundError."""
    directory = await installation.current(slug)
    return await installation.database.run(payment_rows.count, directory.business_id)


async def compare(installation: Installation, slug: str) -> AsyncIterator[Compared]:
    """Each attempt of a business beside the provider's books.

    Raises NotFoundError, ProviderError, RefusedByProviderError, PaymentUnavailableError.
    """
    directory = await installation.current(slug)
    after: UUID | None = None
    while attempts := await installation.database.run(
        payment_rows.page, directory.business_id, after
    ):
        for payment in attempts:
            sums = await installation.database.run(
                ledger_rows.sums, directory.business_id, payment.id
            )
            theirs = Books(Standing.CANCELLED)
            if payment.provider_ref is not None:
                order = await order_of(installation, directory, payment)
                theirs = await provider_of(installation, payment.provider).look(order)
            yield Compared(
                payment,
                sums.get(EntryKind.CAPTURED, 0),
                sums.get(EntryKind.REFUNDED, 0),
                tuple(_differences(payment, sums, theirs)),
            )
        after = attempts[-1].id


def _differences(payment: Payment, sums: dict[EntryKind, int], theirs: Books) -> list[str]:
    refunded_minor = sum(one.amount_minor for one in theirs.refunds if one.is_settled)
    pairs = [
        ("captured", sums.get(EntryKind.CAPTURED, 0), theirs.captured_minor),
        ("refunded", sums.get(EntryKind.REFUNDED, 0), refunded_minor),
    ]
    found = [f"{what}: {ours} here, {there} there" for what, ours, there in pairs if ours != there]
    if payment.status in CLOSED and theirs.standing in (Standing.AUTHORISED, Standing.CAPTURED):
        found.append(f"{payment.status} here, {theirs.standing} there")
    if payment.status is PaymentStatus.CAPTURED and theirs.standing is not Standing.CAPTURED:
        found.append(f"captured here, {theirs.standing} there")
    return found
