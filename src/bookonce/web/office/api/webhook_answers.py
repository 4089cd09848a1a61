"""The shapes of what programs say and are told of webhooks."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.webhooks.log_rows import Delivery
from bookonce.webhooks.webhook_rows import Webhook


class WebhookRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A webhook that somebody wants. `kinds` absent or empty: of every kind that is sent."""

    url: str
    name: str = ""
    kinds: list[str] = []


class WebhookPatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be different; what is absent or null stays as it is."""

    url: str | None = None
    name: str | None = None
    kinds: list[str] | None = None
    active: bool | None = None


class ReplayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which time on what hasn't arrived is sent again."""

    since: datetime


class WebhookAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A webhook. `active` false: nothing is sent, and `disabled_why` is gone, failing or by_hand.
    `secret` is told only when it is made; until `old_secret_until` the one before signs, too.
    """

    id: UUID
    url: str
    name: str
    kinds: list[str]
    active: bool
    made_by: str
    created_at: datetime
    failing_since: datetime | None = None
    disabled_at: datetime | None = None
    disabled_why: str | None = None
    old_secret_until: datetime | None = None
    secret: str | None = None


class WebhooksPage(msgspec.Struct, frozen=True):
    """All webhooks, the newest first."""

    items: list[WebhookAnswer]
    next_cursor: str | None


class DeliveryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An event on its way; its id is the event's, and the `webhook-id` of each attempt. `http_status`
    and `answer`, the first words of the receiver, are of the last attempt, and so is `problem`, why
    there was no answer.
    """

    id: UUID
    kind: str
    at: datetime
    status: str
    attempts: int
    http_status: int | None
    answer: str | None
    problem: str | None
    tried_at: datetime | None
    next_at: datetime | None
    ended_at: datetime | None


class DeliveriesPage(msgspec.Struct, frozen=True):
    """Some deliveries, those of the newest events first; `next_cursor` null: there are no more."""

    items: list[DeliveryAnswer]
    next_cursor: str | None


class ReplayAnswer(msgspec.Struct, frozen=True):
    """How many events are sent again."""

    deliveries: int


def webhook_answer(webhook: Webhook) -> WebhookAnswer:
    """A webhook, without its secret."""
    return WebhookAnswer(
        id=webhook.id,
        url=webhook.url,
        name=webhook.name,
        kinds=list(webhook.kinds),
        active=webhook.disabled_at is None,
        made_by=webhook.made_by,
        created_at=webhook.created_at,
        failing_since=webhook.failing_since,
        disabled_at=webhook.disabled_at,
        disabled_why=webhook.disabled_why,
        old_secret_until=webhook.old_until,
    )


def delivery_answer(one: Delivery) -> DeliveryAnswer:
    """A delivery."""
    return DeliveryAnswer(
        id=one.event_id,
        kind=one.kind,
        at=one.event_at,
        status=one.status,
        attempts=one.attempts,
        http_status=one.answer_status,
        answer=one.answer,
        problem=one.problem,
        tried_at=one.tried_at,
        next_at=one.next_at,
        ended_at=one.ended_at,
    )
