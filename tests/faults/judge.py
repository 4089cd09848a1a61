"""What must be so of money after everything has come to rest, by the provider's books and ours.

The provider's books are read apart from the product (`tests/localstripe.py`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import asyncpg

from bookonce.availability.installation import Installation
from bookonce.payments.compare import compare
from tests.localstripe import LocalStripe
from tests.races.harness import assert_sound

APPOINTMENTS = """
SELECT appointment.appointment_id, appointment.status, appointment.deposit_minor,
       appointment.keep_minor,
       coalesce(sum(amount_minor) FILTER (WHERE kind = 'authorised'), 0)::bigint AS authorised,
       coalesce(sum(amount_minor) FILTER (WHERE kind = 'captured'), 0)::bigint AS captured,
       coalesce(sum(amount_minor) FILTER (WHERE kind = 'released'), 0)::bigint AS released,
       coalesce(sum(amount_minor) FILTER (WHERE kind = 'refunded'), 0)::bigint AS refunded
FROM appointment JOIN business_slug USING (business_id)
LEFT JOIN ledger_entry USING (business_id, appointment_id)
WHERE slug = $1 AND deposit_minor IS NOT NULL
GROUP BY 1, 2, 3, 4
"""
UNFINISHED = """
SELECT (SELECT count(*) FROM payment WHERE status IN ('started', 'authorised', 'given_up')
          AND business_id = (SELECT business_id FROM business_slug WHERE slug = $1))
     + (SELECT count(*) FROM refund WHERE status IN ('pending', 'failed')
          AND business_id = (SELECT business_id FROM business_slug WHERE slug = $1))
"""


async def offences(url: str, shop: Installation, slug: str, stripe: LocalStripe) -> list[str]:
    """Everything that isn't as it must be; the rows of the whole database have to be sound too."""
    await assert_sound(url)
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(APPOINTMENTS, slug)
    unfinished = await connection.fetchval(UNFINISHED, slug)
    await connection.close()
    found = [f"{unfinished} payments or refunds have come to no end"] if unfinished else []
    books = stripe.books()
    for row in rows:
        of_it = books.of(appointment_id=row["appointment_id"])
        kept = of_it.taken - of_it.given_back
        due = _due(row)
        charged = [one for one in of_it.charges if one["captured"]]
        checks = {
            f"{kept} are kept for one that is {row['status']}, {due} are due": kept == due,
            "money is set aside for ever": of_it.held == 0,
            f"{len(charged)} charges were captured": len(charged) <= 1,
            "captured: the ledger and the provider differ": row["captured"] == of_it.taken,
            "refunded: the ledger and the provider differ": row["refunded"] == of_it.given_back,
            "what was set aside is neither taken nor let go": row["authorised"]
            == row["captured"] + row["released"],
        }
        found += [
            f"{what} ({row['appointment_id']})" for what, holds in checks.items() if not holds
        ]
    async for one in compare(shop, slug):
        found += one.differences
    return found


def _due(row: asyncpg.Record) -> int:
    """What the business may have in the end."""
    if row["keep_minor"] is not None:
        return int(row["keep_minor"]) if row["captured"] else 0
    return int(row["deposit_minor"]) if row["status"] == "confirmed" else 0


async def open_jobs(url: str) -> int:
    """How much the queue has to do still, its outbox included."""
    connection = await asyncpg.connect(url)
    found: int = await connection.fetchval(
        """
        SELECT (SELECT count(*) FROM event WHERE is_unrelayed)
             + (SELECT count(*) FROM job WHERE event_id IS NOT NULL
                  AND status IN ('waiting', 'running'))
        """
    )
    await connection.close()
    return found


def later(now: datetime, moment: int) -> datetime:
    """The times at which schedules come by: in three minutes, a quarter of an hour, and an hour."""
    return now + timedelta(minutes=(3, 26, 60)[moment])
