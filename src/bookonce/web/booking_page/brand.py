"""What a business looks like: its colour as a style sheet, and its logo. Their addresses say all
there is to say, so they never change.
"""

from __future__ import annotations

import hashlib
import re

from litestar import Response, get

from bookonce.business.colours import Accent, accents
from bookonce.business.directory import Directory
from bookonce.platform.errors import NotFoundError
from bookonce.web.dependencies import Here

_FILE = re.compile(r"([0-9A-Fa-f]{6})\.css")
FOR_EVER = "public, max-age=31536000, immutable"


@get("/static/brand/{file:str}", include_in_schema=False)
async def brand_sheet(file: str) -> Response[str]:
    """The colours of links and buttons on light and dark pages, legible whatever the brand's."""
    named = _FILE.fullmatch(file)
    if named is None:
        raise NotFoundError("There is no such style sheet.")
    light, dark = accents(f"#{named[1]}")
    sheet = f"{_rule(light)}@media (prefers-color-scheme: dark) {{ {_rule(dark)} }}\n"
    return Response(sheet, media_type="text/css", headers={"Cache-Control": FOR_EVER})


@get("/{slug:str}/logo", include_in_schema=False)
async def logo(slug: str, installation: Here) -> Response[bytes]:
    """The business's logo. Whatever an SVG has in it, nothing of it runs."""
    found = (await installation.current(slug)).logo
    if found is None:
        raise NotFoundError("This business has no logo.")
    return Response(
        found.content,
        media_type=found.media_type,
        headers={
            "Cache-Control": FOR_EVER,
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def logo_url(directory: Directory) -> str:
    """Where its logo is; empty if it has none."""
    if directory.logo is None:
        return ""
    digest = hashlib.blake2b(directory.logo.content, digest_size=8).hexdigest()
    return f"/{directory.slug}/logo?v={digest}"


def _rule(accent: Accent) -> str:
    return f":root {{ --accent: {accent.colour}; --on-accent: {accent.text}; }}\n"
