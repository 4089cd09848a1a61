"""Once a day, what is over goes: sessions, links, challenges, old failures and networks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement
from bookonce.queue.handlers import Context, Registry
from bookonce.queue.job_rows import Subject

LINKS_KEPT = timedelta(days=30)
ATTEMPTS_KEPT = timedelta(days=1)
NETWORKS_KEPT = timedelta(days=90)
ADDRESSES_KEPT = timedelta(days=90)

log = structlog.get_logger()

_STEPS = (
    ("session", Statement("DELETE FROM session WHERE ends_at < :before OR idle_ends_at < :before")),
    ("account_link", Statement("DELETE FROM account_link WHERE expires_at < :before")),
    ("passkey_challenge", Statement("DELETE FROM passkey_challenge WHERE expires_at < :before")),
    ("sign_in_attempt", Statement("DELETE FROM sign_in_attempt WHERE last_at < :before")),
    ("known_network", Statement("DELETE FROM known_network WHERE seen_at < :before")),
    ("served_address", Statement("DELETE FROM served_address WHERE at < :before")),
)
_KEPT = {
    "account_link": LINKS_KEPT,
    "sign_in_attempt": ATTEMPTS_KEPT,
    "known_network": NETWORKS_KEPT,
    "served_address": ADDRESSES_KEPT,
}


def register(registry: Registry[Any]) -> None:
    """Add it to the jobs of an installation."""
    registry.every(timedelta(days=1), "purge_sign_ins", purge, at=timedelta(hours=3, minutes=41))


async def purge(context: Context[Any], _: Subject) -> None:
    """Delete what is over; done twice is done once."""
    now = datetime.now(UTC)

    async def step(connection: Connection, statement: Statement, before: datetime) -> int:
        return await statement.run(connection, before=before)

    gone = {
        table: await context.database.run(step, statement, now - _KEPT.get(table, timedelta(0)))
        for table, statement in _STEPS
    }
    log.info("sign-ins purged", **gone)
