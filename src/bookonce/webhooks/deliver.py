"""One attempt at one delivery."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from bookonce.availability.installation import Installation
from bookonce.events import event_rows
from bookonce.events.catalogue import WEBHOOK_DISABLED, WebhookFacts
from bookonce.platform.actor import SYSTEM
from bookonce.platform.connection import Connection
from bookonce.platform.ids import new_id
from bookonce.platform.seals import Purpose, unseal
from bookonce.webhooks import delivery_rows, payload, signature, webhook_rows
from bookonce.webhooks.addresses import shown
from bookonce.webhooks.delivery_rows import Attempt
from bookonce.webhooks.retrying import Answer, Ending, Problem, ending_of

log = structlog.get_logger()


class Posts(Protocol):
    """What sends; `poster.py` has the one for every day."""

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send a body, and tell what came of it."""
        ...


@dataclass(frozen=True, slots=True)
class Sender:
    """What deliveries are made with."""

    installation: Installation
    poster: Posts


async def deliver(sender: Sender, attempt: Attempt, *, now: datetime) -> Answer:
    """Send it and write down what became of it. Raises TryAgainError if the database is away."""
    answer = await _sent(sender, attempt, now)
    ending = ending_of(answer, attempt.number, attempt.health, now, random.random())  # noqa: S311
    database = sender.installation.database
    if ending.disabled is None:
        is_ours = await database.run(delivery_rows.end, attempt, answer, ending, now)
    else:
        is_ours = await database.transaction(_disabled, attempt, answer, ending, now)
    log.info(
        "webhook attempted",
        webhook_id=attempt.webhook_id,
        event_id=attempt.event_id,
        host=shown(attempt.url),
        attempt=attempt.number,
        status=answer.status,
        problem=answer.problem,
        is_ours=is_ours,
    )
    return answer


async def _sent(sender: Sender, attempt: Attempt, now: datetime) -> Answer:
    sealed = [attempt.secret]
    if attempt.old_secret is not None and attempt.old_until is not None and attempt.old_until > now:
        sealed.append(attempt.old_secret)
    key = sender.installation.secret_key
    keys = [unseal(each, attempt.webhook_id, key, Purpose.WEBHOOK) for each in sealed]
    known = [each for each in keys if each is not None]
    if keys[0] is None:
        return Answer(problem=Problem.SEAL_LOST)
    body = payload.body(
        attempt.kind, attempt.event_id, attempt.at, attempt.appointment_id, attempt.facts
    )
    headers = signature.headers(attempt.event_id, body, known, now)
    return await sender.poster.post(attempt.url, body, headers)


async def _disabled(
    connection: Connection, attempt: Attempt, answer: Answer, ending: Ending, now: datetime
) -> bool:
    """The end of an attempt after which nothing is sent any more; the history tells."""
    assert ending.disabled is not None
    if not await delivery_rows.end(connection, attempt, answer, ending, now):
        return False
    business_id, webhook_id = attempt.business_id, attempt.webhook_id
    if not await webhook_rows.disable(connection, business_id, webhook_id, ending.disabled, now):
        return True
    await delivery_rows.give_up(connection, business_id, webhook_id, now)
    facts = WebhookFacts(webhook_id, shown(attempt.url), reason=ending.disabled)
    await event_rows.append(
        connection, business_id, new_id(), WEBHOOK_DISABLED, facts, actor=SYSTEM, now=now
    )
    return True
