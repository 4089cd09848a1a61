"""What search engines ask an installation for: which addresses they may look at, and which there are."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import quoteattr

from litestar import MediaType, Request, Response, get
from litestar.exceptions import NotFoundException

from bookonce.business import business_rows
from bookonce.platform.errors import NotFoundError
from bookonce.platform.languages import LANGUAGES
from bookonce.web.dependencies import Configured, Here
from bookonce.web.requests import base_url

ONE_HOUR = {"Cache-Control": "public, max-age=3600"}
_ROBOTS = """User-agent: *
Disallow: /api/
Disallow: /office
Disallow: /schema
Disallow: /*/a/
Disallow: /*/card/
Allow: /*/card/*.jpg
"""


@get("/robots.txt", include_in_schema=False, media_type=MediaType.TEXT)
async def robots(
    request: Request[Any, Any, Any], installation: Here, settings: Configured
) -> Response[str]:
    """Where programs that search may look. Whose an installation is alone has a map of it."""
    text = _ROBOTS
    if await installation.database.run(business_rows.only_slug) is not None:
        text += f"Sitemap: {base_url(request, settings)}/sitemap.xml\n"
    return Response(text, media_type="text/plain; charset=utf-8", headers=ONE_HOUR)


@get("/sitemap.xml", include_in_schema=False)
async def sitemap(
    request: Request[Any, Any, Any], installation: Here, settings: Configured
) -> Response[str]:
    """The pages of the one business that is here. Of several none is told: nobody asked to be listed."""
    slug = await installation.database.run(business_rows.only_slug)
    if slug is None:
        raise NotFoundException
    return _map_of(slug, base_url(request, settings))


@get("/{slug:str}/sitemap.xml", include_in_schema=False)
async def sitemap_of_business(
    slug: str, request: Request[Any, Any, Any], installation: Here, settings: Configured
) -> Response[str]:
    """The pages of one business, for those that it tells of them."""
    directory = await installation.current(slug)
    if directory.is_closed:
        raise NotFoundError("This business takes no bookings.")
    return _map_of(slug, base_url(request, settings))


def _map_of(slug: str, base: str) -> Response[str]:
    url = f"{base}/{slug}"
    versions = {**{code: f"{url}?lang={code}" for code in LANGUAGES}, "x-default": url}
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{code}" href={quoteattr(each)}/>'
        for code, each in versions.items()
    )
    entries = "".join(f"<url><loc>{each}</loc>{links}</url>" for each in versions.values())
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        f' xmlns:xhtml="http://www.w3.org/1999/xhtml">{entries}</urlset>'
    )
    return Response(text, media_type="application/xml; charset=utf-8", headers=ONE_HOUR)
