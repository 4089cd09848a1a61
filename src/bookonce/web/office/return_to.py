"""Where somebody goes on after signing in or proving who they are: pages of the office only."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Request

_SAFE = re.compile(r"/office(/[A-Za-z0-9._~%-]+)*/?(\?[A-Za-z0-9._~%&=+:,@-]{0,500})?", re.ASCII)
LENGTH_MAX = 800
HOME = "/office"


def return_to(text: str | None) -> str:
    """The address if it is one of the office on this site, else the office's first page.

    Nothing but plain characters, so that no browser reads another host into it.
    """
    if text and len(text) <= LENGTH_MAX and _SAFE.fullmatch(text) and ".." not in text:
        return text
    return HOME


def with_return(address: str, there: str) -> str:
    """An address that remembers where to go on."""
    if return_to(there) == HOME:
        return address
    return f"{address}?next={quote(there, safe='/')}"


def came_from(request: Request[Any, Any, Any]) -> str:
    """The page of the office that a form was on, as far as the browser tells."""
    parts = urlsplit(request.headers.get("referer", ""))
    if parts.netloc != request.headers.get("host"):
        return HOME
    return return_to(f"{parts.path}?{parts.query}" if parts.query else parts.path)
