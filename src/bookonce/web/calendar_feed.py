"""A staff member's calendar feed, as calendar programs ask for it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, get

from bookonce.booking.calendar_event import MEDIA_TYPE
from bookonce.desk.feed import read_feed
from bookonce.platform.errors import NotFoundError
from bookonce.web.conditional import is_known
from bookonce.web.dependencies import Configured, Here
from bookonce.web.requests import base_url

SUFFIX = ".ics"
HEADERS = {
    "Cache-Control": "private, no-cache",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
}


@get("/calendar/{name:str}", include_in_schema=False)
async def calendar_feed(
    name: str, request: Request[Any, Any, Any], installation: Here, settings: Configured
) -> Response[bytes]:
    """The appointments; 304 if they are as whoever asks knows them."""
    if not name.endswith(SUFFIX):
        raise NotFoundError("There is no such calendar feed.")
    content = await read_feed(
        installation,
        name.removesuffix(SUFFIX),
        base_url(request, settings),
        now=datetime.now(UTC),
    )
    tag = f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'
    headers = HEADERS | {"ETag": tag}
    if is_known(request.headers.get("if-none-match"), tag):
        return Response(b"", status_code=304, headers=headers)
    return Response(
        content,
        media_type=MEDIA_TYPE,
        headers=headers | {"Content-Disposition": 'inline; filename="calendar.ics"'},
    )
