"""Where a summary's link leads: a page with one button, which mail programs press by themselves when
somebody unsubscribes there (RFC 8058).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import MediaType, Request, Response, get, post

from bookonce.messages import unsubscribe as verbs
from bookonce.platform.errors import NotFoundError
from bookonce.web.booking_page.visit import Visit
from bookonce.web.dependencies import Here


@get("/{slug:str}/unsubscribe/{token:str}", include_in_schema=False, media_type=MediaType.HTML)
async def unsubscribe_page(
    slug: str, token: str, request: Request[Any, Any, Any], installation: Here
) -> Response[str]:
    """Asks whether it is meant; nothing is changed by looking."""
    return await _page(slug, token, request, installation, is_done=False)


@post(
    "/{slug:str}/unsubscribe/{token:str}",
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
)
async def unsubscribe(
    slug: str, token: str, request: Request[Any, Any, Any], installation: Here
) -> Response[str]:
    """Ends the summaries; again: the same."""
    return await _page(slug, token, request, installation, is_done=True)


async def _page(
    slug: str, token: str, request: Request[Any, Any, Any], installation: Here, *, is_done: bool
) -> Response[str]:
    visit = await Visit.of(request, installation, slug, {})
    try:
        if is_done:
            await verbs.unsubscribe(installation, slug, token, now=datetime.now(UTC))
        else:
            await verbs.subscription(installation, slug, token)
    except NotFoundError as error:
        raise NotFoundError(error.detail, visit=visit) from None
    return visit.render("unsubscribe.html", is_done=is_done, action=request.scope["path"])
