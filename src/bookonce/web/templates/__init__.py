"""HTML templates; every value is escaped, every text can be translated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import MediaType, Response

from bookonce.business.page import SITES_MAX, Page
from bookonce.platform.languages import Language, catalogue
from bookonce.web.build import asset_url

# Pages are kept nowhere, but for the form with nothing typed in it: the back button has to bring
# the same one with the same key, or sending it again after a lost answer would book once more.
FOR_THE_WAY_BACK = {"Cache-Control": "private, no-cache"}


@dataclass(frozen=True, slots=True)
class Opening:
    """What one page may load from others, whose policy is otherwise that of all pages."""

    scripts: tuple[str, ...]
    frames: tuple[str, ...]
    connections: tuple[str, ...]


CLOSED = Opening((), (), ())


@lru_cache
def _pages(language_code: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("bookonce.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(catalogue(language_code), newstyle=True)  # type: ignore[attr-defined]
    environment.globals["asset_url"] = asset_url
    return environment


def render(
    name: str,
    language: Language,
    page: Page | None = None,
    *,
    status: int = 200,
    opening: Opening | None = None,
    **values: Any,
) -> Response[str]:
    """A page as an answer, under a policy that allows nothing inline and nothing foreign but what
    `opening` names.

    `page` says which sites may frame it; absent: none.
    """
    template = _pages(language.code).get_template(name)
    return Response(
        template.render(
            language=language,
            is_opened=opening is not None,
            brand=(page.colour if page else None) or "",
            **values,
        ),
        media_type=MediaType.HTML,
        status_code=status,
        headers={
            "Content-Security-Policy": _policy(page, opening or CLOSED),
            "Content-Language": language.tag,
            "Vary": "Accept-Language",
            **(FOR_THE_WAY_BACK if name == "form.html" and _is_empty(status, values) else {}),
        },
    )


def _is_empty(status: int, values: dict[str, Any]) -> bool:
    """Whether nothing is in a form but what its own address has."""
    form, prefilled = values["form"], values["address"].prefilled
    names = ("name", "email", "phone", "notes")
    return status == 200 and all(getattr(form, each) == prefilled.get(each, "") for each in names)


def _policy(page: Page | None, opening: Opening) -> str:
    # A file of an earlier version may have more than are taken now.
    sites = " ".join(("'self'", *page.sites[:SITES_MAX])) if page and page.sites else "'none'"
    scripts, connections = (
        " ".join(("'self'", *origins)) for origins in (opening.scripts, opening.connections)
    )
    frames = f"frame-src {' '.join(opening.frames)}; " if opening.frames else ""
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self'; {frames}"
        f"connect-src {connections}; form-action 'self'; base-uri 'none'; frame-ancestors {sites}"
    )
