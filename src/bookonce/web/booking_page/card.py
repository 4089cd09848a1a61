"""The picture that goes with a shared link, and the icon beside a page's title; drawn by us from what
the business shows of itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from functools import lru_cache

from litestar import Response, get

from bookonce.business.directory import Directory
from bookonce.platform.errors import NotFoundError
from bookonce.web.booking_page.brand import logo_url
from bookonce.web.booking_page.pictures import FOR_EVER
from bookonce.web.dependencies import Here

DEFAULT_COLOUR = "#2f5d50"
_FILE = re.compile(r"([0-9a-f]{16})\.(jpg|png)")
Facts = tuple[str, str, str, str | None]
"""What a card shows: name, address, colour and cover."""


@get("/{slug:str}/card/{file:str}", include_in_schema=False)
async def card(slug: str, file: str, installation: Here) -> Response[bytes]:
    """The card of a business as it is now, or its icon."""
    # Few look for a card: whoever doesn't needn't wait for what draws it.
    from bookonce.web.booking_page.card_drawing import drawn, icon

    directory = await installation.current(slug)
    if f"/{slug}/card/{file}" == card_url(directory):
        content = await asyncio.to_thread(drawn, _facts(directory))
        return _answer(content, "image/jpeg")
    logo = directory.logo
    if logo is not None and f"/{slug}/card/{file}" == icon_of(directory)[0]:
        return _answer(await asyncio.to_thread(icon, logo), "image/png")
    raise NotFoundError("This business has no such picture.")


def card_url(directory: Directory) -> str:
    """Where the card is."""
    return f"/{directory.slug}/card/{_digest(_facts(directory))}.jpg"


def icon_of(directory: Directory) -> tuple[str, str]:
    """Where the icon is and of which kind; ours if the business has no logo."""
    logo = directory.logo
    if logo is None:
        return "/static/icon.svg", "image/svg+xml"
    if logo.media_type == "image/svg+xml":
        return logo_url(directory), logo.media_type
    digest = hashlib.blake2b(logo.content, digest_size=8).hexdigest()
    return f"/{directory.slug}/card/{digest}.png", "image/png"


def _answer(content: bytes, media_type: str) -> Response[bytes]:
    return Response(
        content,
        media_type=media_type,
        headers={
            "Cache-Control": FOR_EVER,
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )


def _facts(directory: Directory) -> Facts:
    profile, page = directory.business.business, directory.business.page
    places = list(directory.places.values())
    address = places[0].address if len(places) == 1 else ""
    return profile.name, ", ".join(address.split("\n")), page.colour or DEFAULT_COLOUR, page.cover


@lru_cache(maxsize=200)
def _digest(facts: Facts) -> str:
    return hashlib.blake2b(repr(facts).encode(), digest_size=8).hexdigest()
