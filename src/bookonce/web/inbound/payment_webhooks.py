"""Where payment providers tell that something has happened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import structlog
from litestar import Request, Response, post

from bookonce.payments.notice import take_notice
from bookonce.platform.errors import NotFoundError
from bookonce.web.dependencies import Here
from bookonce.web.errors import problem
from bookonce.web.metrics import PROVIDER_EVENTS

log = structlog.get_logger("bookonce.web")


@post("/webhooks/{provider:str}", include_in_schema=False, status_code=200)
async def webhook(
    provider: str, request: Request[Any, Any, Any], installation: Here
) -> Response[bytes] | dict[str, bool]:
    """A signed message; what it is about is looked at a moment later. A forged one is refused."""
    known = installation.providers.get(provider)
    if known is None or not known.takes_cards:  # of money that a person takes, a person tells
        raise NotFoundError("No payment provider sends its messages here.")
    try:
        told = known.event(await request.body(), request.headers)
    except ValueError as error:
        PROVIDER_EVENTS.labels(provider, "forged").inc()
        log.warning("webhook refused", provider=provider, reason=str(error))
        return problem(
            400, "VALIDATION", "The signature doesn't fit this message, or it is too old."
        )
    is_new = told is not None and await take_notice(
        installation, provider, told, now=datetime.now(UTC)
    )
    PROVIDER_EVENTS.labels(provider, "new" if is_new else "known").inc()
    return {"new": is_new}
