"""Where a browser says that a request was sent from."""

from __future__ import annotations

from typing import Any

from litestar import Request

from bookonce.platform.settings import Settings
from bookonce.web.client_address import header
from bookonce.web.requests import base_url


def is_from_here(request: Request[Any, Any, Any], settings: Settings) -> bool:
    """Whether a form or a script of our own pages sent this, as far as the browser tells. A page of
    ours in another site's frame is one of our own.

    Browsers say where a request comes from, and no page can have them say something else. Who says
    nothing isn't a browser of the last years.
    """
    scope = request.scope
    site = header(scope, b"sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = header(scope, b"origin")
    if origin is None:
        return True
    host = (header(scope, b"host") or "").lower()
    return origin in (base_url(request, settings), f"http://{host}", f"https://{host}")
