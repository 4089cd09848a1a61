"""A page of the office: who looks at it, in which business, in which language, and what stands
around it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from litestar import MediaType, Request, Response
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.accounts.sessions import Session
from bookonce.availability.installation import Installation
from bookonce.business.directory import Directory
from bookonce.platform.languages import LANGUAGES, Language, catalogue, language
from bookonce.platform.settings import Settings
from bookonce.web.build import asset_url
from bookonce.web.office.entries import shown
from bookonce.web.requests import base_url

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    # Browsers then say the origin of a form, which `no-referrer` takes from them.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept-Language, Cookie",
}


class Office:
    """One request for a page of the office."""

    def __init__(
        self,
        request: Request[Any, Any, Any],
        session: Session | None,
        directory: Directory | None,
        access: Access | None,
    ) -> None:
        self.request = request
        self.settings: Settings = request.app.state.settings
        self.installation: Installation = request.app.state.installation
        self.session, self.directory, self.access = session, directory, access
        self.now = datetime.now(UTC)
        account = session.account if session else None
        wished = request.query_params.get("lang")
        self.chosen_language = wished if wished in LANGUAGES else ""
        """What the address says; links and forms before signing in carry it on."""
        chosen = self.chosen_language or (account.language if account else None)
        locale = directory.business.business.locale if directory else "en"
        self.language: Language = language(chosen, request.headers.get("accept-language"), locale)

    @classmethod
    def of(cls, request: Request[Any, Any, Any]) -> Office:
        """With what the guard has found out so far."""
        state = request.scope["state"]
        return cls(request, state.get("session"), state.get("directory"), state.get("access"))

    @property
    def business(self) -> Directory:
        """The business of a page below its address: the guard lets nobody pass without one."""
        assert self.directory is not None
        return self.directory

    @property
    def base(self) -> str:
        """Where this installation is reached."""
        return base_url(self.request, self.settings)

    @property
    def here(self) -> str:
        """The address of this page, on this site."""
        query = self.request.scope["query_string"].decode("latin-1")
        path = quote(self.request.scope["path"], safe="/")
        return path + (f"?{query}" if query else "")

    def render(self, page: str, /, *, status: int = 200, **values: Any) -> Response[str]:
        """A page as an answer."""
        session, directory, access = self.session, self.directory, self.access
        path = self.request.scope["path"]
        words = self.language.words
        template = _pages(self.language.code).get_template(page)
        return Response(
            template.render(
                language=self.language,
                account=session.account if session and not session.lacks_code else None,
                form_token=session.new_form_token() if session else "",
                business=directory.business.business if directory and access else None,
                entries=shown(directory.slug, access, path, words) if directory and access else [],
                languages=[(code, language(code, None, "en").own_name) for code in LANGUAGES],
                path=path,
                lang=self.chosen_language,
                **values,
            ),
            media_type=MediaType.HTML,
            status_code=status,
            headers=HEADERS | {"Content-Language": self.language.tag},
        )

    def redirect(self, address: str) -> Redirect:
        """Go on at another page, which is asked for by GET."""
        return Redirect(address, status_code=303, headers={"Cache-Control": "no-store"})


@lru_cache
def _pages(language_code: str) -> Environment:
    environment = Environment(
        # A page that is a folder of its own has its templates in it: "messages/templates/list.html".
        loader=ChoiceLoader(
            [PackageLoader("bookonce.web.office", each) for each in ("templates", "")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(catalogue(language_code), newstyle=True)  # type: ignore[attr-defined]
    environment.globals["asset_url"] = asset_url
    return environment
