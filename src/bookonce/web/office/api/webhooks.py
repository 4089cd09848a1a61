"""Webhooks: where programs have what happens sent to, and what became of each delivery."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Router, delete, get, patch, post
from litestar.params import Parameter

from bookonce.accounts.roles import Right
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.web.dependencies import Here, Slug
from bookonce.web.office.api.cursor import LIMIT_DEFAULT, LIMIT_MAX
from bookonce.web.office.api.webhook_answers import (
    DeliveriesPage,
    DeliveryAnswer,
    ReplayAnswer,
    ReplayRequest,
    WebhookAnswer,
    WebhookPatch,
    WebhookRequest,
    WebhooksPage,
    delivery_answer,
    webhook_answer,
)
from bookonce.web.office.dependencies import Admitted
from bookonce.web.public.documented import OFFICE_CHANGING, OFFICE_READING
from bookonce.web.requests import json_body
from bookonce.webhooks import log, subscribe, webhook_rows
from bookonce.webhooks.addresses import Reach
from bookonce.webhooks.configured import reach_of
from bookonce.webhooks.log import STATUSES
from bookonce.webhooks.subscribe import Change, Wish

Limit = Annotated[int, Parameter(ge=1, le=LIMIT_MAX, description="how many at most")]
OfStatus = Annotated[str | None, Parameter(description="one of " + ", ".join(STATUSES))]


@get("/", needs=Right.SETTINGS, responses=OFFICE_READING, summary="Webhooks")
async def list_webhooks(slug: Slug, installation: Here, access: Admitted) -> WebhooksPage:
    """Those that are disabled, too."""
    found = await installation.database.run(webhook_rows.of_business, access.business_id)
    return WebhooksPage([webhook_answer(webhook) for webhook in found], None)


@post(
    "/",
    needs=Right.SETTINGS,
    responses=OFFICE_CHANGING,
    before_request=json_body(WebhookRequest),
    summary="Have what happens sent to an address",
)
async def create_webhook(
    slug: Slug,
    data: WebhookRequest,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
) -> WebhookAnswer:
    """The answer is the only place where the secret is told."""
    webhook, secret = await subscribe.create(
        installation.database,
        access.business_id,
        Wish(data.url, data.name, data.kinds),
        reach=_reach(request),
        secret_key=installation.secret_key,
        actor=access.actor,
        now=datetime.now(UTC),
    )
    return msgspec.structs.replace(webhook_answer(webhook), secret=secret)


@get("/{webhook_id:uuid}", needs=Right.SETTINGS, responses=OFFICE_READING, summary="One webhook")
async def one_webhook(
    slug: Slug, webhook_id: UUID, installation: Here, access: Admitted
) -> WebhookAnswer:
    """How it is set up, and how it does."""
    return webhook_answer(await log.find(installation.database, access.business_id, webhook_id))


@patch(
    "/{webhook_id:uuid}",
    needs=Right.SETTINGS,
    responses=OFFICE_CHANGING,
    before_request=json_body(WebhookPatch),
    summary="Change, disable or enable a webhook",
)
async def change_webhook(
    slug: Slug,
    webhook_id: UUID,
    data: WebhookPatch,
    request: Request[Any, Any, Any],
    installation: Here,
    access: Admitted,
) -> WebhookAnswer:
    """`active: true` enables it again, whyever it was disabled; it starts afresh."""
    webhook = await subscribe.change(
        installation.database,
        access.business_id,
        webhook_id,
        Change(data.url, data.name, data.kinds, data.active),
        reach=_reach(request),
        actor=access.actor,
        now=datetime.now(UTC),
    )
    return webhook_answer(webhook)


@post(
    "/{webhook_id:uuid}/rotation",
    needs=Right.SETTINGS,
    responses=OFFICE_CHANGING,
    summary="Give a webhook another secret",
)
async def rotate_secret(
    slug: Slug, webhook_id: UUID, installation: Here, access: Admitted
) -> WebhookAnswer:
    """For a day the one before signs, too."""
    webhook, secret = await subscribe.rotate(
        installation.database,
        access.business_id,
        webhook_id,
        secret_key=installation.secret_key,
        actor=access.actor,
        now=datetime.now(UTC),
    )
    return msgspec.structs.replace(webhook_answer(webhook), secret=secret)


@delete(
    "/{webhook_id:uuid}",
    needs=Right.SETTINGS,
    responses=OFFICE_CHANGING,
    summary="Forget a webhook",
)
async def remove_webhook(
    slug: Slug, webhook_id: UUID, installation: Here, access: Admitted
) -> None:
    """With its deliveries; one that is being sent may still arrive."""
    await subscribe.remove(
        installation.database,
        access.business_id,
        webhook_id,
        actor=access.actor,
        now=datetime.now(UTC),
    )


@get(
    "/{webhook_id:uuid}/deliveries",
    needs=Right.SETTINGS,
    responses=OFFICE_READING,
    summary="What was sent, and what the receiver said",
)
async def list_deliveries(
    slug: Slug,
    webhook_id: UUID,
    installation: Here,
    access: Admitted,
    status: OfStatus = None,
    cursor: str | None = None,
    limit: Limit = LIMIT_DEFAULT,
) -> DeliveriesPage:
    """Those of the newest events first; kept for 30 days after their end."""
    found = await log.deliveries(
        installation.database,
        access.business_id,
        webhook_id,
        status=status,
        cursor=cursor,
        limit=limit,
    )
    return DeliveriesPage([delivery_answer(one) for one in found.items], found.next_cursor)


@post(
    "/{webhook_id:uuid}/deliveries/{event_id:uuid}/retry",
    needs=Right.SETTINGS,
    status_code=200,
    responses=OFFICE_CHANGING,
    summary="Send an event again",
)
async def retry_delivery(
    slug: Slug, webhook_id: UUID, event_id: UUID, installation: Here, access: Admitted
) -> DeliveryAnswer:
    """At once, with the same id, whatever became of it."""
    return delivery_answer(
        await log.retry(
            installation.database, access.business_id, webhook_id, event_id, now=datetime.now(UTC)
        )
    )


@post(
    "/{webhook_id:uuid}/replay",
    needs=Right.SETTINGS,
    status_code=200,
    responses=OFFICE_CHANGING,
    before_request=json_body(ReplayRequest),
    summary="Send what was missed",
)
async def replay_events(
    slug: Slug, webhook_id: UUID, data: ReplayRequest, installation: Here, access: Admitted
) -> ReplayAnswer:
    """Every event of its kinds since a time within 30 days that hasn't arrived, 10,000 at most."""
    if data.since.tzinfo is None:
        raise ValidationError([FieldError("since", "expected an offset, such as Z")])
    number = await log.replay(
        installation.database,
        access.business_id,
        webhook_id,
        since=data.since,
        now=datetime.now(UTC),
    )
    return ReplayAnswer(number)


@post(
    "/{webhook_id:uuid}/test",
    needs=Right.SETTINGS,
    responses=OFFICE_CHANGING,
    summary="Try a webhook out",
)
async def test_webhook(
    slug: Slug, webhook_id: UUID, installation: Here, access: Admitted
) -> DeliveryAnswer:
    """It is sent an event `webhook.tested`; its delivery tells what came of it."""
    return delivery_answer(
        await log.test(
            installation.database,
            access.business_id,
            webhook_id,
            actor=access.actor,
            now=datetime.now(UTC),
        )
    )


def _reach(request: Request[Any, Any, Any]) -> Reach:
    return reach_of(request.app.state.settings)


router = Router(
    "/webhooks",
    route_handlers=[
        list_webhooks,
        create_webhook,
        one_webhook,
        change_webhook,
        rotate_secret,
        remove_webhook,
        list_deliveries,
        retry_delivery,
        replay_events,
        test_webhook,
    ],
)
