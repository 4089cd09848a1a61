"""The ledger: every movement of money is a row. Rows are added and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.payments.states import EntryKind, Payment
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the ledger; `provider_ref` is what the provider calls the movement."""

    kind: EntryKind
    amount_minor: int
    provider_ref: str


ADD = Statement(
    """
    INSERT INTO ledger_entry (
        business_id, entry_id, appointment_id, payment_id, kind, amount_minor, currency,
        provider_ref, at
    )
    VALUES (
        :business_id, :entry_id, :appointment_id, :payment_id, :kind, :amount_minor, :currency,
        :provider_ref, :now
    )
    ON CONFLICT DO NOTHING
    """
)


async def add(
    connection: Connection,
    business_id: UUID,
    payment: Payment,
    entries: Sequence[tuple[UUID, Entry]],
    now: datetime,
) -> None:
    """Add what isn't in the ledger yet."""
    await ADD.run_many(
        connection,
        [
            {
                "business_id": business_id,
                "entry_id": entry_id,
                "appointment_id": payment.appointment_id,
                "payment_id": payment.id,
                "kind": entry.kind.value,
                "amount_minor": entry.amount_minor,
                "currency": payment.currency,
                "provider_ref": entry.provider_ref,
                "now": now,
            }
            for entry_id, entry in entries
        ],
    )


OF_PAYMENT = Statement(
    """
    SELECT kind, amount_minor, provider_ref FROM ledger_entry
    WHERE business_id = :business_id AND payment_id = :payment_id
    """
)


async def of_payment(connection: Connection, business_id: UUID, payment_id: UUID) -> list[Entry]:
    """Every movement of an attempt."""
    rows = await OF_PAYMENT.rows(connection, business_id=business_id, payment_id=payment_id)
    return [Entry(EntryKind(row["kind"]), row["amount_minor"], row["provider_ref"]) for row in rows]


SUMS = Statement(
    """
    SELECT kind, sum(amount_minor)::bigint AS amount_minor FROM ledger_entry
    WHERE business_id = :business_id AND payment_id = :payment_id GROUP BY kind
    """
)


async def sums(connection: Connection, business_id: UUID, payment_id: UUID) -> dict[EntryKind, int]:
    """What the ledger says of an attempt, kind by kind, in minor units."""
    rows = await SUMS.rows(connection, business_id=business_id, payment_id=payment_id)
    return {EntryKind(row["kind"]): row["amount_minor"] for row in rows}
