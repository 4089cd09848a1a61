"""HTML templates; every value is escaped."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import MediaType, Response

_PAGES = Environment(
    loader=PackageLoader("bookonce.web", "templates"), autoescape=True, undefined=StrictUndefined
)
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def render(name: str, **values: Any) -> Response[str]:
    """A page as an answer, under a policy that allows nothing inline and nothing foreign."""
    return Response(
        _PAGES.get_template(name).render(**values),
        media_type=MediaType.HTML,
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
    )
