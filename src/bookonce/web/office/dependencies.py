"""What the guard has found out, as handlers are given it."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request
from litestar.di import Provide
from litestar.params import Dependency

from bookonce.accounts import attempts
from bookonce.accounts.access import Access
from bookonce.accounts.sessions import Session
from bookonce.accounts.sign_in import Browser
from bookonce.platform.settings import Settings
from bookonce.web.client_address import client_address, network_of
from bookonce.web.office import cookie
from bookonce.web.office.page import Office

Page = Annotated[Office, Dependency(skip_validation=True)]
"""The page that is asked for; the parameter is named `office`."""

Admitted = Annotated[Access, Dependency(skip_validation=True)]
"""What the account may do in the business; the parameter is named `access`."""

SignedIn = Annotated[Session, Dependency(skip_validation=True)]
"""The session; the parameter is named `session`."""

Caller = Annotated[Browser, Dependency(skip_validation=True)]
"""From where somebody signs in; the parameter is named `browser`."""


def _access(request: Request[Any, Any, Any]) -> Access:
    access: Access = request.state.access
    return access


def _session(request: Request[Any, Any, Any]) -> Session:
    session: Session = request.state.session
    return session


def browser_of(request: Request[Any, Any, Any], settings: Settings) -> Browser:
    """From where a request comes."""
    network = network_of(client_address(request.scope, settings.trusted_proxies))
    return Browser(
        cookie.session_token(request, settings),
        request.headers.get("user-agent", ""),
        attempts.Caller.at(network, settings.secret_key),
    )


def _browser(request: Request[Any, Any, Any]) -> Browser:
    return browser_of(request, request.app.state.settings)


def _office(request: Request[Any, Any, Any]) -> Office:
    return Office.of(request)


PROVIDED = {
    "access": Provide(_access, sync_to_thread=False),
    "session": Provide(_session, sync_to_thread=False),
    "browser": Provide(_browser, sync_to_thread=False),
    "office": Provide(_office, sync_to_thread=False),
}
