"""The ledger: every movement of money is a row. Rows are added and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.payments.states import EntryKind, Payment
from bookonce.platform.connection import Connection


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the ledger; `provider_ref` is what the provider calls the movement."""

    kind: EntryKind
    amount_minor: int
    provider_ref: str


async def add(
    connection: Connection,
    business_id: UUID,
    payment: Payment,
    entries: Sequence[tuple[UUID, Entry]],
    now: datetime,
) -> None:
    """Add what isn't in the ledger yet."""
    await connection.executemany(
        """
        INSERT INTO ledger_entry (
            business_id, entry_id, appointment_id, payment_id, kind, amount_minor, currency,
            provider_ref, at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT DO NOTHING
        """,
        [
            (
                business_id,
                entry_id,
                payment.appointment_id,
                payment.id,
                entry.kind.value,
                entry.amount_minor,
                payment.currency,
                entry.provider_ref,
                now,
            )
            for entry_id, entry in entries
        ],
    )


async def sums(connection: Connection, business_id: UUID, payment_id: UUID) -> dict[EntryKind, int]:
    """What the ledger says of an attempt, kind by kind, in minor units."""
    rows = await connection.fetch(
        """
        SELECT kind, sum(amount_minor)::bigint AS amount_minor FROM ledger_entry
        WHERE business_id = $1 AND payment_id = $2 GROUP BY kind
        """,
        business_id,
        payment_id,
    )
    return {EntryKind(row["kind"]): row["amount_minor"] for row in rows}
